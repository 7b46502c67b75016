// Package examples_test runs each example as a user does, with the real
// launcher, and compares what it prints with the want.txt in its folder.
package examples_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// programs is what an example needs if it has no module in handler.
var programs = map[string]string{"azure": "sh", "env": "sh", "go": "go", "script": "python3", "shell": "sh"}

// needs skips an example if the machine lacks a program that programs names, or that the
// probe.json of the module in handler names.
func needs(t *testing.T, example string) {
	t.Helper()
	program, ok := programs[example]
	language := struct{ Needs []string }{[]string{program}}
	if !ok {
		text, err := os.ReadFile(filepath.Join("..", "handler", example, "probe.json"))
		require.NoError(t, err, "name in programs what the example needs")
		require.NoError(t, json.Unmarshal(text, &language))
	}
	launchertest.NeedsAll(t, language.Needs, "the "+example+" example")
}

func TestExamples(t *testing.T) {
	build := buildLauncher(t)
	for _, example := range folders(t) {
		t.Run(example, func(t *testing.T) {
			needs(t, example)
			want, err := os.ReadFile(filepath.Join(example, "want.txt"))
			require.NoError(t, err)
			for range 2 {
				command := script(t, build, example, "run")
				var stdout, stderr bytes.Buffer
				command.Stdout, command.Stderr = &stdout, &stderr
				require.NoError(t, command.Run(), "%s", &stderr)
				require.Equal(t, string(want), stdout.String())
				require.Empty(t, logLine.ReplaceAllString(stderr.String(), ""))
			}
		})
	}
	t.Run("demo", func(t *testing.T) { testDemo(t, build) })
	t.Run("demo without Python", func(t *testing.T) { testDemoInShell(t, build) })
}

func TestReadmesAreShortAndSayWhatRuns(t *testing.T) {
	for _, example := range folders(t) {
		t.Run(example, func(t *testing.T) {
			readme, err := os.ReadFile(filepath.Join(example, "README.md"))
			require.NoError(t, err)
			require.LessOrEqual(t, strings.Count(string(readme), "\n"), 15)
			run, err := os.ReadFile(filepath.Join(example, "run"))
			require.NoError(t, err)
			commands := regexp.MustCompile(`(?m)^    .*?\b(launcher run .*)$`).FindAllSubmatch(readme, -1)
			require.Len(t, commands, 1)
			require.Contains(t, string(run), string(commands[0][1]))
		})
	}
}

// rendered lists the examples without a handler: tests of cmd/launcherctl render them.
var rendered = []string{"helm", "kustomize"}

// folders returns the examples that run.
func folders(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	var names []string
	for _, entry := range entries {
		if entry.IsDir() && !slices.Contains(rendered, entry.Name()) {
			names = append(names, entry.Name())
		}
	}
	return names
}

// logLine is one line of the Python logger.
var logLine = regexp.MustCompile(`(?m)^> \d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \[info\] running function\n`)

// buildLauncher builds the launcher and the fake vault, in the folder that it
// is.
func buildLauncher(t *testing.T) string {
	t.Helper()
	launchertest.Needs(t, "go", "the examples")
	follow(t)
	folder := t.TempDir()
	_, err := launchertest.Build(filepath.Join(folder, "launcher"))
	require.NoError(t, err)
	_, err = launchertest.Program("./azure/fakevault", filepath.Join(folder, "fakevault"))
	require.NoError(t, err)
	return folder
}

// follow looks at every source file: the cache of go test follows what a test
// opens, and not what the commands that it runs do.
func follow(t *testing.T) {
	t.Helper()
	require.NoError(t, filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "build" || entry.Name() == "__pycache__"):
			return filepath.SkipDir
		case entry.Type().IsRegular():
			_, err = os.Stat(path)
		}
		return err
	}))
}

// script is an example's script, as it is started from somewhere else and with
// none of the launcher's or MLRun's variables but those given.
func script(t *testing.T, build, example, name string, environ ...string) *exec.Cmd {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(example, name))
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), path)
	command.Dir = t.TempDir()
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "LAUNCHER_") && !strings.HasPrefix(variable, "MLRUN_") {
			command.Env = append(command.Env, variable)
		}
	}
	// No __pycache__ is left in the source tree.
	command.Env = append(command.Env, "BUILD="+build, "PYTHONDONTWRITEBYTECODE=1")
	command.Env = append(command.Env, environ...)
	return command
}
