package resolve_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/handler"
	"github.com/seed45446ece/launcher/resolve"
)

// changing is a source whose answer changes, and how often it was asked.
type changing struct {
	answer func() ([]resolve.Finding, error)
	asked  atomic.Int64
}

func (c *changing) Find(context.Context) ([]resolve.Finding, error) {
	c.asked.Add(1)
	return c.answer()
}

// vault is a source that is asked by key.
type vault struct {
	declared []string
	holds    map[string]string
	broken   map[string]error
	asked    *[]string
}

func (v vault) Find(context.Context) ([]resolve.Finding, error) {
	return nil, errors.New("all were asked for")
}

func (v vault) Keys() []string { return v.declared }

func (v vault) Only(key string) resolve.Source {
	return &changing{answer: func() ([]resolve.Finding, error) {
		*v.asked = append(*v.asked, key)
		f := resolve.Finding{Key: key, Where: "vault", Err: v.broken[key]}
		value, ok := v.holds[key]
		if f.Value = resolve.NewValue([]byte(value)); !ok && f.Err == nil {
			f.Err = resolve.Absent("not in the vault")
		}
		return []resolve.Finding{f}, nil
	}}
}

func (v vault) bound() resolve.Bound {
	b := yielding(source("azure_vault"))
	b.Source, b.Remote = v, true
	return b
}

func lookup(warn func(error), refresh time.Duration, sources ...resolve.Bound) *resolve.Lookup {
	return resolve.NewLookup(sources, resolve.LookupOptions{Refresh: refresh, Match: handler.Matches, Warn: warn})
}

// TestAskedOneKeyAfterTheOther is who answers, in whose place.
func TestAskedOneKeyAfterTheOther(t *testing.T) {
	listed := map[string]string{"MY-KEY": "listed", "K": "listed K"}
	outOfOrder := errors.New("out of order")
	for name, c := range map[string]struct {
		sources func(asked *[]string) []resolve.Bound
		key     string
		want    string // the value, or the error's text
		asked   string // of the vault
	}{
		"a local source":   {func(*[]string) []resolve.Bound { return []resolve.Bound{source("env", "K=1")} }, "K", "1", ""},
		"another spelling": {func(*[]string) []resolve.Bound { return []resolve.Bound{source("env", "my-key=1")} }, "MY_KEY", "1", ""},
		"two that would fit": {func(*[]string) []resolve.Bound { return []resolve.Bound{source("env", "my-key=1", "my.key=2")} }, "MY_KEY",
			`secret "MY_KEY": two keys match, "my-key" and "my.key"`, ""},
		"nobody": {func(*[]string) []resolve.Bound { return []resolve.Bound{source("env", "K=1")} }, "L", `secret "L": no source has it`, ""},
		"a declared key": {func(a *[]string) []resolve.Bound {
			return []resolve.Bound{vault{[]string{"K"}, listed, nil, a}.bound()}
		}, "k", "listed K", "K"},
		"a declared key that does not exist": {func(a *[]string) []resolve.Bound {
			return []resolve.Bound{vault{[]string{"L"}, listed, nil, a}.bound()}
		}, "L", `secret "L": azure_vault: not in the vault`, "L"},
		"a key that is not declared": {func(a *[]string) []resolve.Bound {
			return []resolve.Bound{vault{[]string{"L"}, listed, nil, a}.bound()}
		}, "K", `secret "K": no source has it`, ""},
		"all keys": {func(a *[]string) []resolve.Bound { return []resolve.Bound{vault{nil, listed, nil, a}.bound()} }, "MY-KEY", "listed", "MY-KEY"},
		"all keys, and not that one": {func(a *[]string) []resolve.Bound { return []resolve.Bound{vault{nil, listed, nil, a}.bound()} }, "L",
			`secret "L": no source has it`, "L"},
		"a failure": {func(a *[]string) []resolve.Bound {
			return []resolve.Bound{source("env", "L=1"), vault{nil, nil, map[string]error{"K": outOfOrder}, a}.bound()}
		}, "K", `secret "K": azure_vault: out of order`, "K"},
		"the group of inline wins": {func(a *[]string) []resolve.Bound {
			return []resolve.Bound{source("inline", "K=1"), vault{[]string{"K"}, listed, nil, a}.bound()}
		}, "K", "1", ""},
		"a later one wins": {func(a *[]string) []resolve.Bound {
			return []resolve.Bound{yielding(source("kubernetes", "K=1")), vault{[]string{"K"}, listed, nil, a}.bound()}
		}, "K", "listed K", "K"},
		"an earlier one, where the later has it not": {func(a *[]string) []resolve.Bound {
			return []resolve.Bound{yielding(source("kubernetes", "L=1")), vault{[]string{"L"}, listed, nil, a}.bound()}
		}, "L", "1", "L"},
		"a prefix": {func(a *[]string) []resolve.Bound {
			return []resolve.Bound{prefixed("APP_", vault{[]string{"K"}, listed, nil, a}.bound())}
		}, "app_k", "listed K", "K"},
		"a prefix and all keys": {func(a *[]string) []resolve.Bound {
			return []resolve.Bound{prefixed("APP_", vault{nil, listed, nil, a}.bound())}
		}, "app-K", "listed K", "K"},
		"without the prefix": {func(a *[]string) []resolve.Bound {
			return []resolve.Bound{prefixed("APP_", vault{nil, listed, nil, a}.bound())}
		}, "K", `secret "K": no source has it`, ""},
		"the prefix alone": {func(a *[]string) []resolve.Bound {
			return []resolve.Bound{prefixed("APP_", vault{nil, listed, nil, a}.bound())}
		}, "APP_", `secret "APP_": no source has it`, ""},
		"a missing key of another": {func(a *[]string) []resolve.Bound {
			return []resolve.Bound{source("env", "GONE"), vault{nil, listed, nil, a}.bound()}
		}, "K", "listed K", "K"},
		"a default": {func(a *[]string) []resolve.Bound {
			return []resolve.Bound{withDefaults(source("env", "K"), "K=default of K"), vault{[]string{"L"}, listed, nil, a}.bound()}
		}, "k", "default of K", ""},
		"a default, and a value in the vault": {func(a *[]string) []resolve.Bound {
			return []resolve.Bound{withDefaults(source("env", "K"), "K=default of K"), vault{nil, listed, nil, a}.bound()}
		}, "K", "listed K", "K"},
		"a default in a vault": {func(a *[]string) []resolve.Bound {
			b := vault{[]string{"L"}, listed, nil, a}.bound()
			b.Source, b.Prefix = defaulted{b.Source.(resolve.Keyed), defaults("L=default of L")}, "P_"
			return []resolve.Bound{b}
		}, "p-l", "default of L", "L"},
		"a default in a vault that fails": {func(a *[]string) []resolve.Bound {
			b := vault{[]string{"L"}, listed, map[string]error{"L": outOfOrder}, a}.bound()
			b.Source = defaulted{b.Source.(resolve.Keyed), defaults("L=default of L")}
			return []resolve.Bound{b}
		}, "L", `secret "L": azure_vault: out of order`, "L"},
		"one missing, and not in the vault": {func(a *[]string) []resolve.Bound {
			return []resolve.Bound{source("env", "GONE"), vault{nil, listed, nil, a}.bound()}
		}, "GONE", `secret "GONE": env: it does not exist`, "GONE"},
	} {
		t.Run(name, func(t *testing.T) {
			var asked []string
			a := lookup(nil, 0, c.sources(&asked)...)
			_, err := a.Begin(t.Context())
			require.NoError(t, err)
			require.Empty(t, asked, "nothing is asked for before somebody asks")
			value, err := a.Find(t.Context(), c.key)
			if err != nil {
				require.EqualError(t, err, c.want)
			} else {
				require.Equal(t, c.want, string(value.Reveal()))
			}
			require.Equal(t, c.asked, strings.Join(asked, " "))
		})
	}
}

// TestBeginFailsAsResolveDoes but for what a vault may still have.
func TestBeginFailsAsResolveDoes(t *testing.T) {
	var asked []string
	for _, c := range []struct {
		sources []resolve.Bound
		want    string
	}{
		{[]resolve.Bound{source("env", "K", "L")}, "secret \"K\": env: it does not exist\nsecret \"L\": env: it does not exist"},
		{[]resolve.Bound{source("env", "K"), vault{[]string{"K"}, nil, nil, &asked}.bound()}, ""},
		{[]resolve.Bound{source("env", "K"), vault{[]string{"L"}, nil, nil, &asked}.bound()}, `secret "K": env: it does not exist`},
		{[]resolve.Bound{source("env", "K"), vault{nil, nil, nil, &asked}.bound()}, ""},
		{[]resolve.Bound{source("env", "K!"), vault{nil, nil, nil, &asked}.bound()}, `secret "K": env: out of order`},
		{[]resolve.Bound{failing("file", errors.New("broken")), vault{nil, nil, nil, &asked}.bound()}, "task:7:5: file: broken"},
	} {
		_, err := lookup(nil, 0, c.sources...).Begin(t.Context())
		if c.want == "" {
			require.NoError(t, err)
		} else {
			require.EqualError(t, err, c.want)
		}
	}
	require.Empty(t, asked)
}

// TestAnswersAreKeptUntilTheyAreOld counts how often a source is asked.
func TestAnswersAreKeptUntilTheyAreOld(t *testing.T) {
	found := func(value string) ([]resolve.Finding, error) {
		return []resolve.Finding{{Key: "K", Where: "here", Value: resolve.NewValue([]byte(value))}}, nil
	}
	for _, refresh := range []time.Duration{0, time.Hour, time.Nanosecond} {
		var warned []string
		s := &changing{answer: func() ([]resolve.Finding, error) { return found("first") }}
		b := source("file")
		b.Source = s
		a := lookup(func(err error) { warned = append(warned, err.Error()) }, refresh, b)
		ask := func() string {
			value, err := a.Find(t.Context(), "K")
			if err != nil {
				return err.Error()
			}
			return string(value.Reveal())
		}
		require.Equal(t, "first", ask())
		s.answer = func() ([]resolve.Finding, error) { return found("second") }
		if refresh != time.Nanosecond {
			require.Equal(t, "first", ask())
			require.EqualValues(t, 1, s.asked.Load())
			continue
		}
		require.Equal(t, "second", ask())
		s.answer = func() ([]resolve.Finding, error) { return nil, resolve.Unavailable("throttled") }
		require.Equal(t, "second", ask())
		require.Equal(t, []string{"the previous value is used: throttled"}, slices.Compact(warned))
		s.answer = func() ([]resolve.Finding, error) { return nil, errors.New("refused") }
		require.Equal(t, "task:7:5: file: refused", ask())
		s.answer = func() ([]resolve.Finding, error) { return found("third") }
		require.Equal(t, "third", ask())
		s.answer = func() ([]resolve.Finding, error) { return nil, nil }
		require.Equal(t, `secret "K": no source has it`, ask())
	}
}

// TestAnAnswerThatFailedIsNotKept asks again, also without --refresh.
func TestAnAnswerThatFailedIsNotKept(t *testing.T) {
	var asked []string
	v := vault{[]string{"K"}, map[string]string{}, map[string]error{"K": resolve.Unavailable("throttled")}, &asked}
	a := lookup(nil, 0, v.bound())
	_, err := a.Find(t.Context(), "K")
	require.ErrorIs(t, err, resolve.ErrUnavailable)
	require.NotErrorIs(t, err, resolve.ErrAbsent)
	delete(v.broken, "K")
	_, err = a.Find(t.Context(), "K")
	require.ErrorIs(t, err, resolve.ErrAbsent)
	v.holds["K"] = "1"
	for range 3 {
		value, err := a.Find(t.Context(), "K")
		require.NoError(t, err)
		require.Equal(t, "1", string(value.Reveal()))
	}
	require.Len(t, asked, 3)
}

// hanging is a source that answers once, and then not any more.
type hanging struct{ asked atomic.Int64 }

func (h *hanging) Find(ctx context.Context) ([]resolve.Finding, error) {
	if h.asked.Add(1) > 1 {
		<-ctx.Done()
	}
	return []resolve.Finding{{Key: "K", Where: "here", Value: resolve.NewValue([]byte("first"))}}, nil
}

// TestTheValueFromBeforeServesWhileASourceHangs, and nobody waits for the source
// to the end of a long deadline, nor each who asks.
func TestTheValueFromBeforeServesWhileASourceHangs(t *testing.T) {
	for _, deadline := range []time.Duration{time.Second, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			warned := 0
			h := &hanging{}
			b := source("file")
			b.Source = h
			a := lookup(func(error) { warned++ }, time.Hour, b)
			ask := func() time.Duration {
				ctx, cancel := context.WithTimeout(t.Context(), deadline)
				defer cancel()
				began := time.Now()
				value, err := a.Find(ctx, "K")
				require.NoError(t, err)
				require.Equal(t, "first", string(value.Reveal()))
				return time.Since(began)
			}
			ask()
			time.Sleep(time.Hour)
			require.Equal(t, min(deadline, 5*time.Second), ask())
			require.Zero(t, ask())
			require.EqualValues(t, 2, h.asked.Load())
			require.Equal(t, 1, warned)
			time.Sleep(time.Minute)
			require.NotZero(t, ask(), "it is asked again, and soon")
		})
	}
}

// TestOneWhoGoesAwayIsNoFaultOfTheSource has the next one who asks get a new
// answer.
func TestOneWhoGoesAwayIsNoFaultOfTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hanging{}
		b := source("file")
		b.Source = h
		a := lookup(func(err error) { require.NoError(t, err) }, time.Hour, b)
		_, err := a.Find(t.Context(), "K")
		require.NoError(t, err)
		time.Sleep(time.Hour)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = a.Find(gone, "K")
		require.NoError(t, err)
		h.asked.Store(0)
		_, err = a.Find(t.Context(), "K")
		require.NoError(t, err)
		require.EqualValues(t, 1, h.asked.Load())
	})
}
