package keyvault

import (
	"context"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// throttle holds back the requests to a server that answers 429: one request is
// retried, and the others wait until that one ends.
type throttle struct {
	mu      sync.Mutex
	retried *policy.Request // nil if no request is retried
	ended   chan struct{}   // closed when that request ends
	last    result          // the last 429
	until   time.Time       // the server asked for no request before this
}

// begin records a 429. It reports whether this request is the one to retry.
func (t *throttle) begin(req *policy.Request, r result) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.retried == nil {
		t.retried, t.ended = req, make(chan struct{})
	}
	if t.retried != req {
		return false
	}
	t.last, t.until = r, time.Now().Add(r.after)
	return true
}

// end lets the other requests go on if this one kept them waiting.
func (t *throttle) end(req *policy.Request) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.retried == req {
		close(t.ended)
		t.retried = nil
	}
}

// wait returns when this request may be sent. It reports false if ctx ends first,
// with the last 429 if there was one.
func (t *throttle) wait(ctx context.Context, req *policy.Request) (result, bool) {
	for {
		t.mu.Lock()
		retried, ended, last, left := t.retried, t.ended, t.last, time.Until(t.until)
		t.mu.Unlock()
		switch {
		case retried == req, retried == nil && left <= 0:
			return result{}, ctx.Err() == nil
		case retried == nil && !sleep(ctx, left):
			return last, false
		case retried != nil:
			select {
			case <-ended:
			case <-ctx.Done():
				t.mu.Lock()
				defer t.mu.Unlock()
				return t.last, false // by now the request that is retried may know more
			}
		}
	}
}
