package keyvault

import (
	"errors"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// read is a secret that a Find needs.
type read struct {
	target
	key      string // of a bundle, its name
	url      string
	isBundle bool
	answer
}

func newRead(spec azure.Spec, s azure.Secret) *read {
	url := "https://" + spec.Host + "/secrets/" + strings.TrimSuffix(s.Name+"/"+s.Version, "/")
	return &read{target: target{vaultName(spec.Host), s.Name, s.Version}, key: s.Key, url: url}
}

// answer is a value, or why there is none.
type answer struct {
	value resolve.Value
	note  string // a warning about the value
	err   error
}

// sharedAnswer is the answer to all that need a secret. Who holds the lock
// requests it.
type sharedAnswer struct {
	target
	lock     chan struct{}
	complete bool
	answer
}

func (t target) deadlineError() error {
	return &problem{text: t.String() + " was not read before the deadline", hint: hintTimeout, kind: resolve.ErrUnavailable}
}

// findings returns the secret, or for a bundle a Finding for each member of its
// JSON object. An error of the whole bundle is under its name. As in an inline
// source, a scalar keeps its text, null is missing, and a nested value is an
// error.
func (r *read) findings() []resolve.Finding {
	if !r.isBundle || r.err != nil {
		return []resolve.Finding{{Key: r.key, Where: r.url, Value: r.value, Note: r.note, Err: r.err}}
	}
	node, err := document.ParseJSON("", r.value.Reveal())
	if err == nil && node.Kind != document.Map {
		err = &document.Problem{Message: "it is " + node.Kind.String()}
	}
	var found []resolve.Finding
	if err != nil {
		for _, wrong := range document.Unjoin(err) {
			found = append(found, resolve.Finding{Key: r.key, Where: r.url, Err: r.invalidBundle(wrong)})
		}
		return found
	}
	for _, f := range node.Fields {
		if wrong := keyname.Check(f.Name); wrong != nil { // it is not shown, as it may be a value
			err := &problem{text: r.target.String() + ": a member of the bundle is not a key", hint: `use 1 to 253 letters, digits, "_", "-" and "."`}
			found = append(found, resolve.Finding{Key: r.key, Where: r.url, Err: err})
			continue
		}
		found = append(found, r.member(f))
	}
	return found
}

// invalidBundle returns what is wrong with a bundle. It gives no line or
// column, which would describe a value that was never meant as JSON.
func (r *read) invalidBundle(err error) error {
	text := r.target.String() + ": the bundle is not a JSON object"
	if p, ok := errors.AsType[*document.Problem](err); ok {
		text += ": " + p.Message
	}
	return &problem{text: text, hint: `write the bundle as {"DB_PASSWORD": "...", "API_KEY": "..."}, and put a secret of one value under secrets`}
}

func (r *read) member(f document.Field) resolve.Finding {
	shown := keyname.Show(f.Name)
	found := resolve.Finding{Key: f.Name, Where: r.url + ", member " + shown, Note: r.note}
	switch {
	case f.Value.Kind == document.Null:
		found.Err = &problem{text: r.target.String() + ": its member " + shown + " is null", hint: "give it a value, or mark the source optional: true", kind: resolve.ErrAbsent}
	case !f.Value.Scalar():
		found.Err = &problem{text: r.target.String() + ": its member " + shown + " must be a scalar, not " + f.Value.Kind.String(), hint: "give its JSON text as a string"}
	default:
		found.Value = resolve.NewValue([]byte(f.Value.Text))
	}
	return found
}

// validity returns a note about an expired or not yet valid secret, which Key
// Vault serves nevertheless:
// https://learn.microsoft.com/azure/key-vault/secrets/about-secrets
func validity(a *azsecrets.SecretAttributes) string {
	now := time.Now()
	switch {
	case a == nil:
	case a.Expires != nil && a.Expires.Before(now):
		return "it expired on " + a.Expires.UTC().Format(time.DateOnly) + ", but the vault still serves it"
	case a.NotBefore != nil && a.NotBefore.After(now):
		return "it is not valid before " + a.NotBefore.UTC().Format(time.DateOnly) + ", but the vault still serves it"
	}
	return ""
}
