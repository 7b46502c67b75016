package resolve_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/sourcetest"
)

func TestNewEnvironReadsWhatGetenvWould(t *testing.T) {
	for name, c := range map[string]struct {
		entries []string
		want    resolve.Environ
	}{
		"nothing":                       {nil, resolve.Environ{}},
		"one":                           {[]string{"A=1"}, resolve.Environ{"A": "1"}},
		"an empty value":                {[]string{"A="}, resolve.Environ{"A": ""}},
		"the first equals sign":         {[]string{"A==b=c"}, resolve.Environ{"A": "=b=c"}},
		"the first of a name":           {[]string{"A=1", "B=2", "A=3"}, resolve.Environ{"A": "1", "B": "2"}},
		"the first, though it is empty": {[]string{"A=", "A=3"}, resolve.Environ{"A": ""}},
		"letter case":                   {[]string{"a=1", "A=2"}, resolve.Environ{"a": "1", "A": "2"}},
		"an entry without equals":       {[]string{"A", "", "B=2"}, resolve.Environ{"B": "2"}},
		"an entry without a name":       {[]string{"=A=1", "=", "B=2"}, resolve.Environ{"B": "2"}},
		"bytes that are not UTF-8":      {[]string{"A\xff=\xfe"}, resolve.Environ{"A\xff": "\xfe"}},
		"a value of lines":              {[]string{"A=1\nB=2"}, resolve.Environ{"A": "1\nB=2"}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, resolve.NewEnviron(c.entries)) })
	}
}

func TestWithPrefixIsSorted(t *testing.T) {
	environ := resolve.Environ{"P_C": "", "P_A": "", "P_": "", "p_B": "", "XP_D": "", "P": ""}
	require.Equal(t, []string{"P_", "P_A", "P_C"}, environ.WithPrefix("P_"))
	require.Empty(t, environ.WithPrefix("Q"))
	require.Len(t, environ.WithPrefix(""), 6)
}

func TestEnvironFindTakesTheFirstVariableThatIsSet(t *testing.T) {
	environ := resolve.Environ{"B": "b", "C": "c", "EMPTY": ""}
	found := environ.Find("key", "A", "B", "C")
	require.NoError(t, found.Err)
	require.Equal(t, "key", found.Key)
	require.Equal(t, "variable B", found.Where)
	require.Equal(t, "b", string(found.Value.Reveal()))

	found = environ.Find("key", "EMPTY", "B")
	require.NoError(t, found.Err)
	require.Equal(t, []byte{}, found.Value.Reveal())
}

func TestEnvironFindNamesEveryVariableThatIsNotSet(t *testing.T) {
	for _, c := range []struct {
		names       []string
		where, want string
	}{
		{[]string{"A"}, "variable A", "variable A is not set"},
		{[]string{"A", "B"}, "variable A, B", "variable A is not set, nor is B"},
		{[]string{"A", "B", "C"}, "variable A, B, C", "variable A is not set, nor is B, C"},
	} {
		found := resolve.Environ{"Z": "z"}.Find("key", c.names...)
		require.EqualError(t, found.Err, c.want)
		require.ErrorIs(t, found.Err, resolve.ErrAbsent)
		require.Equal(t, c.where, found.Where)
		require.Nil(t, found.Value.Reveal())
	}
}

func TestAnEnvironPrintsNoValueAndNoName(t *testing.T) {
	environ := resolve.Environ{"NAME-" + sourcetest.Canary: sourcetest.Canary}
	type seen struct{ Environ resolve.Environ }
	for _, v := range []any{environ, &environ, []any{environ}, seen{environ}, &seen{environ}, map[string]any{"e": environ}} {
		text := sourcetest.Printed(v)
		require.Contains(t, text, "[environment]")
		sourcetest.RequireHidden(t, text, sourcetest.Canary)
	}
}
