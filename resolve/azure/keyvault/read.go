package keyvault

import (
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
)

// read is one GET of a secret, under way until done is closed.
type read struct {
	name, version string
	where         string // its URL
	done          chan struct{}
	value         resolve.Value
	note          string // what the user should know of a value that was read
	err           error
	by            *sync.WaitGroup // the work of the Find that began it
	cut           bool            // it ended with that
}

// address is the URL of a secret.
func address(host, name, version string) string {
	return "https://" + host + "/secrets/" + strings.TrimSuffix(name+"/"+version, "/")
}

func newRead(vault, name, version string, by *sync.WaitGroup) *read {
	return &read{name: name, version: version, where: address(vault, name, version), done: make(chan struct{}), by: by}
}

// finding is what was read, under this key.
func (r *read) finding(key string) resolve.Finding {
	return resolve.Finding{Key: key, Where: r.where, Value: r.value, Note: r.note, Err: r.err}
}

// members is the members of a secret that holds a JSON object, each a key; what
// is wrong with all of it is under the secret's name. A scalar keeps its text as
// written, null is absent, and anything nested is an error of its key, as in an
// inline source.
func (r *read) members(vault, name string) []resolve.Finding {
	what := asked{vault: vault, name: name}.String()
	if r.err != nil {
		return []resolve.Finding{r.finding(name)}
	}
	node, err := document.ParseJSON(what+": the bundle", r.value.Reveal())
	if err == nil && node.Kind != document.Map {
		err = &problem{text: what + ": the bundle is no JSON object, but " + node.Kind.String(),
			hint: `its members are the keys: {"DB_PASSWORD": "..."}; a secret that is one value goes under secrets`}
	}
	var found []resolve.Finding
	if err != nil {
		for _, wrong := range document.Flatten(err) {
			found = append(found, resolve.Finding{Key: name, Where: r.where, Err: wrong})
		}
		return found
	}
	for _, f := range node.Fields {
		member := resolve.Finding{Key: f.Name, Where: r.where + ", member " + document.Shown(f.Name), Note: r.note}
		switch {
		case f.Value.Kind == document.Null:
			member.Err = resolve.Absent(what + ": it is null in the bundle")
		case !f.Value.Scalar():
			member.Err = &problem{text: what + ": its value in the bundle must be a scalar, not " + f.Value.Kind.String(),
				hint: "give its JSON text as a string"}
		default:
			member.Value = resolve.NewValue([]byte(f.Value.Text))
		}
		found = append(found, member)
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
