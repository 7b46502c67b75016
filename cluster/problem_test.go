package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/seed45446ece/launcher/cluster"
	"github.com/seed45446ece/launcher/resolve"
)

var secret = schema.GroupResource{Resource: "secrets"}

// answer returns a server's answer with a status and a reason.
func answer(code int32, reason metav1.StatusReason, message string) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{Code: code, Reason: reason, Message: message}}
}

var refusedConnection = &url.Error{Op: "Get", URL: "https://host/", Err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}

func TestPassingIsWhatTheNextTryMayNotMeet(t *testing.T) {
	for _, err := range []error{
		cluster.ErrRaced, fmt.Errorf("set: %w", cluster.ErrRaced), refusedConnection, io.ErrUnexpectedEOF,
		apierrors.NewConflict(secret, "x", nil), apierrors.NewTooManyRequests("", 1), apierrors.NewServerTimeout(secret, "get", 1),
		answer(500, "", ""), answer(503, metav1.StatusReasonServiceUnavailable, ""), answer(504, metav1.StatusReasonTimeout, ""),
	} {
		require.True(t, cluster.Passing(err), err)
	}
	for _, err := range []error{
		errors.New("another"), context.Canceled, answer(403, metav1.StatusReasonForbidden, ""), answer(401, metav1.StatusReasonUnauthorized, ""),
		answer(404, metav1.StatusReasonNotFound, ""), answer(422, metav1.StatusReasonInvalid, ""),
	} {
		require.False(t, cluster.Passing(err), err)
	}
}

func TestAmbiguousIsARequestThatMayHaveBeenDone(t *testing.T) {
	for err, ambiguous := range map[error]bool{
		nil: false, refusedConnection: true, context.DeadlineExceeded: true, answer(500, "", ""): true, answer(504, "", ""): true,
		answer(409, metav1.StatusReasonConflict, ""): false, answer(403, "", ""): false,
	} {
		require.Equal(t, ambiguous, cluster.Ambiguous(err), err)
	}
}

func TestRetryTriesWhatMayPass(t *testing.T) {
	tries := 0
	require.NoError(t, cluster.Retry(t.Context(), func(context.Context) error {
		if tries++; tries < 3 {
			return cluster.ErrRaced
		}
		return nil
	}))
	require.Equal(t, 3, tries)

	tries = 0
	forbidden := answer(403, metav1.StatusReasonForbidden, "no")
	require.Equal(t, forbidden, cluster.Retry(t.Context(), func(context.Context) error {
		tries++
		return forbidden
	}))
	require.Equal(t, 1, tries)

	ctx, cancel := context.WithCancel(t.Context())
	tries = 0
	require.ErrorIs(t, cluster.Retry(ctx, func(context.Context) error {
		tries++
		cancel()
		return cluster.ErrRaced
	}), cluster.ErrRaced)
	require.Equal(t, 1, tries, "nobody waits for it any more")
}

// TestExplainSaysWhetherToRetry is what the exit status 124 comes from.
func TestExplainSaysWhetherToRetry(t *testing.T) {
	c := &cluster.Cluster{Namespace: "jobs"}
	require.NoError(t, c.Explain(t.Context(), "read x", nil))
	for _, e := range []struct {
		err   error
		later bool
		says  string
	}{
		{answer(403, metav1.StatusReasonForbidden, "not you"), false, "read x: not you"},
		{answer(401, metav1.StatusReasonUnauthorized, "who?"), false, "read x: who?"},
		{answer(409, metav1.StatusReasonConflict, "changed"), true, "read x: changed"},
		{answer(429, metav1.StatusReasonTooManyRequests, "busy"), true, "read x: busy"},
		{answer(500, "", "broken"), true, "read x: broken"},
		{context.Canceled, true, "read x: context canceled"},
		{refusedConnection, true, "connection refused"},
		{errors.New("an answer's own text"), false, "not an answer of a Kubernetes API server"},
	} {
		err := c.Explain(t.Context(), "read x", e.err)
		require.ErrorContains(t, err, e.says)
		require.Equal(t, e.later, errors.Is(err, resolve.ErrUnavailable), err)
		require.Equal(t, err, c.Explain(t.Context(), "again", err), "it is explained once")
	}
}

// TestExplainShowsNoTextOfAServerThatGotValues repeats a value in each part of an
// answer.
func TestExplainShowsNoTextOfAServerThatGotValues(t *testing.T) {
	const value = "canary-value"
	ctx := cluster.CarryingValues(t.Context())
	require.True(t, cluster.CarriesValues(ctx))
	require.False(t, cluster.CarriesValues(t.Context()))
	err := (&cluster.Cluster{}).Explain(ctx, "set x", &apierrors.StatusError{ErrStatus: metav1.Status{
		Code: 422, Reason: value, Message: "exceeded quota: " + value, Status: value,
		Details: &metav1.StatusDetails{Name: value, Kind: value, Causes: []metav1.StatusCause{
			{Type: metav1.CauseTypeFieldValueInvalid, Field: "data[" + value + "]", Message: value}, {Type: value, Field: "data"}, {Type: metav1.CauseTypeTooLong, Field: value},
		}},
	}})
	require.EqualError(t, err, "set x: the cluster answered 422 with a refusal, data: FieldValueInvalid: a quota is exceeded")
	var explained *cluster.Error
	require.ErrorAs(t, err, &explained)
	require.NotContains(t, explained.Hint()+explained.Paste(), value)
}
