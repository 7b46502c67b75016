package launcher

import (
	"encoding/base64"
	"strconv"
	"unicode/utf8"

	"github.com/seed45446ece/launcher/handler"
	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
)

// Context is what a handler is given; docs/context.schema.json has its form.
type Context struct {
	Task    task.Task
	Secrets []resolve.Secret
}

// member returns the context's member for a value: JSON's strings hold only UTF-8.
func member(value resolve.Value) string {
	if utf8.Valid(value.Reveal()) {
		return task.MemberSecrets
	}
	return task.MemberSecretsBase64
}

// JSON returns the context as one JSON object and a line end. A value that is not
// UTF-8 goes to secrets_base64. It fails on a parameter that JSON cannot express.
func (c Context) JSON() ([]byte, error) {
	size := 0
	for _, s := range c.Secrets {
		size += len(s.Key) + len(s.Value.Reveal()) + 8
	}
	dst, err := c.appendTask(make([]byte, 0, size+4096))
	if err != nil {
		return nil, err
	}
	dst = appendObject(dst, task.MemberSecrets, c.Secrets, func(dst []byte, s resolve.Secret) ([]byte, bool) {
		if member(s.Value) != task.MemberSecrets {
			return dst, false
		}
		return document.AppendString(dst, string(s.Value.Reveal())), true
	})
	dst = appendObject(dst, task.MemberSecretsBase64, c.Secrets, func(dst []byte, s resolve.Secret) ([]byte, bool) {
		if member(s.Value) != task.MemberSecretsBase64 {
			return dst, false
		}
		return append(base64.StdEncoding.AppendEncode(append(dst, '"'), s.Value.Reveal()), '"'), true
	})
	return append(dst, "}\n"...), nil
}

// JSONWithout returns the context with the name of a variable or file for each key
// in place of its value.
func (c Context) JSONWithout(member string, names []string) ([]byte, error) {
	dst, err := c.appendTask(nil)
	if err != nil {
		return nil, err
	}
	i := -1
	dst = appendObject(dst, member, c.Secrets, func(dst []byte, _ resolve.Secret) ([]byte, bool) {
		i++
		return document.AppendString(dst, names[i]), true
	})
	return append(dst, '}'), nil
}

// JSONOfTask returns the context without its secrets, not even their names.
func (c Context) JSONOfTask() ([]byte, error) {
	dst, err := c.appendTask(nil)
	return append(dst, "}\n"...), err
}

// appendTask appends the object's start, without its end.
func (c Context) appendTask(dst []byte) ([]byte, error) {
	dst = append(document.AppendString(append(dst, '{'), task.MemberVersion), ':')
	dst = strconv.AppendInt(dst, handler.Version, 10)
	members := []document.Field{{Name: "metadata", Value: c.Task.Metadata}, {Name: "spec", Value: c.Task.Spec}}
	for _, f := range append(members, c.Task.Extra...) {
		dst = append(document.AppendString(append(dst, ','), f.Name), ':')
		var err error
		if dst, err = f.Value.AppendJSON(dst); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

// appendObject appends ,"name":{"key":VALUE,...} with the secrets that value
// takes.
func appendObject(dst []byte, name string, secrets []resolve.Secret, value func([]byte, resolve.Secret) ([]byte, bool)) []byte {
	dst = append(document.AppendString(append(dst, ','), name), ":{"...)
	first := true
	for _, s := range secrets {
		mark := len(dst)
		if !first {
			dst = append(dst, ',')
		}
		dst = append(document.AppendString(dst, s.Key), ':')
		taken := false
		if dst, taken = value(dst, s); taken {
			first = false
		} else {
			dst = dst[:mark]
		}
	}
	return append(dst, '}')
}
