package keyvault

import (
	"context"
	"sync"
	"time"
)

// throttle holds back the requests to a server that answers 429: one request is
// retried, and the others wait until that one succeeds.
type throttle struct {
	mu      sync.Mutex
	retried chan struct{} // nil if no request is retried; closed when that ends
	last    result        // the last 429
	until   time.Time     // the server asked for no request before this
}

// begin makes the caller the one that retries. It reports false if another
// request already does.
func (t *throttle) begin() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.retried != nil {
		return false
	}
	t.retried = make(chan struct{})
	return true
}

// end lets the others go on.
func (t *throttle) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	close(t.retried)
	t.retried = nil
}

// record keeps the 429 and the wait that the server asked for.
func (t *throttle) record(r result) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last, t.until = r, time.Now().Add(r.after)
}

// wait returns when a request may be sent. It reports false if ctx ends first,
// with the last 429 if there was one.
func (t *throttle) wait(ctx context.Context) (result, bool) {
	for {
		t.mu.Lock()
		retried, last, until := t.retried, t.last, t.until
		t.mu.Unlock()
		if retried == nil {
			left := time.Until(until)
			if left <= 0 {
				return result{}, ctx.Err() == nil
			}
			if !sleep(ctx, left) {
				return last, false
			}
			continue
		}
		select {
		case <-retried:
		case <-ctx.Done():
			return t.latest(), false // by now the request that is retried may know more
		}
	}
}

// latest returns the last 429.
func (t *throttle) latest() result {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last
}

// slot is the place of one request at a throttle.
type slot struct {
	throttle *throttle
	retries  bool // this request is the one that is retried
}

func (s *slot) wait(ctx context.Context) (result, bool) {
	if s.retries {
		return result{}, ctx.Err() == nil
	}
	return s.throttle.wait(ctx)
}

// throttled records a 429. It reports whether this request is the one to retry.
func (s *slot) throttled(r result) bool {
	s.retries = s.retries || s.throttle.begin()
	if s.retries {
		s.throttle.record(r)
	}
	return s.retries
}

// release lets the other requests go on if this one kept them waiting.
func (s *slot) release() {
	if s.retries {
		s.throttle.end()
		s.retries = false
	}
}
