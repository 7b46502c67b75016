package keyvault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
)

// records is the requests of an operation, in the order of their answers.
func (w *world) records(operation string) (records []fake.Record) {
	w.t.Helper()
	for line := range strings.Lines(w.log()) {
		var r fake.Record
		require.NoError(w.t, json.Unmarshal([]byte(line), &r))
		if r.Operation == operation && (r.Authorized || operation == "token") {
			records = append(records, r)
		}
	}
	return records
}

func TestARequestWaitsAsLongAsTheServerAsks(t *testing.T) {
	for _, code := range []int{429, 503} {
		for _, place := range places {
			t.Run(fmt.Sprint(code, " at the ", place.name), func(t *testing.T) {
				t.Parallel()
				w := start(t)
				fault := place.at
				fault.Kind, fault.Status, fault.RetryAfter, fault.Count = fake.Status, code, "1", 1
				require.NoError(t, w.SetFaults(fault))
				found, err := w.find(place.source)
				require.NoError(t, err)
				require.Equal(t, "db-password="+value, values(found))
				records := w.records(place.operation)
				require.Len(t, records, 2)
				require.GreaterOrEqual(t, records[1].Time.Sub(records[0].Time), time.Second)
			})
		}
	}
}

func TestAWaitPastTheDeadlineEndsAtOnce(t *testing.T) {
	secrets, hundred := hundred()
	for _, c := range []struct{ source, path, want string }{
		{one, "*/token", aVault + ": no token: login.microsoftonline.com throttles (429), and asks for a wait of 1h0m0s, past the deadline"},
		{all, "/secrets", `vault "my-vault" throttles (429), and asks for a wait of 1h0m0s, past the deadline`},
		{hundred, "/secrets/*", `vault "my-vault" throttles (429), and asks for a wait of 1h0m0s, past the deadline`},
	} {
		w := start(t, func(c *fake.Config) { c.Vaults[0].Secrets = secrets })
		require.NoError(t, w.SetFaults(fake.Fault{Kind: fake.Status, Status: 429, RetryAfter: "3600", Path: c.path, Skip: map[bool]int{true: 1}[c.source == all]}))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		found, err := w.ask(ctx, w.source(c.source))
		if err == nil {
			require.Len(t, found, 100)
			for _, f := range found {
				require.EqualError(t, f.Err, c.want)
				require.ErrorIs(t, f.Err, resolve.ErrUnavailable)
			}
		} else {
			require.EqualError(t, err, c.want)
		}
		require.LessOrEqual(t, w.Counters().Throttled, 16, "those that were under way, and no more")
	}
}

// askUntil asks a source whose deadline is an hour away, and gives up once the
// fake has been asked often enough, however slow the machine is.
func (w *world) askUntil(source resolve.Source, enough func(fake.Counters) bool) (found []resolve.Finding, err error) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Hour)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		found, err = source.Find(ctx)
	}()
	w.await(enough)
	cancel()
	<-done
	w.requireTold(err)
	for _, f := range found {
		w.requireTold(f.Err)
	}
	return found, err
}

// TestAThrottleUntilTheDeadlineReportsTheNumberOfTries has a server that asks for less
// than all of the time.
func TestAThrottleUntilTheDeadlineReportsTheNumberOfTries(t *testing.T) {
	t.Parallel()
	secrets, hundred := hundred()
	for _, source := range []string{one, hundred} {
		w := start(t, func(c *fake.Config) { c.Vaults[0].Secrets = secrets })
		require.NoError(t, w.SetFaults(fake.Fault{Kind: fake.Status, Status: 429, RetryAfter: "1", Path: "/secrets/*"}))
		found, err := w.askUntil(w.source(source), func(c fake.Counters) bool { // two answers at least have come
			return slices.Max(append(slices.Collect(maps.Values(c.Reads["my-vault"])), 0)) == 3
		})
		require.NoError(t, err)
		said := 0
		for _, f := range found {
			require.ErrorIs(t, f.Err, resolve.ErrUnavailable)
			require.NotContains(t, f.Err.Error(), "asks for a wait", "it has waited that long")
			if regexp.MustCompile(`^vault "my-vault" throttles \(429\), tried [23] times, until the deadline$`).MatchString(f.Err.Error()) {
				said++
			}
		}
		require.Positive(t, said)
	}
}

func TestTheDeadlineKeepsTheLastAnswer(t *testing.T) {
	for i, want := range []string{
		aVault + ": no token: login.microsoftonline.com answers 503, until the deadline",
		`vault "my-vault": the vault answers 503, until the deadline`,
		`vault "my-vault": secret "db-password": the vault answers 503, until the deadline`,
	} {
		place := places[i]
		t.Run(place.name, func(t *testing.T) {
			t.Parallel()
			w := start(t)
			bad, mute := place.at, place.at
			bad.Kind, bad.Status, bad.Count = fake.Status, 503, 1
			mute.Kind = fake.Silent
			require.NoError(t, w.SetFaults(bad, mute))
			found, err := w.askUntil(w.source(place.source), func(c fake.Counters) bool {
				asked := c.Requests[place.operation]
				if place.operation == "list" {
					asked -= c.Challenges
				}
				return asked == 2
			})
			err = problemIn(t, found, err)
			require.EqualError(t, err, want)
			require.ErrorIs(t, err, resolve.ErrUnavailable)
		})
	}
}

func TestAThrottledVaultIsRetriedUntilAllIsRead(t *testing.T) {
	secrets, source := hundred()
	for _, after := range []string{"", "window"} {
		w := start(t, func(c *fake.Config) {
			c.Vaults[0].Secrets, c.Vaults[0].Throttle = secrets, &fake.Throttle{Reads: 40, WindowMS: 500, RetryAfter: after}
		})
		found, err := w.find(source)
		require.NoError(t, err)
		for _, f := range found {
			require.NoError(t, f.Err)
		}
		require.Less(t, w.Counters().Throttled, 400, "one request tries for all that wait")
	}
}

// TestAnotherFailureDelaysNoOtherRequest has one secret that is throttled
// and then waits for an hour, and another that is throttled later.
func TestAnotherFailureDelaysNoOtherRequest(t *testing.T) {
	w := start(t, func(c *fake.Config) { c.Vaults[0].Secrets = []fake.Secret{{Name: "s-0"}, {Name: "s-1"}} })
	require.NoError(t, w.SetFaults(
		fake.Fault{Kind: fake.Status, Status: 429, Path: "/secrets/s-0/", Count: 1},
		fake.Fault{Kind: fake.Status, Status: 503, RetryAfter: "3600", Path: "/secrets/s-0/"},
		fake.Fault{Kind: fake.Status, Status: 429, DelayMS: 300, Path: "/secrets/s-1/", Count: 1},
	))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan []resolve.Finding)
	go func() {
		found, _ := w.source("{name: my-vault, secrets: [s-0, s-1]}").Find(ctx)
		done <- found
	}()
	w.await(func(c fake.Counters) bool { return c.Reads["my-vault"]["s-1"] == 2 })
	cancel()
	require.Equal(t, "s-0!", values((<-done)[:1]))
}

// TestAWaitIsNeverNegativeNorPastTheDeadline has each result after each number
// of tries, with little time left and with none.
func TestAWaitIsNeverNegativeNorPastTheDeadline(t *testing.T) {
	for _, after := range []time.Duration{0, 1, time.Millisecond, maxRetryAfter} {
		for _, throttled := range []bool{false, true} {
			for _, tried := range []int{1, 2, 9, 10, 64, math.MaxInt} {
				tries := &retryPolicy{pace: pace{first: 10 * time.Microsecond, longest: 20 * time.Microsecond, throttled: 15 * time.Microsecond}}
				v := result{after: after, throttled: throttled}
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				require.Equal(t, after < time.Hour, tries.pause(ctx, v, tried))
				cancel()
				require.False(t, tries.pause(ctx, v, tried), "it has ended")
				tries.pace = defaultPace()
				ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
				require.False(t, tries.pause(ctx, v, tried) && ctx.Err() != nil)
				cancel()
			}
		}
	}
}

func TestRetryAfterIsReadInAllItsForms(t *testing.T) {
	const year = 365 * 24 * time.Hour
	for _, c := range []struct {
		name, text string
		least      time.Duration
	}{
		{"Retry-After", "7", 7 * time.Second}, {"retry-after-ms", "20", 20 * time.Millisecond}, {"x-ms-retry-after-ms", "1500", 1500 * time.Millisecond},
		{"Retry-After", "0", 0}, {"Retry-After", "-1", 0}, {"Retry-After", "1.5", 0}, {"Retry-After", "soon", 0}, {"Retry-After", "", 0}, {"Retry-After", "99999999999999999999", year}, {"Retry-After", "2147483648", year}, {"retry-after-ms", "4294967296", 4294967296 * time.Millisecond},
		{"Retry-After", "2147483647", year}, {"Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT", year}, {"Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT", 0}, {"retry-after-ms", "-5", 0},
	} {
		got := retryAfter(&http.Response{Header: http.Header{http.CanonicalHeaderKey(c.name): {c.text}}})
		require.Equal(t, c.least, got, c.text)
		require.Positive(t, got+got/4+time.Hour, "no sum of waits is past what a duration holds")
	}
	in := time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)
	require.InDelta(t, time.Minute, retryAfter(&http.Response{Header: http.Header{"Retry-After": {in}}}), float64(5*time.Second))
	require.Zero(t, retryAfter(nil))
}

// sdkError is one that the SDK says not to try again.
type sdkError struct{ error }

func (sdkError) NonRetriable()   {}
func (e sdkError) Unwrap() error { return e.error }

func TestNetworkErrorsHaveTheirMessages(t *testing.T) {
	get, err := http.NewRequest(http.MethodGet, "https://my-vault.vault.azure.net/secrets", nil)
	require.NoError(t, err)
	post, err := http.NewRequest(http.MethodPost, "https://my-vault.vault.azure.net/token", nil)
	require.NoError(t, err)
	timeout := &net.OpError{Op: "dial", Err: context.DeadlineExceeded}
	for _, c := range []struct {
		req         *http.Request
		err         error
		want        string
		unavailable bool
	}{
		{get, &net.DNSError{IsNotFound: true}, "no such host: my-vault.vault.azure.net", false},
		{get, &net.DNSError{IsTimeout: true}, "the name of my-vault.vault.azure.net could not be looked up", true},
		{get, proxyError{&net.DNSError{IsNotFound: true}}, "no such host: the proxy to my-vault.vault.azure.net", false},
		{get, timeout, "no answer from my-vault.vault.azure.net", true},
		{get, proxyError{context.DeadlineExceeded}, "no answer from the proxy to my-vault.vault.azure.net", true},
		{get, syscall.EHOSTUNREACH, "my-vault.vault.azure.net: no route to host", true},
		{get, io.ErrUnexpectedEOF, "my-vault.vault.azure.net closed the connection before its answer was complete", true},
		{get, &http.MaxBytesError{}, "my-vault.vault.azure.net sent an answer that is too large", false},
		{get, sdkError{errors.New(value)}, "my-vault.vault.azure.net sent an answer that the Azure SDK rejects", false},
		{post, sdkError{errors.New(value)}, "the request to my-vault.vault.azure.net failed", true},
		{post, sdkError{io.ErrUnexpectedEOF}, "my-vault.vault.azure.net closed the connection before its answer was complete", true},
		{get, errors.New(value), "the request to my-vault.vault.azure.net failed", true},
		{get, refusedTunnel{407, value[:3]}, `the proxy does not connect to my-vault.vault.azure.net: 407 "` + value[:3] + `"`, false},
		{get, proxyError{refusedTunnel{403, ""}}, `the proxy does not connect to my-vault.vault.azure.net: 403 ""`, false},
		{get, proxyError{errors.New(value)}, "the proxy to my-vault.vault.azure.net does not answer as a proxy", true},
		{get, proxyError{syscall.EHOSTUNREACH}, "the proxy to my-vault.vault.azure.net: no route to host", true},
		{get, invalidProxy("HTTPS_PROXY"), "variable HTTPS_PROXY is not the URL of a proxy", false},
	} {
		v := classifyError(c.req, fmt.Errorf("around: %w", c.err), aVault)
		require.EqualError(t, v.problem, aVault+": "+c.want)
		require.Equal(t, c.unavailable, errors.Is(v.problem, resolve.ErrUnavailable), c.want)
		require.NotEmpty(t, v.hint)
	}
}

func TestAHugeAnswerIsNotRead(t *testing.T) {
	w := start(t)
	_, err := w.ask(t.Context(), w.script("https://vault.azure.net", w.Direct, `{"value": [`+strings.Repeat(`{}, `, maxBody/4)+`{}]}`))
	require.ErrorContains(t, err, ": 127.0.0.1 sent an answer that is too large")
}

func TestACanceledContextEndsEveryWait(t *testing.T) {
	w := start(t)
	require.NoError(t, w.SetFaults(fake.Fault{Kind: fake.Silent, Path: "*/token"}))
	ctx, cancel := context.WithCancel(t.Context())
	vaults := New(w.options)
	ends := make(chan error)
	for _, source := range []string{one, "{name: other, secrets: [elsewhere]}"} { // one of them waits for the other's token
		go func() {
			_, err := vaults.Source(specOf(t, source, azure.Clouds{})).Find(ctx)
			ends <- err
		}()
	}
	w.await(func(c fake.Counters) bool { return c.Requests["connect"] >= 2 })
	cancel()
	for range 2 {
		require.ErrorIs(t, <-ends, resolve.ErrUnavailable)
	}
}
