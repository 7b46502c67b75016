package keylist

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/sourcetest"
)

// form has all that a kind can have.
var form = Form{Source: "a test source", Version: true, Map: true}

// parse returns KEY=NAME/VERSION?DEFAULT for each key of a list in YAML.
func parse(t *testing.T, f Form, text string) (string, error) {
	t.Helper()
	node, err := document.Parse("task", []byte(text))
	require.NoError(t, err)
	var problems document.Problems
	var keys []string
	for _, k := range f.Parse(&problems, node) {
		key := k.Key + "=" + k.Name
		if k.Version != "" {
			key += "/" + k.Version
		}
		if k.Default != nil {
			key += "?" + string(k.Default.Value.Reveal())
		}
		keys = append(keys, key)
	}
	return strings.Join(keys, " "), problems.Err()
}

func TestParseReadsEveryFormOfAKey(t *testing.T) {
	for text, want := range map[string]string{
		"[]":                                       "",
		"[A, b.c-d, 12]":                           "A=A b.c-d=b.c-d 12=12",
		`" A ,B"`:                                  "A=A B=B",
		`"['A', {'key': 'B', 'name': 'b'}]"`:       "A=A B=b",
		`'["A", {"B": "b"}]'`:                      "A=A B=b",
		`'{"A": "a"}'`:                             "A=a",
		"[{key: A}, {name: B}]":                    "A=A B=B",
		"[{key: A, name: a, version: '1'}]":        "A=a/1",
		"[{A: a}, {B: 7}]":                         "A=a B=7",
		"{A: a, B: b}":                             "A=a B=b",
		"[{key: A, default: info}]":                "A=A?info",
		"[{key: A, name: a, default: 012}]":        "A=a?012",
		"[{key: A, default: 1.10}]":                "A=A?1.10",
		"[{key: A, default: true}]":                "A=A?true",
		`[{key: A, default: ""}]`:                  "A=A?",
		`[{key: A, default: "two\nlines  "}]`:      "A=A?two\nlines  ",
		"[{key: A, default: !!binary /w==}]":       "A=A?\xff",
		"[{key: A, name: same}, {B: same}]":        "A=same B=same",
		"[{user: a}, {secret: b}, {value: c}]":     "user=a secret=b value=c",
		"[&a {key: A, name: a}, {<<: *a, key: B}]": "A=a B=a",
	} {
		t.Run(text, func(t *testing.T) {
			got, err := parse(t, form, text)
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

func TestParseNamesEveryProblemWithItsPlace(t *testing.T) {
	for text, want := range map[string]string{
		"12":                             "task:1:1: a test source must be a list, not a number",
		"~":                              "task:1:1: a test source must be a list, not null",
		"[~, [A]]":                       "task:1:2: a test source must hold keys, not null\ntask:1:5: a test source must hold keys, not a list",
		"[A, {key: A}]":                  `task:1:5: duplicate key "A" in a test source`,
		"[{A: x}, {A: y}]":               `task:1:11: duplicate key "A" in a test source`,
		"[{}]":                           "task:1:2: a test source has a map without a key",
		"[{default: x}]":                 "task:1:2: a test source has a map without a key",
		"[{key: ''}]":                    "task:1:8: key is empty",
		"[{key: A, name: ''}]":           "task:1:17: name is empty",
		"[{key: A, name: 7}]":            "task:1:17: name must be a string, not a number",
		"[{key: [A]}]":                   "task:1:8: key must be a string, not a list",
		"[{key: A, id: b}]":              `task:1:11: unknown field "id" in a key of a test source`,
		"[{Key: A}]":                     `task:1:3: unknown field "Key" in a key of a test source`,
		"[{keys: A}]":                    `task:1:3: unknown field "keys" in a key of a test source`,
		"[{defualt: A}]":                 `task:1:3: unknown field "defualt" in a key of a test source`,
		"[{A: a, B: b}]":                 "task:1:3: unknown field \"A\" in a key of a test source\ntask:1:9: unknown field \"B\" in a key of a test source",
		"[{key: A, default: ~}]":         "task:1:20: default must be a scalar, not null",
		"[{key: A, default: [hunter2]}]": "task:1:20: default must be a scalar, not a list",
		"[{key: A, default: {a: b}}]":    "task:1:20: default must be a scalar, not a map",
		"[{A: [b]}]":                     `task:1:6: the name of "A" must be a string, not a list`,
		"[{A: ~}]":                       `task:1:6: the name of "A" must be a string, not null`,
		"{A: ''}":                        `task:1:5: the name of "A" is empty`,
		"{A: a, hunter2, B: b}":          "task:1:8: a colon is missing after a key",
		"[{hunter2, hunter3}]":           "task:1:3: unknown field \"…\" in a key of a test source\ntask:1:12: unknown field \"…\" in a key of a test source",
		"[{A: 'hunter2 x'}]":             "task:1:3: text that is not a key: it holds a blank",
		"[{'hunter2 x': A}]":             "task:1:3: text that is not a key: it holds a blank",
		"[{'hunter2 x': [A]}]":           "task:1:3: text that is not a key: it holds a blank",
		"[{key: 'A:hunter2'}]":           `task:1:2: "A…" is not a key: a blank is missing after the colon`,
		"[{key: A, name: a/b}, 'C D', A, A]": "task:1:2: text that is not a key: it holds a punctuation character\n" +
			"task:1:23: text that is not a key: it holds a blank\ntask:1:33: duplicate key \"A\" in a test source",
		`"['A'"`: "task:1:1: character 1 of the literal: a bracket is not closed",
	} {
		t.Run(text, func(t *testing.T) {
			_, err := parse(t, form, text)
			require.EqualError(t, err, want)
		})
	}
	_, err := parse(t, Form{Source: "an env source"}, "{DB_PASSWORD: hunter2}")
	require.EqualError(t, err, "task:1:1: an env source must be a list, not a map")
	_, err = parse(t, Form{Source: "an env source"}, "[{key: A, version: x}]")
	require.EqualError(t, err, `task:1:11: unknown field "version" in a key of an env source`)
}

func TestAKindSaysWhereItLooks(t *testing.T) {
	f := Form{Source: "x", NameOf: strings.ToLower, CheckName: func(p *document.Problems, at document.Position, name string) bool {
		if strings.Contains(name, "//") {
			p.Add(at, "", "two slashes")
			return false
		}
		return true
	}}
	got, err := parse(t, f, "[A, {B: prod/db}, {key: C, name: 'any text: at all'}]")
	require.NoError(t, err)
	require.Equal(t, "A=a B=prod/db C=any text: at all", got)
	_, err = parse(t, f, "[{A: //}]")
	require.EqualError(t, err, "task:1:3: two slashes")
}

func TestAListPrintsNoDefault(t *testing.T) {
	node, err := document.Parse("task", []byte("[{key: A, default: '"+sourcetest.Canary+"'}]"))
	require.NoError(t, err)
	var problems document.Problems
	keys := form.Parse(&problems, node)
	require.Equal(t, sourcetest.Canary, string(Defaults(keys)[0].Value.Reveal()))
	for _, v := range []any{keys, &keys[0], Defaults(keys)} {
		sourcetest.RequireHidden(t, sourcetest.Printed(v), sourcetest.Canary)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"[A, {key: B, name: b, default: x, version: 1}]", "{A: b}", `"A, B"`, "'[{\"A\": \"b\"}]'", "[{A, B}]", "[~]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		node, err := document.Parse("task", []byte(text))
		if err != nil {
			return
		}
		var problems document.Problems
		keys := form.Parse(&problems, node)
		seen := map[string]bool{}
		for _, k := range keys {
			require.False(t, seen[k.Key])
			require.NotEmpty(t, k.Name)
			seen[k.Key] = true
		}
	})
}
