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

// pace says how fast requests are retried. Azure's advice for 429 is to wait
// 1, 2, 4, 8 and 16 s,
// https://learn.microsoft.com/azure/key-vault/general/overview-throttling.
// Each wait is a random part of that (full jitter), so that pods that started
// together do not come back together.
type pace struct {
	tryLimit    time.Duration // limits one try; 0 takes it from the deadline
	first       time.Duration // limits the first wait; each further limit is twice as long
	longest     time.Duration // limits every wait, unless the server asks for more
	throttled   time.Duration // limits a wait at a throttled vault, whose window is 10 s
	brief       time.Duration // how long to retry what only a recent change can cure
	pingAfter   time.Duration // how long an HTTP/2 connection may be silent before a ping
	pingTimeout time.Duration // closes the connection without an answer to the ping

	steps []time.Duration // replaces first and longest; the last one repeats
}

func defaultPace() pace {
	return pace{first: time.Second, longest: 20 * time.Second, throttled: 3 * time.Second, brief: 10 * time.Second, pingAfter: 5 * time.Second, pingTimeout: 3 * time.Second}
}

// managed returns the pace for a managed identity's endpoint, with the waits
// that Microsoft documents,
// https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#retry-guidance
func (p pace) managed() pace {
	p.steps = []time.Duration{2 * p.first, 6 * p.first, 14 * p.first, 30 * p.first}
	return p
}

// jitter returns the shortest wait before the next try, and how much longer it
// may be.
func (p pace) jitter(r result, tried int) (least, more time.Duration) {
	switch {
	case r.after > 0:
		return r.after, r.after / 4
	case r.throttled: // retried without limit
		return p.first / 10, min(p.first<<min(tried-1, 8), p.throttled)
	case len(p.steps) > 0:
		step := p.steps[min(tried, len(p.steps))-1]
		return step * 4 / 5, step * 2 / 5
	}
	return 0, min(p.first<<min(tried-1, 8), p.longest)
}

// retryPolicy sends a request until it succeeds, is refused, or its time is
// up. Its error is always a problem. The SDK's own retries give up at the
// first long Retry-After and lose the last answer.
type retryPolicy struct {
	prefix   string // what requests are for: the start of their problems
	classify func(req *http.Request, resp *http.Response, body []byte, err error) result
	throttle *throttle
	pace     pace

	mu   sync.Mutex
	last *problem // azidentity keeps only the text of an error
}

// Do implements policy.Policy. It retries a temporary failure until the
// deadline, what only a recent change can cure for a few seconds, and nothing
// else.
func (t *retryPolicy) Do(req *policy.Request) (*http.Response, error) {
	ctx := req.Raw().Context()
	began := time.Now()
	defer t.throttle.end(req)
	var last result
	refused := false
	for tried := 0; ; {
		if last429, ok := t.throttle.wait(ctx, req); !ok {
			return nil, t.failed(t.deadlineProblem(req.Raw(), last429.orElse(last)))
		}
		resp, r := t.send(req)
		r.attempts, r.started = tried+1, began
		switch {
		case r.problem == nil:
			return resp, nil
		case r.retryable && ctx.Err() != nil:
			return nil, t.failed(t.deadlineProblem(req.Raw(), last.orElse(r))) // the deadline ended this try
		case r.throttled && !t.throttle.begin(req, r): // another request retries for all
			last = r
			continue
		case r.tokenRefused && !refused: // the next token is from a credential that is read again
			last, refused = r, true
			continue
		case !r.retryable, r.brief && !t.pauseBriefly(ctx, began, tried+1):
			return nil, t.failed(r.problem)
		case !r.throttled:
			t.throttle.end(req)
		}
		last = r
		tried++
		if r.brief {
			continue // pauseBriefly waited
		}
		if !t.pause(ctx, r, tried) {
			return nil, t.failed(t.deadlineProblem(req.Raw(), r))
		}
	}
}

// failed keeps the problem for callers that get only the SDK's text of it.
func (t *retryPolicy) failed(p *problem) *problem {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = p
	return p
}

// take returns and forgets the problem of the last failed request, or nil.
func (t *retryPolicy) take() *problem {
	t.mu.Lock()
	defer t.mu.Unlock()
	last := t.last
	t.last = nil
	return last
}

// send sends the request once. The SDK panics at a malformed challenge; send
// returns that as a refusal.
func (t *retryPolicy) send(req *policy.Request) (resp *http.Response, r result) {
	defer func() {
		if recover() != nil {
			resp, r = nil, refusal(t.prefix+": "+req.Raw().URL.Hostname()+" sent an answer that the Azure SDK cannot read", hintAnswer)
		}
	}()
	if err := req.RewindBody(); err != nil {
		return nil, t.classify(req.Raw(), nil, nil, err)
	}
	resp, err := req.Clone(req.Raw().Context()).Next()
	var body []byte
	if err == nil {
		body, err = runtime.Payload(resp)
	}
	r = t.classify(req.Raw(), resp, body, err)
	if r.problem != nil {
		r.after = retryAfter(resp)
	}
	return resp, r
}

// pause waits before the next try. It reports whether there is time for one.
func (t *retryPolicy) pause(ctx context.Context, r result, tried int) bool {
	left := r.after + time.Hour
	if deadline, ok := ctx.Deadline(); ok {
		left = time.Until(deadline)
	}
	least, more := t.pace.jitter(r, tried)
	if r.after == 0 {
		least = min(least, left/2) // leave time for a last try near the deadline
	}
	spare := left - max(least, t.pace.first/10)
	return spare > 0 && sleep(ctx, least+rand.N(min(more, spare)+1))
}

// pauseBriefly waits before the next try of what only a recent change can
// cure. It reports whether there is time for one within a few seconds of the
// first.
func (t *retryPolicy) pauseBriefly(ctx context.Context, began time.Time, tried int) bool {
	ctx, cancel := context.WithDeadline(ctx, began.Add(t.pace.brief))
	defer cancel()
	return t.pause(ctx, result{}, tried)
}

// deadlineProblem returns the problem when the time is up: the last answer. It names the
// wait that the server asked for only if that was longer than all of the time,
// or if there was only one try.
func (t *retryPolicy) deadlineProblem(req *http.Request, r result) *problem {
	if r.problem == nil {
		return &problem{text: t.prefix + ": no answer from " + req.URL.Hostname() + " before the deadline", hint: hintTimeout, kind: resolve.ErrUnavailable}
	}
	deadline, _ := req.Context().Deadline()
	text := r.text + ", until the deadline"
	switch {
	case r.after > 0 && (r.attempts < 2 || r.after >= deadline.Sub(r.started)):
		text = fmt.Sprintf("%s, and asks for a wait of %v, past the deadline", r.text, r.after)
	case r.after > 0:
		text = fmt.Sprintf("%s, tried %d times, until the deadline", r.text, r.attempts)
	}
	return &problem{text: text, hint: r.hint, kind: r.kind}
}

func (r result) orElse(other result) result {
	if r.problem == nil {
		return other
	}
	return r
}

type tryLimitKey struct{}

// withTryLimit returns a context in which one try may take a third of the time
// until the deadline, at least 5 s and at most a minute.
func withTryLimit(ctx context.Context, p pace) context.Context {
	limit := time.Minute
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(max(time.Until(deadline)/3, 5*time.Second), limit)
	}
	return context.WithValue(ctx, tryLimitKey{}, cmp.Or(p.tryLimit, limit))
}

// withTryTimeout returns the context of one try.
func withTryTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	limit, ok := ctx.Value(tryLimitKey{}).(time.Duration)
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, limit)
}

// timeoutPolicy limits the time of one try. It is below the SDK's
// authorization, which may take several.
type timeoutPolicy struct{}

func (timeoutPolicy) Do(req *policy.Request) (*http.Response, error) {
	ctx, cancel := withTryTimeout(req.Raw().Context())
	defer cancel() // the body was read by then
	return req.WithContext(ctx).Next()
}
