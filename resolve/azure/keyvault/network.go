package keyvault

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/seed45446ece/launcher/resolve/keyname"
)

const (
	hintTimeout = "check that the pod may reach it (network policy, firewall, proxy), or allow more time with --timeout"
	hintProxy   = "check HTTPS_PROXY and NO_PROXY, and what the proxy allows"
	hintAnswer  = "check what answers at that address, and the proxy before it"
	hintRoots   = "if a proxy inspects TLS, set SSL_CERT_FILE to a bundle with its CA"
)

// refusedTunnel is a proxy's refusal of CONNECT. Its reason may be anything,
// an unknown host too, as the proxy looks that up.
type refusedTunnel struct {
	status int
	reason string // written by the proxy
}

func (refusedTunnel) Error() string { return "the proxy refused a tunnel" }

// nonRetriable marks the SDK's errors that are not the network's.
type nonRetriable interface {
	error
	NonRetriable()
}

// classifyError returns the result of a request without an answer. It does not
// show the error's text, which may hold the password of a proxy's address.
func classifyError(req *http.Request, err error, what string) result {
	if p, ok := errors.AsType[*problem](err); ok {
		return result{problem: p}
	}
	r := withoutTarget(req, err, what == noTokenPrefix)
	r.text = what + ": " + r.text
	return r
}

// withoutTarget returns the result without the prefix that says what the
// request was for; login is true for a token.
func withoutTarget(req *http.Request, err error, login bool) result {
	host, advice := req.URL.Hostname(), hintTimeout
	if n, ok := errors.AsType[invalidProxy](err); ok {
		return refusal(n.Error(), "use http://HOST:PORT, with / as %2F and @ as %40 in user and password")
	}
	if tunnel, ok := errors.AsType[refusedTunnel](err); ok {
		return tunnel.classify(host)
	}
	_, proxied := errors.AsType[proxyError](err)
	if proxied {
		host, advice = "the proxy to "+host, hintProxy
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return dnsFailure(host, dns, login, proxied)
	}
	if wrong, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return badCertificate(host, wrong, time.Now())
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return refusal(host+" does not speak TLS", hintProxy)
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return unavailable("no answer from "+host, advice)
	}
	for _, known := range []error{syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.EPIPE} {
		if errors.Is(err, known) {
			return unavailable(host+": "+known.Error(), advice)
		}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return unavailable(host+" closed the connection before its answer was complete", advice)
	}
	return unreadable(req, err, host, proxied)
}

func unreadable(req *http.Request, err error, host string, proxied bool) result {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return refusal(host+" sent an answer that is too large", hintProxy)
	}
	if proxied {
		return unavailable(host+" does not answer as a proxy", hintProxy)
	}
	// The SDK refused a challenge or an address. For a POST it may also mean that
	// the body was cut off.
	if _, ok := errors.AsType[nonRetriable](err); ok && req.Method == http.MethodGet {
		return refusal(host+" sent an answer that the Azure SDK rejects", hintAnswer)
	}
	return unavailable(fmt.Sprintf("the request to %s failed", host), hintTimeout)
}

// badCertificate classifies a certificate that is expired, is not valid yet,
// is for another host, or has an unknown authority.
func badCertificate(host string, wrong *tls.CertificateVerificationError, now time.Time) result {
	const clock = "correct this machine's clock, or renew the certificate"
	if name, ok := errors.AsType[x509.HostnameError](wrong); ok {
		return refusal("the certificate of "+host+" is for another host: "+namesOf(name.Certificate), "check what answers at that address: DNS, a private endpoint, or a proxy that inspects TLS")
	}
	invalid, ok := errors.AsType[x509.CertificateInvalidError](wrong)
	if !ok || invalid.Reason != x509.Expired || invalid.Cert == nil {
		return refusal("the certificate of "+host+" was not issued by a trusted authority", hintRoots)
	}
	says := fmt.Sprintf(", and this machine's clock says %s", now.UTC().Format(time.DateOnly))
	if now.Before(invalid.Cert.NotBefore) {
		return refusal("the certificate of "+host+" is not valid before "+invalid.Cert.NotBefore.UTC().Format(time.DateOnly)+says, clock)
	}
	return refusal("the certificate of "+host+" expired on "+invalid.Cert.NotAfter.UTC().Format(time.DateOnly)+says, clock)
}

func namesOf(c *x509.Certificate) string {
	var names []string
	if c != nil {
		names = c.DNSNames[:min(len(c.DNSNames), 3)]
	}
	if len(names) == 0 {
		return "it names no host"
	}
	return keyname.Quote(strings.Join(names, ", "))
}

// dnsFailure classifies a failed look-up. A missing name is retried for a few
// seconds, as a cluster's DNS may not know it yet.
func dnsFailure(host string, dns *net.DNSError, login, proxied bool) result {
	if !dns.IsNotFound {
		return unavailable("the name of "+host+" could not be looked up", "check the pod's DNS")
	}
	hint := "check the vault's name, and the pod's DNS: a deleted vault has no DNS name"
	switch {
	case proxied:
		hint = hintProxy
	case login:
		hint = "check the pod's DNS, and AZURE_AUTHORITY_HOST or --azure-authority"
	}
	r := refusal("no such host: "+host, hint)
	r.retryable, r.brief = true, true
	return r
}

func (t refusedTunnel) classify(host string) result {
	text := fmt.Sprintf("the proxy does not connect to %s: %d %s", host, t.status, keyname.Quote(t.reason))
	if t.status >= 500 || t.status == http.StatusTooManyRequests { // the host may not exist
		return unavailable(text, "check the vault's name; "+hintProxy)
	}
	return refusal(text, hintProxy)
}
