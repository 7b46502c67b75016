package keyvault

import (
	"errors"
	"slices"
	"time"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
)

// problem is an error that a user sees. The Azure SDK's own errors are never
// shown: some quote a whole response, and one the access token.
type problem struct {
	text, hint string

	// kind is resolve.ErrAbsent, resolve.ErrDenied, resolve.ErrUnavailable if a
	// retry may help, or nil.
	kind error

	codes []int // of Entra
}

func (p *problem) Error() string        { return p.text }
func (p *problem) Hint() string         { return p.hint }
func (p *problem) Is(target error) bool { return p.kind != nil && target == p.kind }

// hasCode reports whether Entra gave one of the codes.
func (p *problem) hasCode(codes []int) bool {
	return slices.ContainsFunc(p.codes, func(code int) bool { return slices.Contains(codes, code) })
}

// noTokenPrefix starts the problems of a credential and of Entra. The problems
// of a source start with its vault.
const noTokenPrefix = "no token"

// forVault returns each joined error as a problem of a vault, as two vaults
// may share a token and each reports that it has none.
func forVault(vault string, err error) error {
	var list []error
	for _, e := range document.Unjoin(err) {
		p := *asProblem(e, noTokenPrefix)
		p.text = vault + ": " + p.text
		list = append(list, &p)
	}
	if len(list) == 1 {
		return list[0]
	}
	return errors.Join(list...)
}

// asProblem returns the problem inside an SDK error, or one that shows nothing
// of the error.
func asProblem(err error, what string) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	return &problem{text: what + ": the Azure SDK could not use the answer"}
}

// result is the outcome of one try.
type result struct {
	*problem                   // nil: it succeeded
	retryable    bool          // another try may succeed
	tokenRefused bool          // a new token may be accepted
	brief        bool          // only a recent change can cure it: retry for a few seconds
	throttled    bool          // 429: all requests to this server wait
	after        time.Duration // the wait that the server asks for; 0 if it asks for none
	attempts     int           // tries so far, this one included
	started      time.Time     // when the first of them was made
}

func refusal(text, hint string) result { return result{problem: &problem{text: text, hint: hint}} }

func unavailable(text, hint string) result {
	return result{problem: &problem{text: text, hint: hint, kind: resolve.ErrUnavailable}, retryable: true}
}
