package main_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// bash runs a line that a user types into a new folder, which has these files.
func bash(t *testing.T, files map[string]string, line string) launchertest.Result {
	t.Helper()
	cmd := launchertest.Command(launchertest.Needs(t, "bash", "lines of Bash"), "-c", line)
	cmd.Env = append(cmd.Env, "KEY=the value")
	cmd.Dir = t.TempDir()
	for name, text := range files {
		launchertest.WriteFile(t, cmd.Dir+"/"+name, text)
	}
	return launchertest.Finish(t, cmd)
}

// requirePrints fails unless the line succeeds and prints this.
func requirePrints(t *testing.T, want string, files map[string]string, line string) {
	t.Helper()
	got := bash(t, files, line)
	require.Zero(t, got.Status, got.Stderr)
	require.Equal(t, want, got.Stdout)
}

func TestField1APipeStaysTheHandlers(t *testing.T) {
	requirePrints(t, "x\n", nil, `echo x | launcher run -s env=KEY -- cat`)
	requirePrints(t, "fd:3\n", nil, `echo x | launcher run -s env=KEY -- sh -c 'echo $LAUNCHER_CONTEXT'`)
	requirePrints(t, "stdin\n", nil, `launcher run -s env=KEY -- sh -c 'echo $LAUNCHER_CONTEXT' </dev/null`)
	requirePrints(t, "stdin\n", nil, `launcher run -s env=KEY -- sh -c 'echo $LAUNCHER_CONTEXT' <&-`)
}

func TestField2To7DotenvLinesAreRefused(t *testing.T) {
	for line, hint := range map[string]string{
		`A="pa\ss"`: "single quotes", `A="a\tb"`: "single quotes", `A="\u00e9"`: "single quotes", // 2
		"A=${db_user}/a": "write the value in place of", "A=$(cat x)": "write the value in place of", "A=${DB_USER}": "write the value in place of", // 5
		"URL=x${P}": "write the value in place of", // 7
	} {
		got := bash(t, map[string]string{"x.env": "# first\n" + line + "\n"}, `launcher run -s file=x.env -- true`)
		require.Equal(t, 125, got.Status, line)
		require.Contains(t, got.Stderr, "x.env:2:1: ", line)
		require.Contains(t, got.Stderr[strings.Index(got.Stderr, "hint: "):], hint, line)
	}
	requirePrints(t, "abc$def", map[string]string{"x.env": "A=abc$def\n"}, `launcher run -s file=x.env --deliver fd -- launcher get-secret A`) // 5
}

func TestField4ALocalKeyIsFoundAsInTheCluster(t *testing.T) {
	files := map[string]string{
		"laptop.env": "db_password=local\n",
		"task.yaml":  "spec: {secret_sources: [{kind: azure_vault, source: {name: my-vault, k8s_secret: c, secrets: [db-password]}}]}",
	}
	requirePrints(t, "local", files, `launcher run --task task.yaml --local laptop.env --deliver fd -- launcher get-secret DB_PASSWORD`)
	got := bash(t, files, `launcher explain --task task.yaml --local laptop.env`)
	require.Equal(t, 2, strings.Count(got.Stdout, "\n"), got.Stdout)
}

func TestField8AFormatCanBeSaidEverywhere(t *testing.T) {
	files := map[string]string{"ob.env": "OPTION-B=x\n", "quoted.txt": "A=\"x\"\n"}
	for _, flag := range []string{"-s file", "--local "} {
		equals := strings.Replace(flag, "file", "file=", 1)
		requirePrints(t, "x", files, `launcher run `+equals+`'{"path": "ob.env", "format": "lines"}' --deliver fd -- launcher get-secret OPTION-B`)
	}
	require.Contains(t, bash(t, files, `launcher run -s file=quoted.txt --verbose -- true`).Stderr, `secret "A": file: the quotes around the value are part of it`)
}

func TestField9InheritedDescriptorsStayOpen(t *testing.T) {
	for _, delivery := range []string{"stdin", "fd", "env", "files", "socket", "fd --mask"} {
		requirePrints(t, "x\nnine\n", nil, `launcher run -s env=KEY --deliver `+delivery+` -- sh -c 'cat "$1"; cat <&9' - <(echo x) 9<<<nine`)
	}
}

func TestField10APipeIsReadOnce(t *testing.T) {
	requirePrints(t, "v", nil, `launcher run -s file=<(echo A=v) --deliver fd -- launcher get-secret A`)
	requirePrints(t, "v", nil, `echo A=v | launcher run -s file=/dev/stdin --deliver fd -- launcher get-secret A`)
	requirePrints(t, "v", nil, `launcher run --local <(echo A=v) --deliver fd -- launcher get-secret A`)
	require.Equal(t, 124, bash(t, nil, `mkfifo f; launcher run --timeout 100ms -s file=f -- true`).Status)
}

func TestField12InvisibleCharactersAreRefused(t *testing.T) {
	for _, text := range []string{"\u00a0A=v\n", "A\u00a0=v\n", "A=1\rB=2\rC=3\r"} {
		got := bash(t, map[string]string{"x.env": text}, `launcher run -s file=x.env -- true`)
		require.Equal(t, 125, got.Status, "%q", text)
		require.Contains(t, got.Stderr, "x.env:1:1: ", "%q", text)
	}
}

func TestField14WhatWasMeantIsSuggested(t *testing.T) {
	for line, want := range map[string]string{
		"launcher run --delivr fd -- true":       "hint: did you mean --deliver?",
		"launcher runn -- true":                  "hint: did you mean run?",
		"LAUNCHER_MASK=yes launcher run -- true": "is not one of true, false, 1, 0",
		"launcher run 'a && b'":                  "hint: start a shell for it",
	} {
		require.Contains(t, bash(t, nil, line).Stderr, want, line)
	}
}

func TestField3OtherVariablesStay(t *testing.T) {
	requirePrints(t, "x\n", nil, `LAUNCHER_URL=x LAUNCHER_TIMEOUT=9s launcher run -- sh -c 'echo $LAUNCHER_URL$LAUNCHER_TIMEOUT'`)
	require.Equal(t, "launcher: warning: variable \"LAUNCHER_DELIVERY\" is not a setting\nhint: did you mean LAUNCHER_DELIVER?\n", bash(t, nil, `LAUNCHER_DELIVERY=fd launcher run -- true`).Stderr)
}

func TestHintsFitWhereTheLauncherRuns(t *testing.T) {
	const line = `launcher run -s kubernetes=DB_PASSWORD -- true`
	require.Contains(t, bash(t, nil, line).Stderr, "hint: use --local FILE in place of the cluster")
	require.Contains(t, bash(t, nil, "KUBERNETES_SERVICE_HOST=10.0.0.1 "+line).Stderr, "hint: add the key to the project's Secret and to the pod")
	vault := map[string]string{"task.yaml": "spec: {secret_sources: [{kind: azure_vault, source: {name: my-vault, k8s_secret: c, secrets: [A]}}]}"}
	require.Contains(t, bash(t, vault, `launcher run --task task.yaml --azure-credentials . -- true`).Stderr, "hint: outside a cluster, use --local FILE")
}

// TestOutputThatNobodyReads has the statuses that a shell with pipefail sees.
func TestOutputThatNobodyReads(t *testing.T) {
	for _, command := range []string{"launcher run --help", "launcher version", "launcher explain -s env=KEY", "launcher completion bash"} {
		got := bash(t, nil, command+` | true; exit ${PIPESTATUS[0]}`)
		require.Contains(t, []int{0, 141}, got.Status, command) // 0 if it printed first
		require.Empty(t, got.Stderr, command)
		got = bash(t, nil, command+` >/dev/full`)
		require.Equal(t, 125, got.Status, command)
		require.Equal(t, "launcher: write standard output: no space left on device\n", got.Stderr)
	}
}
