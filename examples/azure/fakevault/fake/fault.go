package fake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// The kinds of fault.
const (
	Status          = "status"            // this status in place of the answer; with RetryAfter if it is set
	Slow            = "slow"              // the answer, after DelayMS
	Silent          = "silent"            // no answer, and the connection stays open
	Stall           = "stall"             // half of the answer, and the connection stays open
	Dead            = "dead"              // no answer to this nor to anything else on the connection, which stays open
	Reset           = "reset"             // the connection is reset before any answer
	HTML            = "html"              // 200 and a sign-in page, as a captive portal does
	Malformed       = "malformed"         // the answer without its last byte: no JSON, with the token or value in it
	ShortChallenge  = "short-challenge"   // 401 with an authorization that is not a URL
	ForeignNextLink = "foreign-next-link" // a list's nextLink names another host
	Gone            = "gone"              // of a secret: it does not exist
	NoAccessToken   = "no-access-token"   // a token answer without the token
	BadExpiry       = "bad-expiry"        // a token answer whose expiry is not a number
	NoSuchHost      = "no-such-host"      // of CONNECT: the proxy cannot look up the host
)

var kinds = []string{Status, Slow, Silent, Stall, Dead, Reset, HTML, Malformed, ShortChallenge, ForeignNextLink, Gone, NoAccessToken, BadExpiry, NoSuchHost}

// Fault is something that goes wrong with the requests that match it. A
// request meets the first Fault that matches.
type Fault struct {
	Kind string `json:"kind"`

	// Which requests: "*" is any number of any characters, empty is all. A
	// CONNECT has no path; name it in Method.
	Host       string `json:"host"`
	Path       string `json:"path"`
	Method     string `json:"method"`
	Authorized *bool  `json:"authorized"` // with a good token, or without one
	Skip       int    `json:"skip"`       // let this many pass first
	Count      int    `json:"count"`      // then meet this many; 0 is all

	Status     int    `json:"status"`
	RetryAfter string `json:"retry_after"` // the header, as given
	DelayMS    int    `json:"delay_ms"`    // before any kind; silent and reset too
	Code       int    `json:"code"`        // of a status fault at Entra: the AADSTS code
	Padding    int    `json:"padding"`     // of a status fault: this many blanks after the body
}

func (f Fault) check() error {
	switch {
	case !slices.Contains(kinds, f.Kind):
		return fmt.Errorf("a fault's kind is one of %s", strings.Join(kinds, ", "))
	case f.Kind == Status && (f.Status < 200 || f.Status > 599):
		return errors.New("a status fault needs a status from 200 to 599")
	case f.Kind == Slow && f.DelayMS <= 0:
		return errors.New("a slow fault needs delay_ms")
	case f.Kind == NoSuchHost && f.Method != http.MethodConnect,
		f.Method == http.MethodConnect && !slices.Contains([]string{Slow, Silent, Reset, NoSuchHost}, f.Kind):
		return errors.New("a fault of method CONNECT is slow, silent, reset or no-such-host, and the last is of no other")
	}
	return nil
}

func (f Fault) matches(x *exchange) bool {
	if x.operation == connect && f.Method != http.MethodConnect {
		return false
	}
	return (f.Method == "" || strings.EqualFold(f.Method, x.Method)) &&
		matches(f.Host, x.host) && matches(f.Path, x.URL.Path) && (f.Authorized == nil || *f.Authorized == x.authorized)
}

// matches reports whether a text matches a pattern. "*" matches any number of
// characters, "/" too.
func matches(pattern, text string) bool {
	if pattern == "" {
		return true
	}
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	text, ok := strings.CutPrefix(text, parts[0])
	for _, part := range parts[1 : len(parts)-1] {
		var found bool
		_, text, found = strings.Cut(text, part)
		ok = ok && found
	}
	return ok && strings.HasSuffix(text, parts[len(parts)-1])
}

// faults holds the current faults.
type faults struct {
	mu   sync.Mutex
	list []Fault
	met  []int // by each one, the requests that fitted
}

func (f *faults) set(list []Fault) error {
	for i, fault := range list {
		if err := fault.check(); err != nil {
			return fmt.Errorf("fault %d: %w", i+1, err)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list, f.met = slices.Clone(list), make([]int, len(list))
	return nil
}

// take returns the fault that a request meets, or none.
func (f *faults) take(x *exchange) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, fault := range f.list {
		if !fault.matches(x) {
			continue
		}
		f.met[i]++
		if f.met[i] > fault.Skip && (fault.Count == 0 || f.met[i] <= fault.Skip+fault.Count) {
			return fault
		}
	}
	return Fault{}
}

// replace returns the answer of a fault that does not need the right one.
func (f Fault) replace(x *exchange) (answer, bool) {
	switch f.Kind {
	case Status:
		return f.status(x), true
	case HTML:
		body := "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in to use this network.</body></html>"
		return answer{http.StatusOK, http.Header{"Content-Type": {"text/html"}}, []byte(body)}, true
	case Gone:
		return vaultError(http.StatusNotFound, "SecretNotFound", "A secret was not found in this key vault.", ""), true
	case ShortChallenge:
		a := vaultError(http.StatusUnauthorized, "Unauthorized", noToken, "")
		domain := clouds[0].domain
		if x.vault != nil {
			domain = x.vault.Domain
		}
		a.header.Set("WWW-Authenticate", fmt.Sprintf("Bearer authorization=%q, resource=%q", "short", "https://"+domain))
		return a, true
	}
	return answer{}, false
}

func (f Fault) status(x *exchange) answer {
	var a answer
	switch {
	case x.vault == nil && f.Status == http.StatusTooManyRequests:
		a = entraError(f.Status, "temporarily_unavailable", 90055, "There are too many incoming requests.")
	case x.vault == nil:
		a = entraError(f.Status, "temporarily_unavailable", 90033, "A transient error has occurred. Please try again.")
	case f.Status == http.StatusUnauthorized:
		a = x.vault.challenge("AKV10024: Token has expired.")
	case f.Status == http.StatusTooManyRequests:
		a = throttled(&Throttle{}, 0)
	default:
		a = vaultError(f.Status, strings.ReplaceAll(http.StatusText(f.Status), " ", ""), "The fake was told to answer so.", "")
	}
	if x.vault == nil && f.Code != 0 {
		a = entraError(f.Status, "invalid_client", f.Code, "The fake was told to answer so.")
	}
	if f.RetryAfter != "" {
		a.header.Set("Retry-After", f.RetryAfter)
	}
	a.body = append(a.body, bytes.Repeat([]byte(" "), f.Padding)...)
	return a
}

// corrupt changes the right answer.
func (f Fault) corrupt(a answer) answer {
	switch f.Kind {
	case Malformed:
		a.body = a.body[:max(len(a.body)-1, 0)]
	case ForeignNextLink:
		a.body = change(a.body, func(body object) {
			if _, ok := body["value"].([]any); ok {
				body["nextLink"] = "https://collector.example/secrets?api-version=7.4&$skiptoken=fake"
			}
		})
	case NoAccessToken:
		a.body = change(a.body, func(body object) { delete(body, "access_token") })
	case BadExpiry:
		a.body = change(a.body, func(body object) {
			body["expires_in"] = "soon"
			delete(body, "expires_on")
		})
	}
	return a
}

// change edits a JSON body. It leaves any other body as it is.
func change(text []byte, edit func(object)) []byte {
	var body object
	if err := json.Unmarshal(text, &body); err != nil {
		return text
	}
	edit(body)
	var out bytes.Buffer
	if err := json.NewEncoder(&out).Encode(body); err != nil {
		return text
	}
	return bytes.TrimSpace(out.Bytes())
}
