package inline

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/sourcetest"
)

// declare is the declaration of an inline source, from its YAML or JSON.
func declare(t *testing.T, source string) resolve.Declaration {
	node, err := document.Parse("task", []byte(source))
	require.NoError(t, err)
	return resolve.Declaration{Kind: "inline", Source: node, At: node.At}
}

// form is one way to write a map of values; "" is a value that is null.
type form struct {
	open, close string
	text        func(s string) string
	bytes       func(s string) string
	null        string
}

func inJSON(s string) string {
	text, _ := json.Marshal(s) // a string has no way to fail
	return string(text)
}

// inYAML escapes the one character that JSON has as it is and YAML does not.
func inYAML(s string) string { return strings.ReplaceAll(inJSON(s), "\u0085", `\u0085`) }

func inPython(s string) string {
	var b strings.Builder
	for _, r := range s {
		fmt.Fprintf(&b, `\U%08x`, r)
	}
	return "'" + b.String() + "'"
}

var forms = map[string]form{
	"JSON":   {"{", "}", inJSON, nil, "null"},
	"YAML":   {"# YAML\n{", "}", inYAML, func(s string) string { return "!!binary " + base64.StdEncoding.EncodeToString([]byte(s)) }, "~"},
	"Python": {"{", "}", inPython, nil, "None"},
}

func (f form) write(holds map[string]string, keys []string) string {
	if len(keys) == 0 {
		keys = slices.Sorted(maps.Keys(holds))
	}
	var members []string
	for _, key := range keys {
		member := f.text(key) + ": " + f.null
		switch value, ok := holds[key]; {
		case ok && utf8.ValidString(value):
			member = f.text(key) + ": " + f.text(value)
		case ok:
			member = f.text(key) + ": " + f.bytes(value)
		}
		members = append(members, member)
	}
	return f.open + strings.Join(members, ", ") + f.close
}

func TestConformance(t *testing.T) {
	for name, f := range forms {
		for kind, asString := range map[string]bool{"a map": false, "a literal in a string": true} {
			if name == "YAML" && asString || name == "Python" && !asString {
				continue // a YAML map is no literal, and a Python literal no document
			}
			t.Run(name+", "+kind, func(t *testing.T) {
				sourcetest.Run(t, sourcetest.Suite{
					Open: func(t *testing.T, holds map[string]string, keys ...string) (resolve.Source, error) {
						text := f.write(holds, keys)
						if asString {
							at := document.Position{Origin: "task", Line: 1, Column: 9}
							return New(resolve.Declaration{Source: &document.Node{Kind: document.String, Text: text, At: at}})
						}
						return New(declare(t, text))
					},
					Declares: true, Lists: true, Spells: utf8.ValidString,
					Carries: func(value string) bool { return f.bytes != nil || utf8.ValidString(value) },
				})
			})
		}
	}
}

// find is KEY=value for each key, or the error.
func find(t *testing.T, d resolve.Declaration) string {
	source, err := New(d)
	require.NoError(t, err)
	findings, err := source.Find(t.Context())
	require.NoError(t, err)
	var list []string
	for _, f := range findings {
		if f.Err != nil {
			require.ErrorIs(t, f.Err, resolve.ErrAbsent)
			list = append(list, f.Key+" "+f.Where+" "+f.Err.Error())
			continue
		}
		list = append(list, f.Key+"="+string(f.Value.Reveal())+" "+f.Where)
	}
	return strings.Join(list, "\n")
}

func TestAScalarKeepsItsText(t *testing.T) {
	for text, want := range map[string]string{
		"012": "012", "1.10": "1.10", "0x1F": "0x1F", "1_000": "1_000", "+1": "+1", ".5": ".5", "1e3": "1e3", ".inf": ".inf",
		"true": "true", "True": "True", "yes": "yes", "no": "no", "on": "on", "2026-01-01": "2026-01-01", "12:30": "12:30",
		"123456789012345678901234567890": "123456789012345678901234567890", "!!str 12": "12", "!!int 12": "12",
		"'quoted'": "quoted", `"a\tb"`: "a\tb", "plain # c": "plain", "|\n  a\n  b\n": "a\nb\n", ">\n  a\n  b\n": "a b\n",
		"''": "", "!!binary AP8=": "\x00\xff", "!!str": "",
	} {
		t.Run(text, func(t *testing.T) {
			require.Equal(t, "K="+want+" task:1:4", find(t, declare(t, "K: "+text+"\n")))
		})
	}
	for text, want := range map[string]string{"012": "012", "True": "True", "1.10": "1.10", "0x1F": "0x1F"} {
		t.Run("Python "+text, func(t *testing.T) {
			require.Equal(t, "K="+want+" task:1:1", find(t, declare(t, `"{'K': `+text+`}"`)))
		})
	}
}

func TestNullIsAbsentAndSaysWhere(t *testing.T) {
	for null, column := range map[string]string{"": "3", "~": "4", "null": "4", "Null": "4", "!!null ''": "4"} {
		want := "K task:2:@ the value at task:2:@ is null\nL=1 task:3:4"
		require.Equal(t, strings.ReplaceAll(want, "@", column), find(t, declare(t, "\nK: "+null+"\nL: 1")))
	}
	require.Equal(t, "K task:1:1 the value at task:1:1 is null", find(t, declare(t, `"{'K': None}"`)))
	require.Equal(t, "K task:1:7 the value at task:1:7 is null", find(t, declare(t, `{"K": null}`)))
}

func TestAnEmptyMapHasNoKeys(t *testing.T) {
	for _, text := range []string{"{}", `"{}"`, `" { } "`} {
		require.Empty(t, find(t, declare(t, text)))
	}
}

func TestNewNamesEveryProblemWithItsPlaceAndNoValue(t *testing.T) {
	const c = sourcetest.Canary
	for text, want := range map[string]string{
		"K: [" + inJSON(c) + "]":                 `task:1:4: the value of "K" must be a scalar, not a list`,
		"K: {a: " + inJSON(c) + "}\nL: 1\nM: []": "task:1:4: the value of \"K\" must be a scalar, not a map\ntask:3:4: the value of \"M\" must be a scalar, not a list",
		`"{'K': ['x'], 'L': ('y',), 'M': {}}"`:   strings.Join([]string{`task:1:1: the value of "K" must be a scalar, not a list`, `task:1:1: the value of "L" must be a scalar, not a list`, `task:1:1: the value of "M" must be a scalar, not a map`}, "\n"),
		"[" + inJSON(c) + "]":                    "task:1:1: an inline source must be a map of keys and values, not a list",
		"12345678":                               "task:1:1: an inline source must be a map of keys and values, not a number",
		"~":                                      "task:1:1: an inline source must be a map of keys and values, not null",
		"true":                                   "task:1:1: an inline source must be a map of keys and values, not a boolean",
		"!!binary aHVudGVyMg==":                  "task:1:1: an inline source must be a map of keys and values, not bytes",
		`"['x']"`:                                "task:1:1: an inline source must be a map of keys and values, not a list",
		`"None"`:                                 "task:1:1: an inline source must be a map of keys and values, not null",
		`"'hunter2'"`:                            "task:1:1: an inline source must be a map of keys and values, not a string",
		`"KEY=hunter2"`:                          "task:1:1: character 1 of the literal: a word that is neither quoted nor True, False or None",
		`"{'K': b'hunter2'}"`:                    "task:1:1: character 7 of the literal: a string with a prefix",
		`"{'K': 1, 'K': 2}"`:                     "task:1:1: character 10 of the literal: duplicate key",
		`""`:                                     "task:1:1: character 1 of the literal: it ends where a value is expected",
		"DB=" + "hunter2" + ": [x]":              `task:1:1: "DB…" is not a key: it is followed by a value` + "\n" + `task:1:13: the value of "DB…" must be a scalar, not a list`,
		`{"K": {"hunter2": 1}, "L": [["hunter2"]]}  `: "task:1:7: the value of \"K\" must be a scalar, not a map\ntask:1:28: the value of \"L\" must be a scalar, not a list",
	} {
		t.Run(text, func(t *testing.T) {
			_, err := New(declare(t, text))
			require.EqualError(t, err, want)
			sourcetest.RequireHidden(t, err.Error(), c)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}
