package task

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve/document"
)

// tasks is tasks as people and tools write them, and as they break them.
var tasks = []string{
	mlrun, "{}", "metadata: {name: 2026, iteration: 0x10, labels: ~}\nspec: {handler: f, parameters: {a: .5}}\n",
	"spec:\n  secret_sources:\n  - kind: inline\n    source: {A: 012, B: !!binary aGk=, C: |\n        x\n      }\n",
	"spec:\n  secret_sources:\n  - {kind: inline, source: \"{'A': b'C4n4ry'}\", prefix: P_, optional: true}\n  - {kind: ' Inline', source: [x]}\n  - {source: y}\n  - z\n",
	"x: &x {kind: inline, source: {A: b}}\nspec: {secret_sources: [*x, {<<: *x, source: c}]}\n",
	`{"spec": {"secret_sources": {"kind": "inline"}}, "secrets": {}, "version": 1, "metadata": []}`,
	`{"spec": {"secret_sources": [{"kind": "inline", "source": {"A": "1"}}, {"kind": "inline", "source": "x", "kind": "env"}]}}`,
	"spec: ~\nmetadata: x\nsecret_sources: [a]\n", "[1, 2]", "spec: {secret_sources: ~, parameters: [a]}",
}

// requireNoInline checks what a handler's copy of the task has as its inline
// sources: an empty map.
func requireNoInline(t *testing.T, text []byte) {
	t.Helper()
	var object, spec map[string]json.RawMessage
	var sources []map[string]json.RawMessage
	_ = json.Unmarshal(text, &object) // what is of another form has no sources
	_ = json.Unmarshal(object["spec"], &spec)
	if list, ok := spec["secret_sources"]; ok {
		require.NoError(t, json.Unmarshal(list, &sources))
	}
	for _, source := range sources {
		if kind := string(source["kind"]); strings.EqualFold(kind, `"inline"`) {
			require.Len(t, source, 2)
			require.Equal(t, "{}", string(source["source"]))
		}
	}
}

// FuzzTask checks that a task is read or refused with places, that its sources
// are whole, and that WithoutValues has no value of an inline source.
func FuzzTask(f *testing.F) {
	for _, text := range tasks {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<16 {
			return
		}
		node, err := document.Parse("task", []byte(text))
		if node == nil {
			require.Error(t, err)
			return
		}
		task, wrong := Parse(node) // as the command does, also where the document has a problem
		for _, e := range document.Unjoin(wrong) {
			if e != nil {
				require.ErrorAs(t, e, new(*document.Problem))
			}
		}
		without, noJSON := WithoutValues(node).AppendJSON(nil)
		if noJSON == nil && err == nil {
			requireNoInline(t, without)
		}
		if err != nil || wrong != nil {
			return
		}
		for _, d := range task.Sources {
			require.NotEmpty(t, d.Kind)
			require.NotNil(t, d.Source)
		}
		for _, n := range []*document.Node{task.Metadata, task.Spec} {
			require.Equal(t, document.Map, n.Kind)
			if encoded, err := n.AppendJSON(nil); err == nil {
				require.True(t, json.Valid(encoded))
			}
		}
		require.NotNil(t, task.Metadata.Field("iteration"))
		require.NotNil(t, task.Spec.Field("parameters"))
		require.Nil(t, task.Spec.Field("secret_sources"))
	})
}
