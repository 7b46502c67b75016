package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"

	"golang.org/x/net/http2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"

	"github.com/seed45446ece/launcher/resolve"
)

// Error is something that the cluster did not do.
type Error struct {
	What   string // what was attempted, or what is wrong
	Err    error  // nil where What says it all
	Advice string
	Rules  string // RBAC objects in YAML that grant what was refused; "" for none
	later  bool   // a retry may help
}

func (e *Error) Error() string {
	if e.Err == nil {
		return e.What
	}
	return e.What + ": " + e.Err.Error()
}

// Hint is the advice, for a "hint:" line.
func (e *Error) Hint() string { return e.Advice }

// Paste is the rules, to be applied by who administers the cluster.
func (e *Error) Paste() string { return e.Rules }

func (e *Error) Unwrap() error { return e.Err }

// Is makes what a retry may help resolve.ErrUnavailable.
func (e *Error) Is(target error) bool { return target == resolve.ErrUnavailable && e.later }

// Explain puts an error of client-go into words; nil stays nil. What was
// attempted is what, and access is all that the command needs to be let do.
func (c *Cluster) Explain(ctx context.Context, what string, err error, access ...Access) error {
	var said *Error
	var status apierrors.APIStatus
	switch {
	case err == nil, errors.As(err, &said):
		return err
	case errors.As(err, &status):
		return c.refusal(ctx, what, err, access)
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{What: what + ": no answer from " + c.host + " in time", Err: nil, Advice: "raise --timeout, which covers the whole command", later: true}
	case errors.Is(err, context.Canceled):
		return &Error{What: what, Err: err, later: true}
	}
	return c.unreached(what, err)
}

// refusal is what the server itself said.
func (c *Cluster) refusal(ctx context.Context, what string, err error, access []Access) error {
	e := &Error{What: what, Err: err}
	if CarriesValues(ctx) {
		e.Err, e.Advice = summary(statusOf(err)), withheldAdvice
	}
	switch {
	case apierrors.IsForbidden(err):
		if denied := c.denied(ctx, access); len(denied) > 0 {
			e.What = fmt.Sprintf("%s: you may not %s in namespace %q", what, spoken(denied), c.Namespace)
			e.Advice = "ask the cluster's administrator to run kubectl apply -f - with this:"
			e.Rules = c.rules(ctx, access)
		}
	case apierrors.IsUnauthorized(err):
		e.Advice = "log in again, or check the user of the kubeconfig's context"
	case apierrors.IsConflict(err):
		e.later, e.Advice = true, "try again: other clients keep changing it"
	case apierrors.IsTooManyRequests(err):
		e.later, e.Advice = true, "try again later: the cluster is too busy"
	case apierrors.IsServerTimeout(err), apierrors.IsTimeout(err), apierrors.IsServiceUnavailable(err), apierrors.IsInternalError(err), code(err) >= 500:
		e.later = true
	}
	return e
}

func code(err error) int { return int(statusOf(err).Code) }

// statusOf returns what the server answered; nothing if it did not.
func statusOf(err error) metav1.Status {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return status.Status()
	}
	return metav1.Status{}
}

// unreached is an error with no answer behind it.
func (c *Cluster) unreached(what string, err error) error {
	e := &Error{What: what + ": " + c.host, Err: ownWords(err), later: lost(err)}
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	switch {
	case errors.As(err, &authority), errors.As(err, &name):
		e.Advice = "check the kubeconfig's server and certificate-authority: they do not match"
	case e.later:
		e.Advice = "check that the cluster is running and reachable from here"
	}
	return e
}

// bare is a request's error without the method and URL that net/http adds.
func bare(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}

// lost reports whether a connection could not be made or did not last, as
// opposed to one that is not wanted: to a server of another name, or without
// credentials.
func lost(err error) bool {
	var alert tls.AlertError
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &alert) || errors.As(err, &certificate) {
		return false
	}
	var network *net.OpError
	var dns *net.DNSError
	var stream http2.StreamError
	return errors.As(err, &network) || errors.As(err, &dns) || errors.As(err, &stream) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		utilnet.IsProbableEOF(err) || utilnet.IsTimeout(err) || utilnet.IsConnectionReset(err) || utilnet.IsHTTP2ConnectionLost(err)
}
