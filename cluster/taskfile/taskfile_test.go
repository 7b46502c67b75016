package taskfile_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/cluster/taskfile"
	"github.com/seed45446ece/launcher/resolve/azure"
	"github.com/seed45446ece/launcher/resolve/document"
)

// FuzzAdd adds a source to whatever is a task: nothing else in it changes, not
// the text of a number, and the same again changes nothing.
func FuzzAdd(f *testing.F) {
	for _, seed := range []string{"", "# a\nmetadata: {name: a}\nspec:\n  x: 1.10 # b\n", "spec:\n  secret_sources:\n  - {kind: env, source: B}\n  # end\n", "{\"spec\": {\"a\": 1e3, \"b\": [9007199254740993]}}",
		"spec: {secret_sources: []}\nextra: 0x1F\n", "spec:\n  a: |\n    x\n\n    # y\n", "spec: &a {b: 1}\nmore: *a\n", "spec: null\n", "{a: 1, spec: {b: 012}}\n",
		`{"vQc": {"M": 1e3, "b": [900719925474e3993]}}`, "\ufeff{\"a\": 900719925474e3993}"} {
		f.Add(seed)
	}
	source := taskfile.Source{Kind: "kubernetes", Source: []string{"A", "yes"}}
	f.Fuzz(func(t *testing.T, text string) {
		added, err := taskfile.Add("task", []byte(text), source, azure.Clouds{})
		if err != nil {
			return
		}
		again, err := taskfile.Add("task", added, source, azure.Clouds{})
		require.NoError(t, err, string(added))
		require.Equal(t, string(added), string(again))
		after := parsed(t, string(added))
		list := after.Field("spec").Field("secret_sources")
		last := len(list.Items) - 1
		require.Equal(t, `{"kind":"kubernetes","source":["A","yes"]}`, jsonOf(t, list.Items[last]))
		if len(text) > 0 && string(added) != text {
			before, err := document.Parse("task", []byte(text))
			if err != nil {
				return // blank
			}
			list.Items = list.Items[:last]
			require.Equal(t, jsonOf(t, without(before)), jsonOf(t, without(after)))
			require.Equal(t, jsonOf(t, sources(before)), jsonOf(t, list))
		}
	})
}

func parsed(t *testing.T, text string) *document.Node {
	t.Helper()
	n, err := document.Parse("task", []byte(text))
	require.NoError(t, err, text)
	return n
}

// jsonOf is a tree's JSON; what JSON has no form for is the same text.
func jsonOf(t *testing.T, n *document.Node) string {
	t.Helper()
	text, err := n.AppendJSON(nil)
	if err != nil {
		t.Skip("JSON has no form for it")
	}
	return string(text)
}

// without is a task without its sources, and without a spec that had nothing
// else.
func without(n *document.Node) *document.Node {
	kept := &document.Node{Kind: document.Map}
	for _, f := range n.Fields {
		if f.Name == "spec" {
			spec := &document.Node{Kind: document.Map}
			for _, g := range f.Value.Fields {
				if g.Name != "secret_sources" {
					spec.Fields = append(spec.Fields, g)
				}
			}
			if len(spec.Fields) == 0 {
				continue
			}
			f.Value = spec
		}
		kept.Fields = append(kept.Fields, f)
	}
	return kept
}

func sources(n *document.Node) *document.Node {
	if list := n.Field("spec").Field("secret_sources"); list != nil && list.Kind == document.List {
		return list
	}
	return &document.Node{Kind: document.List}
}
