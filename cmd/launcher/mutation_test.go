package main_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/internal/mutation"
	"github.com/seed45446ece/launcher/launcher/launchertest"
	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/file"
	"github.com/seed45446ece/launcher/resolve/inline"
)

// The seed is fixed, so that a failure can be had again.
const mutationSeed = 10

// TestMutatedTasksAndFilesShowNoValue damages 2,000 tasks and 2,000 secrets files
// as people do, and reads all that run and explain print about them.
func TestMutatedTasksAndFilesShowNoValue(t *testing.T) {
	const count = 2000
	forms := [][]string{{"explain", "--verbose"}, {"explain", "--json", "--verbose", "--log", "json"}}
	for i, in := range append(mutation.Tasks(mutationSeed, count), mutation.Files(mutationSeed, count)...) {
		path := launchertest.WriteFile(t, filepath.Join(t.TempDir(), in.File), string(in.Text))
		flags := []string{"--task", path}
		if in.Format != mutation.Task {
			flags = []string{"-s", "file=" + path}
		}
		args := append(append([]string{}, forms[i%2]...), flags...)
		requireNoLeak(t, in, launchertest.Run(t, nil, "", args...))
		if i%20 == 0 {
			args := append(append([]string{"run", "--verbose"}, flags...), "--", "true")
			requireNoLeak(t, in, launchertest.Run(t, nil, "", args...))
		}
	}
}

func requireNoLeak(t *testing.T, in mutation.Input, got launchertest.Result) {
	t.Helper()
	require.Contains(t, []int{0, 125}, got.Status, in.Name)
	for _, output := range []string{got.Stdout, got.Stderr} {
		if key := in.Leak(output); key != "" {
			t.Errorf("%s: the output holds a part of the value of %s", in.Name, key)
		}
	}
}

// TestNoMutatedValueIsCut is what the same inputs are read as: each value that
// no mutation touched arrives as it was written, or the input is refused.
func TestNoMutatedValueIsCut(t *testing.T) {
	const count = 2000
	read, accepted := map[mutation.Format]int{}, map[mutation.Format]int{}
	for _, in := range append(mutation.Tasks(mutationSeed, count), mutation.Files(mutationSeed, count)...) {
		read[in.Format]++
		values, err := accept(t, in)
		if err != nil {
			require.Empty(t, in.Leak(err.Error()), in.Name)
			continue
		}
		accepted[in.Format]++
		if wrong := in.Wrong(values); wrong != "" {
			t.Errorf("%s: %s", in.Name, wrong)
		}
	}
	for format, count := range read { // a parser that refuses all would pass
		require.Greater(t, accepted[format], count/10, format)
	}
}

// accept returns what the readers behind run and explain make of an input.
func accept(t *testing.T, in mutation.Input) (map[string]string, error) {
	values := map[string]string{}
	switch in.Format {
	case mutation.Lines, mutation.Dotenv:
		entries, err := file.Parse(in.File, in.Text, file.Format(in.Format))
		for _, e := range entries {
			values[e.Key] = string(e.Value.Reveal())
		}
		return values, err
	}
	parse := document.Parse
	if filepath.Ext(in.File) == ".json" {
		parse = document.ParseJSON
	}
	node, err := parse(in.File, in.Text)
	if err != nil {
		return nil, err
	}
	parsed, err := task.Parse(node)
	if err != nil {
		return nil, err
	}
	var sources []resolve.Bound
	for _, d := range parsed.Sources {
		if d.Kind != "inline" {
			continue
		}
		source, err := inline.New(d)
		if err != nil {
			return nil, err
		}
		sources = append(sources, resolve.Bound{Declaration: d, Source: source})
	}
	resolution, err := resolve.Resolve(t.Context(), sources)
	for _, s := range resolution.Secrets {
		values[s.Key] = string(s.Value.Reveal())
	}
	return values, err
}
