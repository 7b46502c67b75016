package keyvault

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// sleep waits, and reports whether it could: not where ctx ends before.
func sleep(ctx context.Context, d time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// longestAsked is far over any deadline, and far under what a sum of waits can
// hold.
const longestAsked = 365 * 24 * time.Hour

// retryAfter is how long a server asks to wait, 0 where it does not: seconds or
// a date (RFC 9110), or Azure's headers in milliseconds.
func retryAfter(resp *http.Response) time.Duration {
	if resp == nil {
		return 0
	}
	for _, name := range []string{"retry-after-ms", "x-ms-retry-after-ms"} {
		if ms, err := strconv.ParseUint(resp.Header.Get(name), 10, 31); err == nil {
			return time.Duration(ms) * time.Millisecond
		}
	}
	text := resp.Header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, longestAsked)
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(time.Until(at), 0), longestAsked)
	}
	return 0
}
