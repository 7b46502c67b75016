package examples_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// clock is the one thing in the demo's transcript that changes.
var clock = regexp.MustCompile(`(?m)^> \d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} `)

// testDemo compares the demo's transcript, whatever the user's environment.
func testDemo(t *testing.T, build string) {
	launchertest.Needs(t, "python3", "the demo")
	want, err := os.ReadFile("python/demo.txt")
	require.NoError(t, err)
	for name, environ := range map[string][]string{
		"as it is":                 nil,
		"with a launcher's own":    {"LAUNCHER_DELIVER=env", "LAUNCHER_TASK=/no/such/task", "LAUNCHER_LOG=json", "LAUNCHER_QUIET=true"},
		"with MLRun's":             {"MLRUN_EXEC_CONFIG={", "MLRUN_K8S_SECRET__DB_PASSWORD=other", "MLRUN_K8S_SECRET__OTHER=other"},
		"with a key as a variable": {"DB_PASSWORD=other", "AWS_KEY=other", "aws_key=other", "MAIL_PASSWORD=other"},
		"with CDPATH":              {"CDPATH=/:/tmp"},
	} {
		t.Run(name, func(t *testing.T) {
			output, err := script(t, build, "python", "demo", environ...).CombinedOutput()
			require.NoError(t, err, "%s", output)
			transcript := clock.ReplaceAll(output, []byte("> 2026-01-31 12:00:00,123 "))
			require.Equal(t, string(want), string(transcript))
		})
	}
}

// testDemoInShell runs the demo on a machine without Python.
func testDemoInShell(t *testing.T, build string) {
	tools := t.TempDir()
	for _, name := range []string{"sh", "dirname", "env", "sed"} {
		require.NoError(t, os.Symlink(launchertest.Needs(t, name, "a demo without Python"), filepath.Join(tools, name)))
	}
	output, err := script(t, build, "python", "demo", "PATH="+tools).CombinedOutput()
	require.NoError(t, err, "%s", output)
	require.Contains(t, string(output), `
$ launcher run --task task.yaml --deliver fd -- ./handler.sh
DB_PASSWORD: m***
AWS_KEY: 1***
MY_SECRET: 1***
API_TOKEN: t***
MAIL_PASSWORD: $***
MY_AZURE_SECRET: s***
`)
	require.Contains(t, string(output), "\n$ echo $?\n125\n")
}

func TestDemoSaysWhatItLacks(t *testing.T) {
	bare, build := t.TempDir(), t.TempDir()
	require.NoError(t, os.Symlink(launchertest.Needs(t, "dirname", "a demo without Python"), filepath.Join(bare, "dirname")))
	demo := func() string {
		output, err := script(t, build, "python", "demo", "PATH="+bare).CombinedOutput()
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit)
		require.Equal(t, 127, exit.ExitCode())
		return string(output)
	}
	require.Equal(t, "demo: launcher is not in PATH: run \"make build\" first\n", demo())
	require.NoError(t, os.WriteFile(filepath.Join(build, "launcher"), []byte("#!/bin/sh\n"), 0o755))
	require.Equal(t, "demo: fakevault is not in PATH: run \"make examples\" first\n", demo())
	require.NoError(t, os.WriteFile(filepath.Join(build, "fakevault"), []byte("#!/bin/sh\n"), 0o755))
}
