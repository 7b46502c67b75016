package task

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve/document"
)

func TestASourceHasAKindAndASource(t *testing.T) {
	for source, want := range map[string]string{
		"{kind: env, source: A}":                        "",
		"{kind: vault, source: A}":                      "", // which kinds there are is not the task's business
		"{kind: env, source: ~}":                        "", // nor what a source looks like
		"{kind: env, source: A, prefix: ''}":            "",
		"{kind: env, source: A, prefix: ~}":             "",
		"{kind: env, source: A, optional: true}":        "",
		"{kind: env, source: A, optional: FALSE}":       "",
		"{kind: ' env', source: A}":                     "",
		"{}":                                            "1:26: a secret source has no kind\ntask:1:26: a secret source has no source",
		"{kind: env}":                                   "1:26: a secret source has no source",
		"{source: A}":                                   "1:26: a secret source has no kind",
		"{kind: '', source: A}":                         "1:33: kind is empty",
		"{kind: ~, source: A}":                          "1:33: kind must be a string, not null",
		"{kind: 1, source: A}":                          "1:33: kind must be a string, not a number",
		"{kind: [], source: A}":                         "1:33: kind must be a string, not a list",
		"{kind: env, source: A, prefix: 1}":             "1:57: prefix must be a string, not a number",
		"{kind: env, source: A, prefix: []}":            "1:57: prefix must be a string, not a list",
		"{kind: env, source: A, optional: 'true'}":      "1:59: optional must be true or false, not a string",
		"{kind: env, source: A, optional: yes}":         "1:59: optional must be true or false, not a string",
		"{kind: env, source: A, optional: 1}":           "1:59: optional must be true or false, not a number",
		"{kind: env, source: A, optional: ~}":           "1:59: optional must be true or false, not null",
		"{kind: env, source: A, Optional: true}":        `1:49: unknown field "Optional" in a secret source`,
		"{kind: env, source: A, values: {B: hunter2}}":  `1:49: unknown field "values" in a secret source`,
		"{kind: env, source: A, DB=hunter2: , prefx: }": "1:49: unknown field \"DB…\" in a secret source\ntask:1:63: unknown field \"prefx\" in a secret source",
		"env":      "1:26: a secret source must be a map of kind and source, not a string",
		"[env, A]": "1:26: a secret source must be a map of kind and source, not a list",
		"~":        "1:26: a secret source must be a map of kind and source, not null",
		"{env: A}": "1:26: a secret source has no kind\ntask:1:26: a secret source has no source\ntask:1:32: env must be true or false, not a string",
	} {
		t.Run(source, func(t *testing.T) {
			task, err := read(t, "spec: {secret_sources: [ "+source+"]}")
			if want == "" {
				require.NoError(t, err)
				require.Len(t, task.Sources, 1)
				return
			}
			require.EqualError(t, err, "task:"+want)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestADeclarationSaysWhatWasWritten(t *testing.T) {
	task, err := read(t, "spec:\n  secret_sources:\n  - {kind: file, source: {path: /x}, prefix: APP_, optional: True}\n  -  source: A\n     kind: env\n")
	require.NoError(t, err)
	require.Len(t, task.Sources, 2)
	d := task.Sources[0]
	require.Equal(t, "file APP_ task:3:5", d.Kind+" "+d.Prefix+" "+d.At.String())
	require.True(t, d.Optional)
	require.Equal(t, "task:3:26", d.Source.At.String())
	d = task.Sources[1]
	require.Equal(t, "env  task:4:6", d.Kind+" "+d.Prefix+" "+d.At.String())
	require.False(t, d.Optional)
	require.Nil(t, task.Spec.Field("secret_sources"))
}

func TestParseSourceReadsKindAndSource(t *testing.T) {
	for text, want := range map[string][2]string{
		"env=A,B":                      {"env", `"A,B"`},
		"file=/x=y.txt":                {"file", `"/x=y.txt"`},
		"file=":                        {"file", `""`},
		"inline={'A': 'b=c'}":          {"inline", `{"A":"b=c"}`},
		"env= A":                       {"env", `" A"`},
		"kubernetes=['password', 'a']": {"kubernetes", `["password","a"]`},
		"what=ever":                    {"what", `"ever"`},
		`file={"path": "x.txt", "format": "dotenv"}`: {"file", `{"path":"x.txt","format":"dotenv"}`},
		`env=["A"]`: {"env", `["A"]`},
	} {
		d, err := ParseSource("--secrets", text)
		require.NoError(t, err)
		require.Equal(t, want, [2]string{d.Kind, encoded(t, d.Source)})
		require.Equal(t, "--secrets "+want[0], d.At.String())
		require.Equal(t, d.At, d.Source.At)
		require.False(t, d.Optional || d.Prefix != "")
	}
	for _, text := range []string{"", "env", "=A", "hunter2", "A,B"} {
		_, err := ParseSource("--secrets", text)
		require.EqualError(t, err, "--secrets: is not KIND=SOURCE")
		var p *document.Problem
		require.ErrorAs(t, err, &p)
		require.Contains(t, p.Hint(), "--secrets env=")
	}
}

func TestParseSourceShowsNothingOfASourceThatIsNotJSON(t *testing.T) {
	for _, text := range []string{`file={"path": hunter2}`, `env=["hunter2"`, `file={"path": "hunter2"} x`, "kubernetes=[hunter2]"} {
		_, err := ParseSource("--secrets", text)
		kind, _, _ := strings.Cut(text, "=")
		require.ErrorContains(t, err, "--secrets "+kind+": character ")
		require.NotContains(t, err.Error(), "hunter2")
	}
}

func TestSetParameterSetsOneParameter(t *testing.T) {
	value := func(text string) *document.Node {
		node, err := document.Parse("--param", []byte(text))
		require.NoError(t, err)
		return node
	}
	for text, want := range map[string]string{
		"{}": `{"n":[1.10]}`, "spec: {parameters: ~}": `{"n":[1.10]}`,
		"spec: {parameters: {a: 1}}":           `{"a":1,"n":[1.10]}`,
		"spec: {parameters: {n: old, a: 1}}":   `{"n":[1.10],"a":1}`,
		"spec: {parameters: {N: other}, x: 1}": `{"N":"other","n":[1.10]}`,
	} {
		task, err := read(t, text)
		require.NoError(t, err)
		task.SetParameter("n", value("[1.10]"))
		require.Equal(t, want, encoded(t, task.Spec.Field("parameters")))
		task.SetParameter("n", value("~"))
		require.Contains(t, encoded(t, task.Spec.Field("parameters")), `"n":null`)
	}
	task := Empty()
	task.SetParameter("a", value("1"))
	task.SetParameter("b", value("x"))
	require.JSONEq(t, `{"a":1,"b":"x"}`, encoded(t, task.Spec.Field("parameters")))
	other := Empty()
	require.Equal(t, "{}", encoded(t, other.Spec.Field("parameters")))
}

func TestWithoutValuesKeepsAllButTheValues(t *testing.T) {
	node, err := document.Parse("task", []byte(mlrun))
	require.NoError(t, err)
	before := encoded(t, node)
	without := encoded(t, WithoutValues(node))
	require.NotContains(t, without, "12345")
	require.JSONEq(t, strings.Replace(before, `{"MY_SECRET":"12345"}`, "{}", 1), without)
	require.Equal(t, before, encoded(t, node))

	again, err := read(t, without)
	require.NoError(t, err)
	require.Len(t, again.Sources, 5)
}

func TestWithoutValuesHasNoValueOfWhatMayBeInline(t *testing.T) {
	const c = "C4n4ry"
	for name, sources := range map[string]string{
		"a map":                    `[{"kind": "inline", "source": {"A": "C4n4ry"}}]`,
		"a literal":                `[{"kind": "inline", "source": "{'A': 'C4n4ry'}"}]`,
		"a list":                   `[{"kind": "inline", "source": ["C4n4ry", {"A": "C4n4ry"}]}]`,
		"a map of a map":           `[{"kind": "inline", "source": {"A": {"B": ["C4n4ry"]}}}]`,
		"a string that is no map":  `[{"kind": "inline", "source": "C4n4ry"}]`,
		"a number":                 `[{"kind": "inline", "source": 1, "prefix": "C4n4ry"}]`,
		"in capitals":              `[{"kind": "INLINE", "source": {"A": "C4n4ry"}}]`,
		"with blanks":              `[{"kind": " Inline\n", "source": {"A": "C4n4ry"}}]`,
		"without a kind":           `[{"source": {"A": "C4n4ry"}}]`,
		"of a kind that is null":   `[{"kind": null, "source": {"A": "C4n4ry"}}]`,
		"of a kind that is a list": `[{"kind": ["inline"], "source": {"A": "C4n4ry"}}]`,
		"of a kind that is a map":  `[{"kind": {"inline": "C4n4ry"}, "source": {"A": "C4n4ry"}}]`,
		"under another field":      `[{"kind": "inline", "source": {}, "values": {"A": "C4n4ry"}}]`,
		"under a field's name":     `[{"kind": "inline", "C4n4ry": 1}]`,
		"a string for a source":    `["C4n4ry"]`,
		"a list for a source":      `[["inline", "C4n4ry"]]`,
		"a map for all sources":    `{"kind": "inline", "source": {"A": "C4n4ry"}}`,
		"a string for all sources": `"C4n4ry"`,
		"between others":           `[{"kind": "env", "source": "X"}, {"kind": "inline", "source": {"A": "C4n4ry"}}, {"kind": "inline", "source": {"B": "C4n4ry"}}]`,
	} {
		t.Run(name, func(t *testing.T) {
			node, err := document.Parse("task", []byte(`{"spec": {"x": 1, "secret_sources": `+sources+`}, "y": 2}`))
			require.NoError(t, err)
			text := encoded(t, WithoutValues(node))
			require.NotContains(t, text, c)
			require.True(t, json.Valid([]byte(text)))
			require.Contains(t, text, `"x":1`)
			require.Contains(t, text, `"y":2`)
		})
	}
}

func TestWithoutValuesOfWhatHasNoSources(t *testing.T) {
	for _, text := range []string{"{}", "{spec: ~}", "{spec: []}", "{spec: x}", "[]", "a", "12", "~", "{metadata: {secret_sources: [a]}}"} {
		node, err := document.Parse("task", []byte(text))
		require.NoError(t, err)
		require.Equal(t, encoded(t, node), encoded(t, WithoutValues(node)))
	}
	node, err := document.Parse("task", []byte("{spec: {secret_sources: ~}}"))
	require.NoError(t, err)
	require.Equal(t, `{"spec":{"secret_sources":[]}}`, encoded(t, WithoutValues(node)))
}

func TestWithoutValuesHasNoDefault(t *testing.T) {
	for source, want := range map[string]string{
		`[{"key": "A", "default": "hunter2"}, "B", {"C": "c"}]`:                `[{"key":"A"},"B",{"C":"c"}]`,
		`{"name": "v", "secrets": [{"key": "A", "default": "hunter2"}]}`:       `{"name":"v","secrets":[{"key":"A"}]}`,
		`"[{'key': 'A', 'd\\x65fault': 'hunter2'}]"`:                           `[{"key":"A"}]`,
		`"{'name': 'v', 'secrets': \"[{'key': 'A', 'default': 'hunter2'}]\"}"`: `{"name":"v","secrets":[{"key":"A"}]}`,
		`"[1].env"`: `"[1].env"`, `"['A']"`: `"['A']"`,
	} {
		node, err := document.ParseJSON("task", []byte(`{"spec": {"secret_sources": [{"kind": "env", "source": `+source+`}]}}`))
		require.NoError(t, err)
		require.Equal(t, `{"spec":{"secret_sources":[{"kind":"env","source":`+want+`}]}}`, encoded(t, WithoutValues(node)))
	}
}
