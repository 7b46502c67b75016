package yamledit_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
	kubernetes "sigs.k8s.io/yaml"

	"github.com/seed45446ece/launcher/cluster/yamledit"
)

// edit sets spec.new, and appends to spec.list.
func edit(t testing.TB, text string) (string, error) {
	t.Helper()
	f, err := yamledit.Load("t.yaml", []byte(text))
	if err != nil {
		return "", err
	}
	for _, d := range f.Documents {
		if d.Root.Kind != yaml.MappingNode {
			continue
		}
		value, err := yamledit.FromValue(map[string]any{"a": []string{"yes", "1"}})
		require.NoError(t, err)
		spec := d.Map(d.Root, "spec")
		d.Set(spec, "new", value)
		item, err := yamledit.FromValue("x: y")
		require.NoError(t, err)
		d.Append(d.List(spec, "list"), item)
		if d.Err() != nil {
			return "", d.Err()
		}
	}
	out, err := f.Bytes()
	return string(out), err
}

func TestAnEditLeavesTheOtherLinesAsTheyAre(t *testing.T) {
	const new = "  new:\n    a:\n    - \"yes\"\n    - \"1\"\n"
	const list = "  list:\n  - \"x: y\"\n"
	for name, c := range map[string]struct{ text, want string }{
		"comments":             {"# a\nspec: # b\n  old: 1   # c\n\n# d\nstatus: {}\n", "# a\nspec: # b\n  old: 1   # c\n" + new + list + "\n# d\nstatus: {}\n"},
		"no line end":          {"spec:\n  old: 1", "spec:\n  old: 1\n" + new + list},
		"a list":               {"spec:\n  list:\n  # one\n  - 1\n  # end\n  z: 1\n", "spec:\n  list:\n  # one\n  - 1\n  - \"x: y\"\n  # end\n  z: 1\n" + new},
		"an indented one":      {"spec:\n  list:\n    - 1\n", "spec:\n  list:\n    - 1\n    - \"x: y\"\n  new:\n    a:\n      - \"yes\"\n      - \"1\"\n"},
		"a block":              {"spec:\n  old: |\n    a\n    # b\n\n    c\n\n# d\n", "spec:\n  old: |\n    a\n    # b\n\n    c\n" + new + list + "\n# d\n"},
		"no spec":              {"a: 1\n", "a: 1\nspec:\n" + new + list},
		"an empty one":         {"spec:\na: 1\n", "spec:\n" + new + list + "a: 1\n"},
		"in a flow":            {"spec: {old: [1]} # c\na: {b: 1}\n", "spec:\n  old:\n  - 1\n" + new + list + "a: {b: 1}\n"},
		"a wide flow":          {"a: {\n  b: 1,\n}\nspec:\n  old: [\n    1\n  ]\n# c\n", "a: {\n  b: 1,\n}\nspec:\n  old: [\n    1\n  ]\n" + new + list + "# c\n"},
		"two documents":        {"spec:\n  old: 1\n---\nspec:\n  old: 2\n", "spec:\n  old: 1\n" + new + list + "---\nspec:\n  old: 2\n" + new + list},
		"a document in braces": {"# a\nspec:\n  old: 1   # b\n---\n{spec: {old: [2],\n a: {}}}\n---\n\nb: 1\n", "# a\nspec:\n  old: 1   # b\n" + new + list + "---\nspec:\n  old:\n  - 2\n  a: {}\n" + new + list + "---\n\nb: 1\nspec:\n" + new + list},
		"braces behind a mark": {"a: 1\n--- {spec: {old: 1}} # b\n", "a: 1\nspec:\n" + new + list + "---\nspec:\n  old: 1\n" + new + list},
		"JSON":                 {"\n {\"spec\": {\"old\": 1e3}}\n\n", "\nspec:\n  old: 1e3\n" + new + list},
		"CR LF":                {"spec:\r\n  old: 1\r\nz: 1\r\n", "spec:\r\n  old: 1\r\n" + new + list + "z: 1\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := edit(t, c.text)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

// TestRemoveTakesTheLinesOfAnItem removes the items x, and appends one.
func TestRemoveTakesTheLinesOfAnItem(t *testing.T) {
	for text, want := range map[string]string{
		"a:\n# one\n- name: x\n- {name: z} # two\n- name: x\nb: 1\n": "a:\n# one\n- {name: z} # two\n- new\nb: 1\n",
		"a:\n  - name: x\n    b: 1\n  - {name: z}\n":                 "a:\n  - {name: z}\n  - new\n",
		"a: [x, z]\n": "a:\n- z\n- new\n",
		"a:\n- x\n":   "a:\n- new\n",
		`{"a": ["x", {"name": "z"}, {"name": "x"}]}` + "\n": "a:\n- name: z\n- new\n",
	} {
		f, err := yamledit.Load("t.yaml", []byte(text))
		require.NoError(t, err)
		d := f.Documents[0]
		list := d.List(d.Root, "a")
		for _, item := range slices.Clone(list.Content) {
			if item.Value == "x" || yamledit.Text(item, "name") == "x" {
				d.Remove(list, item)
			}
		}
		item, err := yamledit.FromValue("new")
		require.NoError(t, err)
		d.Append(list, item)
		require.NoError(t, d.Err())
		got, err := f.Bytes()
		require.NoError(t, err, text)
		require.Equal(t, want, string(got))
	}
}

func TestAFormWhoseLinesCannotBeEditedIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"an alias in braces": "{other: &a {b: 1}, more: *a, spec: {}}\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := edit(t, text)
			require.EqualError(t, err, "t.yaml: is in a form that cannot be edited")
		})
	}
}

func TestAnEditThatWouldBeElsewhereTooIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"an anchor": "spec: &a\n  b: 1\nother: *a\n", "an alias": "other: &a {b: 1}\nspec: *a\n", "a merge": "other: &a {b: 1}\nspec:\n  <<: *a\n",
		"a list's": "other: &a [1]\nspec:\n  list: *a\n", "an anchor inside": "spec:\n  list: &a [1]\nother: *a\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := edit(t, text)
			require.ErrorContains(t, err, "t.yaml:")
		})
	}
	got, err := edit(t, "other: &a {b: 1}\nmore: *a\nspec:\n  old: 1\n")
	require.NoError(t, err)
	require.Contains(t, got, "other: &a {b: 1}\nmore: *a\n")
}

// TestWhatIsWrittenIsReadAsItWas is for readers of YAML 1.1, as Kubernetes'
// tools are, and of 1.2.
func TestWhatIsWrittenIsReadAsItWas(t *testing.T) {
	texts := []string{"", "yes", "No", "y", "on", "null", "~", "1", "012", "0x1F", "1e3", "1_000", "190:20:30", ".5", "-", "- a", "a: b", "a #b", "# a", "a:", "<<", "=", "@a", "&a", "*a", "!a",
		"{a}", "[a]", "'", `"`, `{"a": "b"}`, `it's "x"`, "a\nb", "a\n", "\t", " a", "a ", "é", "\u2028", "\u0085", "\ufeff", "%a", "`a`", "--", "---", "--a", "-a", "-y", "-e1", "-.inf", "...", "64Mi", "10m", "a,b", "true", "2026-01-01", "?", "? a", "|", ">", "\x01", "\x7f", "\u0080", "\uffff", "\U000e0001", "😀"}
	for _, text := range texts {
		n, err := yamledit.FromValue(map[string]any{text: []any{text, map[string]string{"a": text}}})
		require.NoError(t, err)
		out := yamledit.Render(n)
		var got map[string]any
		want := map[string]any{text: []any{text, map[string]any{"a": text}}}
		require.NoError(t, kubernetes.UnmarshalStrict(out, &got), "%q: %s", text, out)
		require.Equal(t, want, got, string(out))
		got = nil
		require.NoError(t, yaml.Unmarshal(out, &got), "%q: %s", text, out)
		require.Equal(t, want, got, string(out))
	}
}

func FuzzEdit(f *testing.F) {
	for _, seed := range []string{"spec:\n  a: 1\n", "spec:\n- a\n", "a: |\n  b\nspec:\n  list:\n    -   - 1\n", "{\"spec\": {\"list\": []}}", "spec: {a: [b,\n c]}\n", "? a\n: b\n", "---\n...\n---\nspec:\n", "é: 1\nspec: {é: \"é\", list: []}\n", "spec:\n  list:\n  - a: b\n    c: 'd\n      e'\n  # f\n",
		": m\n:^::@sem:\n: |\n  m"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := edit(t, text)
		if err != nil {
			return
		}
		// A second edit changes nothing.
		again, err := edit(t, got)
		if err != nil && strings.Contains(err.Error(), "more than") {
			return
		}
		require.NoError(t, err, got)
		require.Equal(t, got, again)
	})
}
