package cluster

import (
	"context"
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
)

// ErrRaced marks an attempt that met another writer's, and is worth another.
var ErrRaced = errors.New("another client changed it first")

// Retry tries again, up to eight times within ten seconds and while ctx lasts,
// where another client changed it first or the answer was lost or put off: try has to
// come to the same whether or not an earlier try was done after all. A server's
// Retry-After was kept to by client-go before it counts as one try here.
func Retry(ctx context.Context, try func(context.Context) error) error {
	var last error
	backoff := wait.Backoff{Steps: 8, Duration: 50 * time.Millisecond, Factor: 2, Jitter: 0.5}
	err := wait.ExponentialBackoffWithContext(ctx, backoff, func(ctx context.Context) (bool, error) {
		last = try(ctx)
		if last != nil && Passing(last) && ctx.Err() == nil {
			return false, nil
		}
		return true, last
	})
	if last != nil && !errors.Is(last, context.DeadlineExceeded) {
		return last // it says more than that there were eight, or that the time is over
	}
	return err
}

// Passing reports whether an error may be gone at the next try.
func Passing(err error) bool {
	return errors.Is(err, ErrRaced) || lost(err) || apierrors.IsConflict(err) || apierrors.IsTooManyRequests(err) ||
		apierrors.IsServerTimeout(err) || apierrors.IsTimeout(err) || apierrors.IsServiceUnavailable(err) ||
		apierrors.IsInternalError(err) || code(err) >= 500
}

// Ambiguous reports whether a request may have been done although it failed.
func Ambiguous(err error) bool {
	return err != nil && (code(err) == 0 || code(err) >= 500)
}
