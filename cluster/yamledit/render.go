package yamledit

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"
)

// layout is how lists are written below a field: at the field's column, as
// Kubernetes' own tools do, or two to the right.
type layout struct{ indented bool }

// Render returns a tree as YAML in blocks that versions 1.1 and 1.2 read alike.
func Render(n *yaml.Node) []byte {
	var out bytes.Buffer
	layout{}.block(&out, n, 0)
	return out.Bytes()
}

// block writes a tree as lines that begin at an indent.
func (l layout) block(out *bytes.Buffer, n *yaml.Node, indent int) {
	switch {
	case n.Kind == yaml.MappingNode && len(n.Content) > 0:
		for i := 0; i+1 < len(n.Content); i += 2 {
			pad(out, indent)
			l.field(out, n.Content[i], n.Content[i+1], indent)
		}
	case n.Kind == yaml.SequenceNode && len(n.Content) > 0:
		for _, item := range n.Content {
			pad(out, indent)
			l.item(out, item, indent)
		}
	default:
		pad(out, indent)
		out.WriteString(commented(n) + "\n")
	}
}

// field writes NAME: VALUE from where the line stands.
func (l layout) field(out *bytes.Buffer, name, value *yaml.Node, indent int) {
	out.WriteString(scalar(name) + ":")
	switch {
	case value.Kind == yaml.MappingNode && len(value.Content) > 0:
		out.WriteByte('\n')
		l.block(out, value, indent+2)
	case value.Kind == yaml.SequenceNode && len(value.Content) > 0:
		out.WriteByte('\n')
		if l.indented {
			indent += 2
		}
		l.block(out, value, indent)
	default:
		out.WriteString(" " + commented(value) + "\n")
	}
}

// item writes "- VALUE" from where the line stands; a map's or a list's first
// line follows the hyphen.
func (l layout) item(out *bytes.Buffer, item *yaml.Node, indent int) {
	var inner bytes.Buffer
	l.block(&inner, item, indent+2)
	out.WriteString("- ")
	out.Write(inner.Bytes()[indent+2:])
}

func pad(out *bytes.Buffer, indent int) { out.WriteString(strings.Repeat(" ", indent)) }

// commented returns a scalar with its comment.
func commented(n *yaml.Node) string {
	if n.LineComment != "" {
		return scalar(n) + " " + n.LineComment
	}
	return scalar(n)
}

// scalar returns a scalar on one line, or an empty map or list.
func scalar(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "{}"
	case n.Kind == yaml.SequenceNode:
		return "[]"
	case n.ShortTag() != "!!str" || isPlain(n.Value):
		return n.Value
	}
	if strings.Contains(n.Value, `"`) && !strings.ContainsFunc(n.Value, func(r rune) bool { return r == '\'' || !unicode.IsPrint(r) }) {
		return "'" + n.Value + "'" // JSON stays readable
	}
	return strconv.Quote(n.Value) // YAML has all of its escapes
}

// reservedWords are not text in YAML 1.1, which Kubernetes' tools read.
var reservedWords = [...]string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// isPlain reports whether every version of YAML reads a text without quotes as the
// same text. If in doubt it returns false, as quotes are always right.
func isPlain(s string) bool {
	start := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(s, "-"), "-"), "/")
	switch {
	case s == "--", isQuantity(s):
		return true
	case start == "" || !strings.ContainsAny(start[:1], letters):
		return false
	case slices.Contains(reservedWords[:], strings.ToLower(s)):
		return false
	}
	return strings.Trim(s, letters+"0123456789._/-:@") == "" && !strings.HasSuffix(s, ":")
}

// isQuantity reports whether a text is one of Kubernetes' quantities that is no
// number in any version of YAML, such as 64Mi.
func isQuantity(s string) bool {
	unit := strings.TrimLeft(s, "0123456789")
	return len(unit) < len(s) && slices.Contains([]string{"m", "Ki", "Mi", "Gi", "Ti"}, unit)
}
