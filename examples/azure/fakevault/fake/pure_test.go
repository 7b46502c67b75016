package fake

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestALimiterBeginsItsWindowWithTheFirstRead(t *testing.T) {
	throttle, now := &Throttle{Reads: 2, WindowMS: 1000}, time.Unix(1700000000, 0)
	var l limiter
	for _, step := range []struct {
		after time.Duration
		ok    bool
		left  time.Duration
	}{
		{0, true, 0},
		{100 * time.Millisecond, true, 0},
		{200 * time.Millisecond, false, 800 * time.Millisecond},
		{999 * time.Millisecond, false, time.Millisecond},
		{1000 * time.Millisecond, true, 0},
		{1900 * time.Millisecond, true, 0},
		{1950 * time.Millisecond, false, 50 * time.Millisecond},
		{9000 * time.Millisecond, true, 0},
	} {
		left, ok := l.allow(throttle, now.Add(step.after))
		require.Equal(t, step.ok, ok, step.after)
		require.Equal(t, step.left, left, step.after)
	}
	for range 100 {
		_, ok := l.allow(nil, now)
		require.True(t, ok)
	}
}

func TestRetryAfterIsWholeSecondsRoundedUp(t *testing.T) {
	for left, header := range map[time.Duration]string{time.Millisecond: "1", time.Second: "1", 1001 * time.Millisecond: "2", 10 * time.Second: "10"} {
		require.Equal(t, header, throttled(&Throttle{RetryAfter: "window"}, left).header.Get("Retry-After"))
	}
}

func TestAPattern(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		like          bool
	}{
		{"", "anything", true},
		{"*", "", true},
		{"/secrets", "/secrets", true},
		{"/secrets", "/secrets/a", false},
		{"/secrets/*", "/secrets/a/b/", true},
		{"/secrets/*", "/secrets", false},
		{"*/token", "/tenant/oauth2/v2.0/token", true},
		{"*/token", "/token/x", false},
		{"/a*b*c", "/a-b-b-c", true},
		{"/a*b*c", "/a-c", false},
		{"/a*a", "/a", false},
	} {
		require.Equal(t, c.like, matches(c.pattern, c.text), "%q %q", c.pattern, c.text)
	}
}

func TestAConfigurationIsRefusedWithoutItsValues(t *testing.T) {
	for text, says := range map[string]string{
		"vaults: [{name: a}]":                                                       `vault "a" needs a name and a tenant`,
		"vaults: [{name: a, tenant: t, model: canary}]":                             `vault "a": model is rbac or policy`,
		"vaults: [{name: a, tenant: t, throttle: {reads: 1}}]":                      `vault "a": a throttle needs reads and window_ms`,
		"principals: [{tenant: t}]":                                                 "principal 1 needs a tenant and a client_id",
		"principals: [{tenant: t, client_id: c, secrets: [1234321]}]":               `"principals.secrets" must be a string`,
		"vaults: [{name: a, tenant: t, secrets: [{name: b, value: canary, x: 1}]}]": `unknown field "x"`,
		"faults: [{kind: status}]":                                                  "a status fault needs a status from 200 to 599",
	} {
		config, err := Parse("test.yaml", []byte(text))
		if err == nil {
			_, err = Start(Options{Dir: t.TempDir(), Config: config})
		}
		require.ErrorContains(t, err, says)
		require.NotContains(t, err.Error(), "canary")
		require.NotContains(t, err.Error(), "1234321")
	}
}

// FuzzRefusals gives the parsers what they are given by strangers: nothing of it
// panics.
func FuzzRefusals(f *testing.F) {
	f.Add("vaults: [{name: a, tenant: t}]", "e30.e30.c2ln", "/secrets/*", "/secrets/a")
	f.Add(`{"faults": [{"kind": "slow", "delay_ms": 5}]}`, "e30.eyJpc3MiOiJhIn0.", "*a*", "aaa")
	f.Add("- 1", "..", "**", "")
	f.Fuzz(func(t *testing.T, config, assertion, pattern, text string) {
		if parsed, err := Parse("fuzz", []byte(config)); err == nil {
			_, _ = newWorld(parsed)
		}
		_, _ = readAssertion(assertion)
		require.True(t, !matches(pattern, text) || matches("*"+pattern+"*", text) || pattern == "")
	})
}
