package keyvault

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"

	"github.com/seed45446ece/launcher/resolve/document"
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

// network is the verdict on a request that was not answered. The error's text is
// not used: that of a proxy's address holds its password.
func network(req *http.Request, err error) verdict {
	host := req.URL.Hostname()
	if p, ok := errors.AsType[*problem](err); ok {
		return verdict{problem: p}
	}
	if tunnel, ok := errors.AsType[refusedTunnel](err); ok {
		return tunnel.verdict(host)
	}
	proxied, unreached := false, hintTimeout
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "proxyconnect" {
		host, proxied, unreached = "the proxy to "+host, true, hintProxy
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
		return unavailable("no answer from "+host, unreached)
	}
	for _, known := range []error{syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.EPIPE} {
		if errors.Is(err, known) {
			return unavailable(host+": "+known.Error(), unreached)
		}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return unavailable(host+" closed the connection before its answer was whole", unreached)
	}
	if errors.Is(err, errTooMuch) {
		return refusal(host+" sends more than any answer of Azure's has", hintProxy)
	}
	// The SDK's own refusal, of a challenge or an address; of a POST it can also be
	// a body that broke off.
	if _, ok := errors.AsType[nonRetriable](err); ok && req.Method == http.MethodGet {
		return refusal(host+" gave an answer that the Azure SDK does not take", hintAnswer)
	}
	return unavailable(fmt.Sprintf("the request to %s failed", host), unreached)
}

// lookUp is the verdict on a host that was not found. A cluster's DNS may not
// know a name for a moment that it knows afterwards.
func lookUp(host string, dns *net.DNSError, proxied bool) verdict {
	if !dns.IsNotFound {
		return unavailable("the name of "+host+" could not be looked up", "check the pod's DNS")
	}
	v := refusal("no such host: "+host, "check the vault's name; one that was deleted keeps its name for no one")
	if proxied {
		v = refusal("no such host: "+host, hintProxy)
	}
	v.again, v.limit = true, 3
	return v
}

func (t refusedTunnel) verdict(host string) verdict {
	text := fmt.Sprintf("the proxy does not connect to %s: %d %s", host, t.status, document.Shown(t.reason))
	if t.status >= 500 { // among its reasons: no such host
		v := unavailable(text, "check the vault's name; "+hintProxy)
		v.limit = 3
		return v
	}
	return refusal(text, hintProxy)
}
