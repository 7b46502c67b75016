package keyvault

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/http/httpproxy"

	"github.com/seed45446ece/launcher/resolve"
)

// maxBody is larger than any answer of Azure's: a secret has at most 25 KiB,
// and a page of a list 25 entries.
const maxBody = 4 << 20

// dialer opens a connection.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// httpClients holds the clients of all requests. They follow no redirect,
// which could send a client secret elsewhere.
type httpClients struct {
	proxied *http.Client // for vaults and Entra
	direct  *http.Client // for managed identities, which no proxy may see
}

func newHTTPClients(o Options) (*httpClients, error) {
	trust, err := newTrust(o.Environ)
	if err != nil {
		return nil, err
	}
	direct := func(*url.URL) (*url.URL, error) { return nil, nil }
	return &httpClients{newHTTP(o, trust, proxyFunc(o.Environ)), newHTTP(o, trust, direct)}, nil
}

func newHTTP(o Options, trust *trust, proxy func(*url.URL) (*url.URL, error)) *http.Client {
	dial := o.dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	}
	newTransport := func(pool *x509.CertPool) *http.Transport {
		return &http.Transport{
			Proxy:                  func(req *http.Request) (*url.URL, error) { return proxy(req.URL) },
			OnProxyConnectResponse: checkTunnel,
			DialContext:            dial,
			TLSClientConfig:        &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2:      true,
			HTTP2:                  &http.HTTP2Config{SendPingTimeout: o.pace.pingAfter, PingTimeout: o.pace.pingTimeout},
			MaxIdleConnsPerHost:    o.Parallel,
			MaxResponseHeaderBytes: 1 << 16,
			IdleConnTimeout:        time.Minute,
		}
	}
	return &http.Client{
		Transport: &transport{
			proxy:    proxy,
			quick:    newTransport(trust.quick),
			complete: sync.OnceValue(func() http.RoundTripper { return newTransport(trust.complete()) }),
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// proxyFunc returns the function that chooses the proxy of an https URL by the
// variables that curl and Go read, upper case first. The function returns an error
// for a malformed proxy: going around a proxy is not for the launcher to decide.
func proxyFunc(environ resolve.Environ) func(*url.URL) (*url.URL, error) {
	variable := "HTTPS_PROXY"
	if environ[variable] == "" {
		variable = "https_proxy"
	}
	value := environ[variable]
	config := httpproxy.Config{HTTPSProxy: value, NoProxy: cmp.Or(environ["NO_PROXY"], environ["no_proxy"])}
	find := config.ProxyFunc()
	return func(u *url.URL) (*url.URL, error) {
		proxy, err := find(u)
		if err != nil || value != "" && !isProxyURL(value) {
			return nil, invalidProxy(variable)
		}
		return proxy, nil
	}
}

// invalidProxy is the name of a variable that holds no proxy. Its value is not
// shown, as it may hold a password.
type invalidProxy string

func (n invalidProxy) Error() string { return "variable " + string(n) + " is not the URL of a proxy" }

// isProxyURL reports whether a text is the URL of a proxy, or its host and
// port. httpproxy would read a malformed URL as a host. A "/" in a password
// ends the host, so an "@" after that is an error too.
func isProxyURL(text string) bool {
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	return err == nil && u.Hostname() != "" && slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) &&
		!strings.Contains(u.Path+u.RawQuery+u.Fragment, "@")
}

// proxyError is the error of a request that failed at its proxy.
type proxyError struct{ error }

func (a proxyError) Unwrap() error { return a.error }

// Timeout implements net.Error, as url.Error asks the error that it wraps.
func (a proxyError) Timeout() bool {
	timeout, ok := errors.AsType[net.Error](a.error)
	return ok && timeout.Timeout()
}

func checkTunnel(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	_, reason, _ := strings.Cut(resp.Status, " ")
	return refusedTunnel{resp.StatusCode, reason}
}

// transport limits the size of an answer, and tells errors at a proxy from
// errors behind it. net/http does so only for the connection to the proxy, not
// for what the proxy answers.
type transport struct {
	proxy        func(*url.URL) (*url.URL, error)
	quick        http.RoundTripper
	complete     func() http.RoundTripper // also trusts the directories, which are slow to read
	needComplete atomic.Bool              // a server's authority is unknown to quick
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	var connected atomic.Bool
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }}
	req = req.WithContext(httptrace.WithClientTrace(req.Context(), trace))
	if err := ownBody(req); err != nil {
		return nil, err
	}
	resp, err := t.send(req)
	if err == nil {
		resp.Body = limitBody(resp)
		return resp, nil
	}
	if proxy, none := t.proxy(req.URL); none == nil && proxy != nil && !connected.Load() && !behindProxy(err) {
		err = proxyError{err}
	}
	return nil, err
}

// send trusts more authorities once a server's is unknown. Nothing was sent to
// that server by then.
func (t *transport) send(req *http.Request) (*http.Response, error) {
	if t.needComplete.Load() {
		return t.complete().RoundTrip(req)
	}
	resp, err := t.quick.RoundTrip(req)
	if _, unknown := errors.AsType[x509.UnknownAuthorityError](err); !unknown {
		return resp, err
	}
	t.needComplete.Store(true)
	if req.GetBody != nil {
		if req.Body, err = req.GetBody(); err != nil {
			return nil, err
		}
	}
	return t.complete().RoundTrip(req)
}

// ownBody copies a request's body: net/http may still read the body of an
// earlier try when the SDK rewinds it for the next one.
func ownBody(req *http.Request) error {
	if req.Body == nil || req.Body == http.NoBody {
		return nil
	}
	text, err := io.ReadAll(req.Body)
	if err := errors.Join(err, req.Body.Close()); err != nil {
		return err
	}
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
	req.Body, err = req.GetBody()
	return err
}

// behindProxy reports whether TLS failed with the host behind a proxy's
// tunnel, and not with the proxy.
func behindProxy(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "proxyconnect" {
		return false
	}
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	_, record := errors.AsType[tls.RecordHeaderError](err)
	return certificate || record
}

// limitBody ends an answer that is too long, with an error if its status is 200.
func limitBody(resp *http.Response) io.ReadCloser {
	if resp.StatusCode == http.StatusOK {
		return http.MaxBytesReader(nil, resp.Body, maxBody)
	}
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxBody), resp.Body}
}
