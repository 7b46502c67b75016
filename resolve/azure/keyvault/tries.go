package keyvault

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/seed45446ece/launcher/resolve"
)

// How a request is tried again. Azure's advice for 429 is to wait 1, 2, 4, 8 and
// 16 s, https://learn.microsoft.com/azure/key-vault/general/overview-throttling;
// waits are drawn from all that is below (full jitter), so that pods that
// started together do not come back together. A throttled vault forgives after
// 10 s at most, so that a wait of more than half of it leaves quota unused.
const (
	tryTimeout     = 10 * time.Second
	mostTries      = 8
	firstWait      = time.Second
	longestWait    = 20 * time.Second
	throttledWait  = 5 * time.Second
	managedTries   = 3
	managedTimeout = 2 * time.Second
)

// retryTime is how long a server asked to wait; 0 is nothing said.
type retryTime time.Duration

// tries is the pipeline policy that sends a request until it is answered, is
// refused, or its time is up. Its error is always a problem. The SDK's own
// retries give up at the first long Retry-After and lose the last answer.
type tries struct {
	judge   func(req *http.Request, resp *http.Response, body []byte, err error) verdict
	gate    *gate
	timeout time.Duration // of one try

	mu   sync.Mutex
	last *problem // azidentity keeps no more than the text of an error
}

// Do implements policy.Policy. Throttling is borne until the deadline; what else
// may go better, mostTries times.
func (t *tries) Do(req *policy.Request) (*http.Response, error) {
	ctx := req.Raw().Context()
	turn := turn{gate: t.gate}
	defer turn.end()
	var last verdict
	for failures, throttles := 0, 0; ; {
		if turn.wait(ctx) != nil {
			return nil, t.failed(last.late(req.Raw()))
		}
		resp, v := t.try(req)
		v.problem = t.failed(v.problem)
		switch {
		case v.problem == nil:
			return resp, nil
		case v.throttled && turn.throttled():
			throttles++
		case v.throttled: // another request waits for all of them
			last = v
			continue
		case !v.again || failures+1 >= cmp.Or(v.limit, mostTries):
			return nil, v.problem
		default:
			failures++
		}
		last = v
		if !pause(ctx, v.wait(throttles+failures)) {
			return nil, t.failed(v.late(req.Raw()))
		}
	}
}

// failed keeps the problem for whoever gets only the SDK's text of it.
func (t *tries) failed(p *problem) *problem {
	if p != nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.last = p
	}
	return p
}

// take is the last problem since it was taken, or nil.
func (t *tries) take() *problem {
	t.mu.Lock()
	defer t.mu.Unlock()
	last := t.last
	t.last = nil
	return last
}

// try sends the request once. A challenge that is no challenge makes the SDK
// panic.
func (t *tries) try(req *policy.Request) (resp *http.Response, v verdict) {
	ctx, cancel := context.WithTimeout(req.Raw().Context(), t.timeout)
	defer cancel()
	defer func() {
		if recover() != nil {
			resp, v = nil, refusal(req.Raw().URL.Hostname()+" gave an answer that the Azure SDK cannot read", "see what is at that address, and the proxy before it")
		}
	}()
	if err := req.RewindBody(); err != nil {
		return nil, t.judge(req.Raw(), nil, nil, err)
	}
	resp, err := req.Clone(ctx).Next()
	var body []byte
	if err == nil {
		body, err = runtime.Payload(resp)
	}
	v = t.judge(req.Raw(), resp, body, err)
	if v.problem != nil {
		v.after = retryAfter(resp)
	}
	return resp, v
}

// wait is how long to wait before the next try.
func (v verdict) wait(failures int) time.Duration {
	if asked := time.Duration(v.after); asked > 0 {
		return asked + rand.N(asked/4+1)
	}
	longest := longestWait
	if v.throttled {
		longest = throttledWait
	}
	return rand.N(min(firstWait<<min(failures-1, 8), longest))
}

// late is what is said when no time is left: the last that was answered.
func (v verdict) late(req *http.Request) *problem {
	if v.problem == nil {
		return &problem{text: "no answer from " + req.URL.Hostname() + " before the deadline", hint: hintTimeout, kind: resolve.ErrUnavailable}
	}
	text := v.text + ", until the deadline"
	if v.after > 0 {
		text = fmt.Sprintf("%s, and it asks for a wait of %v, past the deadline", v.text, time.Duration(v.after))
	}
	return &problem{text: text, hint: v.hint, kind: v.kind}
}

// pause waits, and reports whether there is time for it.
func pause(ctx context.Context, d time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// retryAfter reads the headers that say how long to wait: seconds or a date
// (RFC 9110), and Azure's in milliseconds.
func retryAfter(resp *http.Response) retryTime {
	if resp == nil {
		return 0
	}
	for _, name := range []string{"retry-after-ms", "x-ms-retry-after-ms"} {
		if ms, err := strconv.ParseUint(resp.Header.Get(name), 10, 31); err == nil {
			return retryTime(ms) * retryTime(time.Millisecond)
		}
	}
	text := resp.Header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return retryTime(seconds) * retryTime(time.Second)
	}
	if at, err := http.ParseTime(text); err == nil {
		return retryTime(max(time.Until(at), 0))
	}
	return 0
}
