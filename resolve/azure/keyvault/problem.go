package keyvault

import (
	"errors"
	"time"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
)

// problem is what a user is told. The Azure SDK's own errors are never shown:
// some hold a response whole, and one holds the access token.
type problem struct {
	text, hint string

	// kind is resolve.ErrAbsent, or resolve.ErrUnavailable where another try may
	// do better, or nil.
	kind error
}

func (p *problem) Error() string        { return p.text }
func (p *problem) Hint() string         { return p.hint }
func (p *problem) Is(target error) bool { return p.kind != nil && target == p.kind }

// withoutToken is what the problems of a credential and of Entra begin with; those of
// a source begin with its vault.
const withoutToken = "no token"

// of is each joined error as a problem of a vault: two vaults may want the same
// token, and each says that it has none.
func of(vault string, err error) error {
	var list []error
	for _, e := range document.Unjoin(err) {
		p := *problemOf(e, withoutToken)
		p.text = vault + ": " + p.text
		list = append(list, &p)
	}
	if len(list) == 1 {
		return list[0]
	}
	return errors.Join(list...)
}

// problemOf is the problem that an error of the SDK carries, or one that says
// no more than that the SDK could not do it.
func problemOf(err error, what string) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	return &problem{text: what + ": the Azure SDK could not use what it was answered"}
}

// verdict is what one try came to.
type verdict struct {
	*problem                // nil: it went well
	again     bool          // another try may go better
	refused   bool          // the token was: there may be another
	recent    bool          // only a recent change can cure it: for a few seconds
	throttled bool          // too many requests: wait, and not only for this one
	after     time.Duration // to wait, as the server asks; 0 is nothing said
	tried     int           // how often, this one with them
	began     time.Time     // the first of them
}

func refusal(text, hint string) verdict { return verdict{problem: &problem{text: text, hint: hint}} }

func unavailable(text, hint string) verdict {
	return verdict{problem: &problem{text: text, hint: hint, kind: resolve.ErrUnavailable}, again: true}
}
