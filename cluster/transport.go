package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// noRedirect refuses to follow a redirect: it would carry the token, and a body
// with values, to wherever the server says.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// maxAnswer is the largest answer that is read, in bytes. A Kubernetes object has
// at most 3 MiB; a list of the pods of the largest Job has more.
const maxAnswer = 64 << 20

// bounded ends an answer that is larger. Logs and watches have no end, and are
// read in parts.
type bounded struct{ next http.RoundTripper }

// RoundTrip sends the request.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.next.RoundTrip(r)
	if err == nil && !strings.HasSuffix(r.URL.Path, "/log") && r.URL.Query().Get("watch") == "" {
		response.Body = &boundedBody{response.Body, maxAnswer}
	}
	return response, err
}

// WrappedRoundTripper returns the next one, for client-go to look through.
func (b bounded) WrappedRoundTripper() http.RoundTripper { return b.next }

type boundedBody struct {
	io.ReadCloser
	left int64
}

func (b *boundedBody) Read(text []byte) (int, error) {
	if b.left <= 0 {
		return 0, errors.New("the answer is larger than 64 MiB")
	}
	n, err := b.ReadCloser.Read(text[:min(int64(len(text)), b.left)])
	b.left -= int64(n)
	return n, err
}

// warnings passes on what a server puts into a Warning header.
type warnings struct{ warn func(string) }

// HandleWarningHeaderWithContext receives one warning; 299 is the code of all
// that Kubernetes sends.
func (w warnings) HandleWarningHeaderWithContext(ctx context.Context, code int, _, message string) {
	switch {
	case w.warn == nil || code != 299 || message == "":
	case CarriesValues(ctx):
		w.warn("it sent a warning, which may repeat a value and is not shown")
	default:
		w.warn(message)
	}
}

// detailed reports each request by method, URL and status: no headers, which
// hold credentials, no bodies, which hold secrets, and nothing of an answer's
// own text.
type detailed struct {
	next   http.RoundTripper
	detail func(format string, args ...any)
}

// RoundTrip sends the request and reports it.
func (d detailed) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := d.next.RoundTrip(r)
	if err != nil {
		d.detail("%s %s: %v", r.Method, shown(r.URL), ownWords(err))
		return response, err
	}
	again := ""
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil {
		again = fmt.Sprintf(", to be tried again after %d s", seconds)
	}
	d.detail("%s %s: %d %s%s", r.Method, shown(r.URL), response.StatusCode, http.StatusText(response.StatusCode), again)
	return response, nil
}

// shown returns an address without the user that a kubeconfig may have in it.
func shown(u *url.URL) string {
	bare := *u
	bare.User = nil
	return bare.String()
}

// WrappedRoundTripper returns the next one, for client-go to look through.
func (d detailed) WrappedRoundTripper() http.RoundTripper { return d.next }
