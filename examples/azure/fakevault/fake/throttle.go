package fake

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// limiter counts the reads in a window that begins with the first of them.
type limiter struct {
	mu    sync.Mutex
	start time.Time
	reads int
}

// allow counts one read, or returns how much of the window is left. It allows
// everything without a throttle.
func (l *limiter) allow(t *Throttle, now time.Time) (left time.Duration, ok bool) {
	if t == nil {
		return 0, true
	}
	window := time.Duration(t.WindowMS) * time.Millisecond
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.start) >= window {
		l.start, l.reads = now, 0
	}
	if l.reads >= t.Reads {
		return window - now.Sub(l.start), false
	}
	l.reads++
	return 0, true
}

func throttled(t *Throttle, left time.Duration) answer {
	a := vaultError(http.StatusTooManyRequests, "Throttled", "Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached", "")
	switch t.RetryAfter {
	case "":
	case "window":
		a.header.Set("Retry-After", strconv.Itoa(int((left+time.Second-1)/time.Second)))
	default:
		a.header.Set("Retry-After", t.RetryAfter)
	}
	return a
}
