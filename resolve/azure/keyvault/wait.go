package keyvault

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// sleep waits. It reports false, at once if possible, if ctx ends first.
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

// maxRetryAfter is longer than any deadline, and short enough to add to other
// waits.
const maxRetryAfter = 365 * 24 * time.Hour

// retryAfter returns how long a server asks to wait, or 0: in seconds or as a
// date (RFC 9110), or in Azure's headers in milliseconds.
func retryAfter(resp *http.Response) time.Duration {
	if resp == nil {
		return 0
	}
	for _, name := range []string{"retry-after-ms", "x-ms-retry-after-ms"} {
		if wait, ok := parseWait(resp.Header.Get(name), time.Millisecond); ok {
			return wait
		}
	}
	text := resp.Header.Get("Retry-After")
	if wait, ok := parseWait(text, time.Second); ok {
		return wait
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(time.Until(at), 0), maxRetryAfter)
	}
	return 0
}

// parseWait reads a number of units. A number that is too large becomes the
// longest wait.
func parseWait(text string, unit time.Duration) (time.Duration, bool) {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n > uint64(maxRetryAfter/unit) {
		return maxRetryAfter, true
	}
	return time.Duration(n) * unit, true
}
