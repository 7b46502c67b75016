package stores_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

const page, reference = "../../../docs/stores.md", "../../../docs/exec.md"

// recipe is what the page shows for a store.
type recipe struct {
	task   string // the file task.yaml
	script string // the command that runs it
	env    map[string]string
	source source
}

// source is the exec source of a task.
type source struct {
	Command []string
	Secrets any    `yaml:",omitempty"` // a map of key to identifier, or a list
	Format  string `yaml:",omitempty"`
	Missing []int  `yaml:",omitempty"`
	Empty   bool   `yaml:"empty_is_missing,omitempty"`
}

// task is the part of a task that this package reads and writes.
type task struct {
	Spec struct {
		Sources []struct {
			Kind   string
			Source yaml.Node
		} `yaml:"secret_sources"`
	}
}

var (
	block     = regexp.MustCompile("(?s)```([a-z]+)\n(.*?)```")
	execStart = regexp.MustCompile(`(?m)^ExecStart=(.*)$`)
)

// section returns the text below a heading of a page.
func section(t *testing.T, page, heading string) string {
	t.Helper()
	_, text, found := strings.Cut(launchertest.ReadFile(t, page), "\n## "+heading+"\n")
	require.True(t, found, heading)
	text, _, _ = strings.Cut(text, "\n## ")
	return text
}

// readRecipe returns the blocks of a section of the page. The command is a workflow's
// step, a unit's ExecStart, or else the command at the top of the page.
func readRecipe(t *testing.T, heading string) (r recipe) {
	t.Helper()
	r.script = "launcher run --task task.yaml -- ./job"
	require.Contains(t, launchertest.ReadFile(t, page), "\n"+r.script+"\n```\n")
	for _, b := range block.FindAllStringSubmatch(section(t, page, heading), -1) {
		switch {
		case b[1] == "ini":
			r.script = execStart.FindStringSubmatch(b[2])[1]
		case strings.HasPrefix(b[2], "- run:"):
			var steps []struct {
				Run string
				Env map[string]string
			}
			require.NoError(t, yaml.Unmarshal([]byte(b[2]), &steps))
			r.script, r.env = steps[0].Run, steps[0].Env
		case r.task == "":
			r.task = b[2]
		}
	}
	require.NotEmpty(t, r.task, heading)
	r.source = execSource(t, r.task)
	return r
}

// execSource returns the exec source of a task.
func execSource(t *testing.T, text string) (s source) {
	t.Helper()
	var parsed task
	require.NoError(t, yaml.Unmarshal([]byte(text), &parsed))
	for i := range parsed.Spec.Sources {
		if one := parsed.Spec.Sources[i]; one.Kind == "exec" {
			require.NoError(t, one.Source.Decode(&s))
		}
	}
	require.NotEmpty(t, s.Command)
	return s
}

// taskOf returns a task with one exec source.
func taskOf(t *testing.T, s source) string {
	t.Helper()
	text, err := yaml.Marshal(map[string]any{"spec": map[string]any{"secret_sources": []any{map[string]any{"kind": "exec", "source": s}}}})
	require.NoError(t, err)
	return string(text)
}

// requireTable compares the generated table of the page with what was found. With
// UPDATE_DOCS it writes the table. Without it, a store may be missing.
func requireTable(t *testing.T, table string) {
	t.Helper()
	const begin, end = "<!-- begin -->\n", "<!-- end -->"
	text := launchertest.ReadFile(t, page)
	from, to := strings.Index(text, begin)+len(begin), strings.Index(text, end)
	if os.Getenv("UPDATE_DOCS") != "" {
		require.NoError(t, os.WriteFile(page, []byte(text[:from]+table+text[to:]), 0o644))
		return
	}
	for line := range strings.Lines(table) {
		require.Contains(t, text[from:to], line, "UPDATE_DOCS=1 writes the page; read the difference")
	}
}
