package cli

import (
	"context"
	"time"
)

// WithTimeout returns ctx with a deadline; a timeout of 0 sets none.
func WithTimeout(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, timeout)
}
