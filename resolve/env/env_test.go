package env

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/sourcetest"
)

// declare is the declaration of an env source, from its YAML.
func declare(t *testing.T, source string) resolve.Declaration {
	node, err := document.Parse("task", []byte(source))
	require.NoError(t, err)
	return resolve.Declaration{Kind: "env", Source: node, At: node.At}
}

// list is a declaration of names.
func list(names ...string) resolve.Declaration {
	node := &document.Node{Kind: document.List}
	for _, name := range names {
		node.Items = append(node.Items, &document.Node{Kind: document.String, Text: name})
	}
	return resolve.Declaration{Source: node}
}

func TestConformance(t *testing.T) {
	noNUL := func(s string) bool { return !strings.ContainsRune(s, 0) }
	for name, declare := range map[string]func(keys []string) resolve.Declaration{
		"a list": func(keys []string) resolve.Declaration { return list(keys...) },
		"a string": func(keys []string) resolve.Declaration {
			return resolve.Declaration{Source: &document.Node{Kind: document.String, Text: strings.Join(keys, " , ")}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			sourcetest.Run(t, sourcetest.Suite{
				Open: func(_ *testing.T, holds map[string]string, keys ...string) (resolve.Source, error) {
					return New(declare(keys), resolve.NewEnviron(entries(holds)))
				},
				Declares: true, Carries: noNUL,
			})
		})
	}
}

func entries(holds map[string]string) []string {
	var entries []string
	for name, value := range holds {
		entries = append(entries, name+"="+value)
	}
	return entries
}

func TestNewReadsNames(t *testing.T) {
	for source, want := range map[string]string{
		"A": "A", "A,B": "A B", `" A ,\tB\n"`: "A B", "[A, B]": "A B", "[A]": "A", "[]": "",
		"[1, true, 1.10]": "1 true 1.10", `"B,A"`: "B A", "[a.b-c]": "a.b-c",
	} {
		s, err := New(declare(t, source), nil)
		require.NoError(t, err, source)
		require.Equal(t, want, strings.Join(s.Variables(), " "), source)
	}
}

func TestFindKeepsTheDeclaredOrder(t *testing.T) {
	s, err := New(declare(t, "Z, A, M"), resolve.Environ{"A": "1", "M": "", "Z": "3", "Q": "4"})
	require.NoError(t, err)
	found, err := s.Find(t.Context())
	require.NoError(t, err)
	var order []string
	for _, f := range found {
		require.NoError(t, f.Err)
		order = append(order, f.Key+"="+string(f.Value.Reveal())+" "+f.Where)
	}
	require.Equal(t, []string{"Z=3 variable Z", "A=1 variable A", "M= variable M"}, order)
}

func TestNewNamesEveryProblemWithItsPlace(t *testing.T) {
	for source, want := range map[string]string{
		`""`:           "task:1:1: an env source has an empty name",
		`"A,,B,"`:      "task:1:1: an env source has an empty name\ntask:1:1: an env source has an empty name",
		`","`:          "task:1:1: an env source has an empty name\ntask:1:1: an env source has an empty name",
		"A, B, A":      `task:1:1: duplicate key "A" in an env source`,
		"[A, B, A]":    `task:1:8: duplicate key "A" in an env source`,
		"[A, ~]":       "task:1:5: an env source must hold keys, not null",
		"[A, [B], {}]": "task:1:5: an env source must hold keys, not a list\ntask:1:10: an env source has a map without a key",
		"{A: B}":       "task:1:1: an env source must be a list, not a map",
		"12":           "task:1:1: an env source must be a list, not a number",
		"~":            "task:1:1: an env source must be a list, not null",
		"true":         "task:1:1: an env source must be a list, not a boolean",
		"A/B":          "task:1:1: text that is not a key: it holds a punctuation character",
		"A B, ключ":    "task:1:1: text that is not a key: it holds a blank\ntask:1:1: text that is not a key: it holds a character that is not ASCII",
		`["A\u0000"]`:  "task:1:2: text that is not a key: it holds a control character",
		`[A, ""]`:      "task:1:5: an env source has an empty name",
		"[A, B:c]":     `task:1:5: "B…" is not a key: a blank is missing after the colon`,
	} {
		t.Run(source, func(t *testing.T) {
			_, err := New(declare(t, source), nil)
			require.EqualError(t, err, want)
		})
	}
}

// -s env=DB_PASSWORD=hunter2
func TestNoProblemShowsWhatFollowsAnEqualsSign(t *testing.T) {
	for _, d := range []resolve.Declaration{
		list("DB=hunter2", "DB=hunter2", "A"),
		{Source: &document.Node{Kind: document.String, Text: "A, DB=hunter2, DB=hunter2"}},
	} {
		_, err := New(d, nil)
		require.ErrorContains(t, err, `"DB…" is not a key: it is followed by a value`)
		require.NotContains(t, err.Error(), "hunter2")
	}
}

func TestASourcePrintsNothingOfTheEnvironment(t *testing.T) {
	s, err := New(list("A"), resolve.Environ{"A": sourcetest.Canary, "OTHER": sourcetest.Canary})
	require.NoError(t, err)
	sourcetest.RequireHidden(t, sourcetest.Printed(s), sourcetest.Canary)
	sourcetest.RequireHidden(t, sourcetest.Printed(struct{ hidden Source }{s}), sourcetest.Canary)
}
