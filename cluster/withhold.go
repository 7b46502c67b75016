package cluster

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type carriesKey struct{}

// CarryingValues returns a context whose requests, or the answers to them, carry
// secret values. A server, a proxy or an admission webhook may repeat a value in
// a message, in any form or in part. So none of the server's own text is shown:
// only words that are written in this file.
func CarryingValues(ctx context.Context) context.Context {
	return context.WithValue(ctx, carriesKey{}, true)
}

// CarriesValues reports whether the requests of a context carry secret values.
func CarriesValues(ctx context.Context) bool {
	carries, _ := ctx.Value(carriesKey{}).(bool)
	return carries
}

const withheldAdvice = "use kubectl to see the cluster's message, which may repeat a value and is not shown here"

// reasons are the reasons of a Status that are shown.
var reasons = []metav1.StatusReason{
	metav1.StatusReasonUnauthorized, metav1.StatusReasonForbidden, metav1.StatusReasonNotFound, metav1.StatusReasonAlreadyExists, metav1.StatusReasonConflict,
	metav1.StatusReasonGone, metav1.StatusReasonInvalid, metav1.StatusReasonServerTimeout, metav1.StatusReasonStoreReadError, metav1.StatusReasonTimeout,
	metav1.StatusReasonTooManyRequests, metav1.StatusReasonBadRequest, metav1.StatusReasonMethodNotAllowed, metav1.StatusReasonNotAcceptable,
	metav1.StatusReasonRequestEntityTooLarge, metav1.StatusReasonUnsupportedMediaType, metav1.StatusReasonInternalError, metav1.StatusReasonExpired,
	metav1.StatusReasonServiceUnavailable,
}

// causes are the causes of a Status that are shown, and causeFields the fields
// that they are about.
var (
	causes = []metav1.CauseType{
		metav1.CauseTypeFieldValueNotFound, metav1.CauseTypeFieldValueRequired, metav1.CauseTypeFieldValueDuplicate, metav1.CauseTypeFieldValueInvalid,
		metav1.CauseTypeFieldValueNotSupported, metav1.CauseTypeForbidden, metav1.CauseTypeTooLong, metav1.CauseTypeTooMany, "NamespaceTerminating",
	}
	causeFields = []string{"data", "stringData", "type", "immutable", "metadata.name", "metadata.namespace", "metadata.labels", "metadata.annotations", "spec"}
)

// refusals lists words of a server that are known, and what to show instead.
var refusals = []struct{ says, shown string }{
	{"exceeded quota", "a quota is exceeded"},
	{"admission webhook", "an admission webhook refused the request"},
	{"ValidatingAdmissionPolicy", "an admission policy refused the request"},
	{"field is immutable when `immutable` is set", "the object is immutable"},
	{"is being terminated", "the namespace is being deleted"},
}

// summary returns a refusal in words of this file.
func summary(status metav1.Status) error {
	text := "the cluster answered"
	if code := int(status.Code); http.StatusText(code) != "" {
		text += fmt.Sprintf(" %d", code)
	}
	if slices.Contains(reasons, status.Reason) {
		text += " " + string(status.Reason)
	} else {
		text += " with a refusal"
	}
	if status.Details != nil {
		for _, c := range status.Details.Causes {
			field, _, _ := strings.Cut(c.Field, "[")
			if shown := field + ": " + string(c.Type); slices.Contains(causes, c.Type) && slices.Contains(causeFields, field) && !strings.Contains(text, shown) {
				text += ", " + shown
			}
		}
	}
	for _, r := range refusals {
		if strings.Contains(status.Message, r.says) {
			text += ": " + r.shown
			break
		}
	}
	return errors.New(text)
}

// ownWords returns why a request had no answer, without anything that a server
// sent: a status line, a GOAWAY or a body may repeat what the server was sent. It
// is without a proxy's address too, which may have a password.
func ownWords(err error) error {
	var network *net.OpError
	var dns *net.DNSError
	var record tls.RecordHeaderError
	var certificate *tls.CertificateVerificationError
	reason := bare(err)
	switch {
	case errors.As(err, &network), errors.As(err, &dns), errors.As(err, &record), errors.As(err, &certificate), errors.Is(err, http.ErrSchemeMismatch),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded),
		strings.HasPrefix(reason.Error(), "getting credentials: "): // before anything is sent
		return reason
	case lost(err):
		return errors.New("the connection was lost")
	}
	return errors.New("not an answer of a Kubernetes API server")
}
