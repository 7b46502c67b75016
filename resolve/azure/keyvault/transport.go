package keyvault

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"

	"github.com/seed45446ece/launcher/resolve"
)

// maxBody is over any answer of Azure's: a secret has 25 KiB, a page of a list 25
// of their properties.
const maxBody = 4 << 20

var errTooMuch = errors.New("the answer is too long")

// newHTTP is the client of all requests. It follows no redirect, which could
// carry a client secret elsewhere.
func newHTTP(environ resolve.Environ, parallel int, timeout time.Duration) (*http.Client, error) {
	roots, err := roots(environ)
	if err != nil {
		return nil, err
	}
	proxy := proxies(environ)
	return &http.Client{
		Transport: limited{&http.Transport{
			Proxy:                  func(req *http.Request) (*url.URL, error) { return proxy(req.URL) },
			OnProxyConnectResponse: tunnel,
			DialContext:            (&net.Dialer{Timeout: timeout, KeepAlive: 30 * time.Second}).DialContext,
			TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2:      true,
			MaxIdleConnsPerHost:    parallel,
			MaxResponseHeaderBytes: 1 << 16,
			IdleConnTimeout:        time.Minute,
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// proxies is the proxy of a URL by the variables that curl and Go read, in
// capitals first, as Go does. One that is no URL is an error, as with curl: to
// go past a proxy is not for the launcher to decide.
func proxies(environ resolve.Environ) func(*url.URL) (*url.URL, error) {
	get := func(name string) string {
		if value := environ[name]; value != "" {
			return value
		}
		return environ[strings.ToLower(name)]
	}
	config := httpproxy.Config{HTTPProxy: get("HTTP_PROXY"), HTTPSProxy: get("HTTPS_PROXY"), NoProxy: get("NO_PROXY")}
	find := config.ProxyFunc()
	return func(u *url.URL) (*url.URL, error) {
		variable, value := "HTTP_PROXY", config.HTTPProxy
		if u.Scheme == "https" {
			variable, value = "HTTPS_PROXY", config.HTTPSProxy
		}
		proxy, err := find(u)
		if err != nil || value != "" && !proxyAddress(value) { // not shown: it may have a password
			return nil, &problem{text: "the address of the proxy for " + u.Hostname() + " is no URL", hint: "check variable " + variable + "; in a user or password %2F stands for /, %40 for @"}
		}
		return proxy, nil
	}
}

// proxyAddress reports whether a text is a URL, or a host that one can be made
// of.
func proxyAddress(text string) bool {
	u, err := url.Parse(text)
	if !strings.Contains(text, "://") {
		u, err = url.Parse("http://" + text)
	}
	return err == nil && u.Hostname() != ""
}

func tunnel(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	_, reason, _ := strings.Cut(resp.Status, " ")
	return refusedTunnel{resp.StatusCode, reason}
}

// limited ends an answer that has no end.
type limited struct{ http.RoundTripper }

func (l limited) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := l.RoundTripper.RoundTrip(req)
	if err == nil {
		resp.Body = &body{resp.Body, maxBody}
	}
	return resp, err
}

type body struct {
	io.ReadCloser
	left int
}

func (b *body) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooMuch
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
