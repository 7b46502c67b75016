package keyvault

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/seed45446ece/launcher/resolve"
)

// How often a request is tried that fails for other reasons than throttling,
// which is borne until the deadline.
const (
	mostTries    = 8
	managedTries = 3
)

// pace is how fast requests are tried again. Azure's advice for 429 is to wait
// 1, 2, 4, 8 and 16 s, https://learn.microsoft.com/azure/key-vault/general/overview-throttling;
// a wait is drawn from all that is below (full jitter), so that pods that
// started together do not come back together.
type pace struct {
	try       time.Duration // of one request and its answer
	managed   time.Duration // the same for the machine's own identity, which is near
	first     time.Duration // the first wait is below it, and each further one below twice as much
	longest   time.Duration // no wait is longer, unless the server asks for it
	throttled time.Duration // nor than this at a throttled vault: what is waited past its window of 10 s is lost
}

func usual() pace {
	return pace{10 * time.Second, 4 * time.Second, time.Second, 20 * time.Second, 3 * time.Second}
}

// tries is the pipeline policy that sends a request until it is answered, is
// refused, or its time is up. Its error is always a problem. The SDK's own
// retries give up at the first long Retry-After and lose the last answer.
type tries struct {
	what  string // they are for, as their problems begin
	judge func(req *http.Request, resp *http.Response, body []byte, err error) verdict
	gate  *gate
	pace  pace

	mu   sync.Mutex
	last *problem // azidentity keeps no more than the text of an error
}

// Do implements policy.Policy. Throttling is borne until the deadline; what else
// may go better, mostTries times.
func (t *tries) Do(req *policy.Request) (*http.Response, error) {
	ctx := req.Raw().Context()
	began := time.Now()
	turn := turn{gate: t.gate}
	defer turn.end()
	var last verdict
	refused := false
	for failures, throttles := 0, 0; ; {
		if said, ok := turn.wait(ctx); !ok {
			return nil, t.failed(t.late(req.Raw(), said.or(last)))
		}
		resp, v := t.try(req)
		v.tried, v.began = throttles+failures+1, began
		switch {
		case v.problem == nil:
			return resp, nil
		case v.again && ctx.Err() != nil:
			return nil, t.failed(t.late(req.Raw(), last.or(v))) // this try was cut short
		case v.throttled && turn.throttled(v):
			throttles++
		case v.throttled: // another request waits for all of them
			last = v
			continue
		case v.refused && !refused: // the credential is read anew for the next one
			last, refused = v, true
			continue
		case !v.again || failures+1 >= cmp.Or(v.limit, mostTries):
			return nil, t.failed(v.problem)
		default:
			turn.end()
			failures++
		}
		last = v
		if !t.pause(ctx, v, throttles+failures) {
			return nil, t.failed(t.late(req.Raw(), v))
		}
	}
}

// failed keeps the problem for whoever gets only the SDK's text of it.
func (t *tries) failed(p *problem) *problem {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = p
	return p
}

// take is the problem of the last request that failed, or nil where none did
// since it was taken.
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
	defer func() {
		if recover() != nil {
			resp, v = nil, refusal(t.what+": "+req.Raw().URL.Hostname()+" gave an answer that the Azure SDK cannot read", hintAnswer)
		}
	}()
	if err := req.RewindBody(); err != nil {
		return nil, t.judge(req.Raw(), nil, nil, err)
	}
	resp, err := req.Clone(req.Raw().Context()).Next()
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

// pause waits before the next try, and reports whether there is time for one.
func (t *tries) pause(ctx context.Context, v verdict, tried int) bool {
	left := v.after + time.Hour
	if deadline, ok := ctx.Deadline(); ok {
		left = time.Until(deadline)
	}
	longest := t.pace.longest
	if v.throttled {
		longest = t.pace.throttled
	}
	least, most := time.Duration(0), min(t.pace.first<<min(tried-1, 8), longest)
	if v.throttled {
		least = t.pace.first / 10 // there is no end to the number of these
	}
	if v.after > 0 {
		least, most = max(v.after, least), v.after/4
	}
	spare := left - max(least, t.pace.first/10)
	return spare > 0 && sleep(ctx, least+rand.N(min(most, spare)+1))
}

// late is what is said when no time is left: the last that was answered. A wait
// that the server asks for is the reason only where it is longer than all of the
// time, or nothing else was tried.
func (t *tries) late(req *http.Request, v verdict) *problem {
	if v.problem == nil {
		return &problem{text: t.what + ": no answer from " + req.URL.Hostname() + " before the deadline", hint: hintTimeout, kind: resolve.ErrUnavailable}
	}
	deadline, _ := req.Context().Deadline()
	text := v.text + ", until the deadline"
	switch {
	case v.after > 0 && (v.tried < 2 || v.after >= deadline.Sub(v.began)):
		text = fmt.Sprintf("%s, and asks for a wait of %v, past the deadline", v.text, v.after)
	case v.after > 0:
		text = fmt.Sprintf("%s, tried %d times, until the deadline", v.text, v.tried)
	}
	return &problem{text: text, hint: v.hint, kind: v.kind}
}

// or is the verdict, or another where this is none.
func (v verdict) or(other verdict) verdict {
	if v.problem == nil {
		return other
	}
	return v
}

// timed is the pipeline policy that bounds one request and its answer. It is
// below the SDK's authorization, which may need the time of many.
type timed time.Duration

// Do implements policy.Policy.
func (t timed) Do(req *policy.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Raw().Context(), time.Duration(t))
	defer cancel() // the pipeline has read the body by then
	return req.Clone(ctx).Next()
}
