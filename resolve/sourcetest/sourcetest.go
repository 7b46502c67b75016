// Package sourcetest is the conformance suite that every source of secrets
// passes: what a task's author counts on, whatever the kind.
//
// It owns the table of hostile values. It refuses a source that changes a byte,
// takes a missing key for an empty one, or prints a value. Only tests import
// it. Data flows Suite -> resolve.Source -> its findings.
package sourcetest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve"
)

// Suite is a source as the suite knows it. What it leaves out is the usual: the
// source carries every value, refuses none and spells every key.
type Suite struct {
	// Open is a new source of a place that holds these values. It declares the
	// keys, in their order; without any it declares none, and answers with all.
	// The error is the declaration's.
	Open func(t *testing.T, holds map[string]string, keys ...string) (resolve.Source, error)

	// Declares reports that the source can declare a key that its place does
	// not hold.
	Declares bool

	// Lists reports that the source without declared keys answers with all.
	Lists bool

	// Carries reports whether the place has a way to write the value at all.
	Carries func(value string) bool

	// Refuses reports whether the source says no to a value that is written.
	Refuses func(value string) bool

	// Spells reports whether the place, or the declaration, has a way to write
	// the key.
	Spells func(key string) bool
}

func always(string) bool { return true }
func never(string) bool  { return false }

// Run holds a source to the suite.
func Run(t *testing.T, s Suite) {
	if s.Carries == nil {
		s.Carries = always
	}
	if s.Refuses == nil {
		s.Refuses = never
	}
	if s.Spells == nil {
		s.Spells = always
	}
	t.Run("finds exactly the bytes", s.findsExactly)
	t.Run("refuses what it cannot carry", s.refusesValues)
	t.Run("a missing key is absent, by its name, and not empty", s.missing)
	t.Run("answers with all keys where none is declared", s.lists)
	t.Run("a second Find is the same, in the same order", s.findsTheSameAgain)
	t.Run("many at once are the same", s.concurrent)
	t.Run("a context that has ended ends it", s.returnsWhenEnded)
	t.Run("prints no value", s.printsNoValue)
	t.Run("a key that no delivery carries is refused", s.badKeys)
}

// open returns a source that opens, with the keys that its place holds.
func (s Suite) open(t *testing.T, holds map[string]string, keys ...string) resolve.Source {
	t.Helper()
	source, err := s.Open(t, holds, keys...)
	require.NoError(t, err)
	return source
}

// declared returns the keys to declare so that all of them are found.
func (s Suite) declared(holds map[string]string) []string {
	if !s.Declares {
		return nil
	}
	return slices.Sorted(maps.Keys(holds))
}

// values returns the found values by key; a finding with an error fails the test.
func values(t *testing.T, found []resolve.Finding) map[string]string {
	t.Helper()
	values := map[string]string{}
	for _, f := range found {
		require.NoError(t, f.Err)
		require.NotEmpty(t, f.Where)
		require.NotContains(t, values, f.Key)
		values[f.Key] = string(f.Value.Reveal())
	}
	return values
}

func (s Suite) findsExactly(t *testing.T) {
	for _, v := range Values {
		if s.Refuses(v.Value) || !s.Carries(v.Value) {
			continue
		}
		t.Run(v.Name, func(t *testing.T) {
			holds := map[string]string{"BEFORE": "1", "KEY": v.Value, "Z": "2"}
			found, err := s.open(t, holds, s.declared(holds)...).Find(t.Context())
			require.NoError(t, err)
			require.True(t, maps.Equal(holds, values(t, found)), "another value was found") // without printing a MiB
		})
	}
}

func (s Suite) refusesValues(t *testing.T) {
	for _, v := range Values {
		if !s.Refuses(v.Value) || !s.Carries(v.Value) {
			continue
		}
		t.Run(v.Name, func(t *testing.T) {
			holds := map[string]string{"BEFORE": "1", "KEY": v.Value, "Z": "2"}
			err := s.resolve(t, holds)
			require.Error(t, err)
			require.NotErrorIs(t, err, resolve.ErrAbsent)
			RequireHidden(t, err.Error(), v.Value)
		})
	}
}

// resolve returns the error of a declaration, or of resolving it.
func (s Suite) resolve(t *testing.T, holds map[string]string) error {
	source, err := s.Open(t, holds, s.declared(holds)...)
	if err == nil {
		_, err = resolve.Resolve(t.Context(), []resolve.Bound{{Source: source}})
	}
	return err
}

func (s Suite) missing(t *testing.T) {
	if !s.Declares {
		return
	}
	source := s.open(t, map[string]string{"EMPTY": "", "HELD": Canary}, "ABSENT", "EMPTY", "HELD", "ABSENT_TOO")
	found, err := source.Find(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"ABSENT", "EMPTY", "HELD", "ABSENT_TOO"}, keysOf(found))
	for _, f := range found {
		require.NotEmpty(t, f.Where)
		if strings.HasPrefix(f.Key, "ABSENT") {
			require.ErrorIs(t, f.Err, resolve.ErrAbsent)
			require.NotErrorIs(t, f.Err, resolve.ErrUnavailable)
			require.Nil(t, f.Value.Reveal())
		}
	}
	require.Equal(t, map[string]string{"EMPTY": "", "HELD": Canary}, values(t, found[1:3]))

	_, err = resolve.Resolve(t.Context(), []resolve.Bound{{Source: source}})
	require.ErrorContains(t, err, `secret "ABSENT": `)
	require.ErrorContains(t, err, `secret "ABSENT_TOO": `)
	RequireHidden(t, err.Error(), Canary)
}

func keysOf(found []resolve.Finding) []string {
	var keys []string
	for _, f := range found {
		keys = append(keys, f.Key)
	}
	return keys
}

func (s Suite) lists(t *testing.T) {
	if !s.Lists {
		return
	}
	for _, holds := range []map[string]string{{"A": "1", "B": "", "C": Canary}, {"ONE": "1"}, {}} {
		found, err := s.open(t, holds).Find(t.Context())
		require.NoError(t, err)
		require.Equal(t, holds, values(t, found))
	}
}

// many returns so many keys that a map gives them in another order each time.
func many() map[string]string {
	holds := map[string]string{}
	for c := 'A'; c <= 'Z'; c++ {
		holds["KEY_"+string(c)] = Canary + string(c)
	}
	return holds
}

func (s Suite) findsTheSameAgain(t *testing.T) {
	holds := many()
	source := s.open(t, holds, s.declared(holds)...)
	first, err := source.Find(t.Context())
	require.NoError(t, err)
	require.Equal(t, holds, values(t, first))
	for range 10 {
		second, err := source.Find(t.Context())
		require.NoError(t, err)
		requireSame(t, first, second)
	}
}

func requireSame(t *testing.T, a, b []resolve.Finding) {
	t.Helper()
	require.Equal(t, keysOf(a), keysOf(b))
	require.Equal(t, values(t, a), values(t, b))
	for i := range a {
		require.Equal(t, a[i].Where, b[i].Where)
	}
}

// outcome is what one Find had to say.
type outcome struct {
	found []resolve.Finding
	err   error
}

func (s Suite) concurrent(t *testing.T) {
	holds := many()
	source := s.open(t, holds, s.declared(holds)...)
	outcomes := make(chan outcome)
	const times = 8
	for range times {
		go func() {
			found, err := source.Find(t.Context())
			outcomes <- outcome{found, err}
		}()
	}
	for range times {
		o := <-outcomes
		require.NoError(t, o.err)
		require.Equal(t, holds, values(t, o.found))
	}
}

// promptLimit is far above what a Find takes that does not wait.
const promptLimit = 20 * time.Second

func (s Suite) returnsWhenEnded(t *testing.T) {
	holds := many()
	source := s.open(t, holds, s.declared(holds)...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	done := make(chan outcome, 1)
	go func() {
		found, err := source.Find(ctx)
		done <- outcome{found, err}
	}()
	select {
	case o := <-done:
		require.NotErrorIs(t, o.err, resolve.ErrAbsent)
		for _, f := range o.found {
			require.True(t, f.Err == nil || errors.Is(f.Err, context.Canceled) || errors.Is(f.Err, resolve.ErrUnavailable), "%v", f.Err)
		}
	case <-time.After(promptLimit):
		t.Fatal("Find does not return")
	}
	_, err := resolve.Resolve(ctx, []resolve.Bound{{Source: source}})
	require.ErrorIs(t, err, resolve.ErrUnavailable)
}

func (s Suite) badKeys(t *testing.T) {
	for name, key := range map[string]string{
		"a separator": "A/B", "a separator of Windows": `A\B`, "an equals sign": "A=" + Canary, "two dots": "..", "a dot": ".",
		"a control character": "A\x01B", "a line end": "A\nB", "not UTF-8": "A\xffB", "too long": strings.Repeat("K", 254),
		"empty": "", "a C1 control": "A\u0085B", "NUL": "A\x00B",
	} {
		if !s.Spells(key) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			err := s.resolve(t, map[string]string{key: Canary})
			require.Error(t, err)
			RequireHidden(t, err.Error(), Canary)
		})
	}
}
