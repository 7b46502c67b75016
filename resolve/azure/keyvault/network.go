package keyvault

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"

	"github.com/seed45446ece/launcher/resolve/keyname"
)

const (
	hintTimeout = "check that the pod may reach it (network policy, firewall, proxy), or allow more time with --timeout"
	hintProxy   = "check HTTPS_PROXY and NO_PROXY, and what the proxy lets through"
	hintAnswer  = "see what is at that address, and the proxy before it"
	hintRoots   = "where a proxy reads TLS, set SSL_CERT_FILE to a bundle with its CA"
)

// refusedTunnel is a proxy's answer to CONNECT that is not 200. It may know no
// more of why than that: the look-up of the host is the proxy's.
type refusedTunnel struct {
	status int
	reason string // the proxy's own words
}

func (refusedTunnel) Error() string { return "the proxy refused a tunnel" }

// nonRetriable is how the SDK marks an error that is not the network's.
type nonRetriable interface {
	error
	NonRetriable()
}

// network is the verdict on a request that was not answered, for what it was
// made. The error's text is not used: that of a proxy's address holds its
// password.
func network(req *http.Request, err error, what string) verdict {
	if p, ok := errors.AsType[*problem](err); ok {
		return verdict{problem: p}
	}
	v := unanswered(req, err)
	v.text = what + ": " + v.text
	return v
}

// unanswered is the verdict without what the request was for.
func unanswered(req *http.Request, err error) verdict {
	host, advice := req.URL.Hostname(), hintTimeout
	if n, ok := errors.AsType[noProxy](err); ok {
		return refusal(n.Error(), "http://HOST:PORT; in its user and password / is %2F and @ is %40")
	}
	if tunnel, ok := errors.AsType[refusedTunnel](err); ok {
		return tunnel.verdict(host)
	}
	_, proxied := errors.AsType[atProxy](err)
	if proxied {
		host, advice = "the proxy to "+host, hintProxy
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return lookUp(host, dns, proxied)
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return refusal("the certificate of "+host+" is not one of a trusted authority", hintRoots)
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
		return unavailable(host+" closed the connection before its answer was whole", advice)
	}
	return unread(req, err, host, proxied)
}

// unread is the verdict on an answer that nobody could read.
func unread(req *http.Request, err error, host string, proxied bool) verdict {
	if errors.Is(err, errTooMuch) {
		return refusal(host+" sends more than any answer of Azure's has", hintProxy)
	}
	if proxied {
		v := unavailable(host+" does not answer as a proxy", hintProxy)
		v.limit = 3
		return v
	}
	// The SDK's own refusal, of a challenge or an address; of a POST it can also be
	// a body that broke off.
	if _, ok := errors.AsType[nonRetriable](err); ok && req.Method == http.MethodGet {
		return refusal(host+" gave an answer that the Azure SDK does not take", hintAnswer)
	}
	return unavailable(fmt.Sprintf("the request to %s failed", host), hintTimeout)
}

// lookUp is the verdict on a host that was not found. A cluster's DNS may not
// know a name for a moment that it knows afterwards.
func lookUp(host string, dns *net.DNSError, proxied bool) verdict {
	if !dns.IsNotFound {
		return unavailable("the name of "+host+" could not be looked up", "check the pod's DNS")
	}
	v := refusal("no such host: "+host, "check the pod's DNS, and the name: one of a vault that was deleted is no one's")
	if proxied {
		v = refusal("no such host: "+host, hintProxy)
	}
	v.again, v.limit = true, 3
	return v
}

func (t refusedTunnel) verdict(host string) verdict {
	text := fmt.Sprintf("the proxy does not connect to %s: %d %s", host, t.status, keyname.Quote(t.reason))
	if t.status >= 500 { // among its reasons: no such host
		v := unavailable(text, "check the vault's name; "+hintProxy)
		v.limit = 3
		return v
	}
	return refusal(text, hintProxy)
}
