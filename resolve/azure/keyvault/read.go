package keyvault

import (
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// read is one GET of a secret, under way until done is closed.
type read struct {
	asked
	where string // its URL
	done  chan struct{}
	value resolve.Value
	note  string // what the user should know of a value that was read
	err   error
	by    *sync.WaitGroup // the work of the Find that began it
	cut   bool            // it ended with that
}

func newRead(spec azure.Spec, name, version string, by *sync.WaitGroup) *read {
	return &read{asked: asked{vaultName(spec.Host), name, version}, where: urlOf(spec, name, version), done: make(chan struct{}), by: by}
}

// urlOf is the URL of a secret; version "" is the newest.
func urlOf(spec azure.Spec, name, version string) string {
	return "https://" + spec.Host + "/secrets/" + strings.TrimSuffix(name+"/"+version, "/")
}

// finding is what was read, under this key.
func (r *read) finding(key string) resolve.Finding {
	return resolve.Finding{Key: key, Where: r.where, Value: r.value, Note: r.note, Err: r.err}
}

func (r *read) late() error {
	return &problem{text: r.asked.String() + " was not read before the deadline", hint: hintTimeout, kind: resolve.ErrUnavailable}
}

// members is the members of a secret that holds a JSON object, each a key; what
// is wrong with all of it is under the secret's name. A scalar keeps its text as
// written, null is absent, and anything nested is an error of its key, as in an
// inline source.
func (r *read) members(name string) []resolve.Finding {
	if r.err != nil {
		return []resolve.Finding{r.finding(name)}
	}
	node, err := document.ParseJSON("", r.value.Reveal())
	if err == nil && node.Kind != document.Map {
		err = &document.Problem{Message: "it is " + node.Kind.String()}
	}
	var found []resolve.Finding
	if err != nil {
		for _, wrong := range document.Unjoin(err) {
			found = append(found, resolve.Finding{Key: name, Where: r.where, Err: r.noBundle(wrong)})
		}
		return found
	}
	for _, f := range node.Fields {
		if wrong := keyname.Check(f.Name); wrong != nil { // it may be a value: nothing of it is shown
			err := &problem{text: r.asked.String() + ": a member of the bundle is not a key", hint: `a key is 1 to 253 letters, digits, "_", "-" and "."`}
			found = append(found, resolve.Finding{Key: name, Where: r.where, Err: err})
			continue
		}
		found = append(found, r.member(f))
	}
	return found
}

// noBundle is what is wrong with a bundle, without the place: of a value that was
// never meant as JSON it says nothing.
func (r *read) noBundle(err error) error {
	text := r.asked.String() + ": the bundle is no JSON object"
	if p, ok := errors.AsType[*document.Problem](err); ok {
		text += ": " + p.Message
	}
	return &problem{text: text, hint: `a bundle is like {"DB_PASSWORD": "...", "API_KEY": "..."}; a secret of one value goes under secrets`}
}

func (r *read) member(f document.Field) resolve.Finding {
	shown := keyname.Show(f.Name)
	found := resolve.Finding{Key: f.Name, Where: r.where + ", member " + shown, Note: r.note}
	switch {
	case f.Value.Kind == document.Null:
		found.Err = &problem{text: r.asked.String() + ": its member " + shown + " is null", hint: "give it a value, or mark the source optional: true", kind: resolve.ErrAbsent}
	case !f.Value.Scalar():
		found.Err = &problem{text: r.asked.String() + ": its member " + shown + " must be a scalar, not " + f.Value.Kind.String(), hint: "give its JSON text as a string"}
	default:
		found.Value = resolve.NewValue([]byte(f.Value.Text))
	}
	return found
}

// validity is what to say of a secret that Key Vault serves all the same:
// https://learn.microsoft.com/azure/key-vault/secrets/about-secrets
func validity(a *azsecrets.SecretAttributes) string {
	now := time.Now()
	switch {
	case a == nil:
	case a.Expires != nil && a.Expires.Before(now):
		return "it expired on " + a.Expires.UTC().Format(time.DateOnly) + ", and the vault serves it all the same"
	case a.NotBefore != nil && a.NotBefore.After(now):
		return "it is not valid before " + a.NotBefore.UTC().Format(time.DateOnly) + ", and the vault serves it all the same"
	}
	return ""
}
