package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/cluster/clustertest"
	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// readme returns the README, and a new folder with the files that it shows.
func readme(t *testing.T) (blocks []launchertest.Block, text, folder string) {
	t.Helper()
	text, folder = read(t, "../../README.md"), t.TempDir()
	blocks = launchertest.Blocks(text)
	launchertest.WriteFiles(t, folder, blocks)
	return blocks, text, folder
}

// TestTheFirstMinuteOfTheReadme types the README's commands in an empty folder, one after
// the other, and compares what they print.
func TestTheFirstMinuteOfTheReadme(t *testing.T) {
	launchertest.Needs(t, "python3", "the README's first minute")
	_, _, folder := readme(t)
	require.ElementsMatch(t, []string{"task.yaml", "train.py"}, names(t, folder))
	launchertest.RequireTranscripts(t, "../../README.md", folder, bin, []string{"HOME=" + folder, "PYTHONDONTWRITEBYTECODE=1"})
}

func names(t *testing.T, folder string) (found []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	for _, entry := range entries {
		found = append(found, entry.Name())
	}
	return found
}

// TestThePodOfTheReadme runs the README's pod with the README's files, as a kubelet does.
func TestThePodOfTheReadme(t *testing.T) {
	launchertest.Needs(t, "python3", "the README's pod")
	blocks, _, folder := readme(t)
	pod := slices.IndexFunc(blocks, func(b launchertest.Block) bool { return strings.HasPrefix(b.Text, "initContainers:") })
	require.GreaterOrEqual(t, pod, 0)
	manifest := "apiVersion: batch/v1\nkind: Job\nspec:\n  template:\n    spec:\n" + regexp.MustCompile("(?m)^").ReplaceAllString(blocks[pod].Text, "      ")
	node := kubelet{t.TempDir(), map[string]map[string][]byte{"train-secrets": {"DB_PASSWORD": []byte("pa$word")}}}
	require.Equal(t, result{transcript(t, blocks), "", 0}, node.runIn(t, folder, manifest))

	launchertest.WriteFile(t, filepath.Join(folder, "train.py"), "import os\ndef train(context, db_user):\n    print('DB_PASSWORD' in os.environ)\n")
	require.Equal(t, result{"False\n", "", 0}, node.runIn(t, folder, manifest), "the variable is not the program's")

	node.secrets = nil
	got := node.runIn(t, folder, manifest)
	require.Equal(t, 125, got.status)
	require.Contains(t, got.stderr, `secret "DB_PASSWORD"`)
}

// transcript returns what the README's handler prints.
func transcript(t *testing.T, blocks []launchertest.Block) string {
	t.Helper()
	for _, block := range blocks {
		if line := regexp.MustCompile("(?m)^connecting as .*\n").FindString(block.Text); line != "" {
			return line
		}
	}
	require.Fail(t, "the README shows nothing that its handler prints")
	return ""
}

// TestTheReadmeStartsAJob types the README's launcherctl commands: it sets the secret at a
// terminal, and the kubelet runs the Job that launcherctl prints for the same flags.
func TestTheReadmeStartsAJob(t *testing.T) {
	launchertest.Needs(t, "python3", "the README's Job")
	blocks, text, folder := readme(t)
	lines := regexp.MustCompile(`(?m)^launcherctl (.*?)(?: #.*)?$`).FindAllStringSubmatch(strings.ReplaceAll(text, "\\\n", ""), -1)
	require.Len(t, lines, 2)
	set, run := strings.Fields(lines[0][1]), strings.Fields(lines[1][1])
	s := clustertest.New(t)
	x := onTerminal(t, prepared(t, s.Kubeconfig(t), set...))
	x.shows("DB_PASSWORD: ")
	x.typed("pa$word\r")
	x.shows("key \"DB_PASSWORD\" set")
	_ = x.cmd.Wait()
	secret := map[string][]byte{}
	for key, value := range stored(t, s) {
		secret[key] = []byte(value)
	}

	require.Equal(t, "run", run[0])

	got := ctlIn(t, folder, nil, append([]string{"manifest"}, run[1:]...)...)
	require.Zero(t, got.status, got.stderr)
	node := kubelet{t.TempDir(), map[string]map[string][]byte{"mlrun-project-secrets-fraud": secret}}
	require.Equal(t, result{transcript(t, blocks), "", 0}, node.runIn(t, folder, got.stdout))
}

// TestTheSourcesOfTheReadme reads a key by each source of the README's table of other
// tools, with programs that print what the tools would.
func TestTheSourcesOfTheReadme(t *testing.T) {
	_, text, folder := readme(t)
	rows := regexp.MustCompile("(?m)^\\| ([^|]*) \\| `(\\{command: .*\\})`[^`]*\\|$").FindAllStringSubmatch(text, -1)
	require.Len(t, rows, 6)
	programs := t.TempDir()
	for _, row := range rows {
		program := regexp.MustCompile(`command: \[(?:/usr/local/lib/summon/)?([\w-]+)`).FindStringSubmatch(row[2])
		prints := map[bool]string{true: `{"DB_PASSWORD": "value"}`, false: "value"}[strings.Contains(row[2], "format: json")]
		if strings.Contains(row[2], "format: dotenv") {
			prints = `DB_PASSWORD="value"`
		}
		require.NoError(t, os.WriteFile(filepath.Join(programs, program[1]), []byte("#!/bin/sh\necho '"+prints+"'\n"), 0o700))
		source := strings.ReplaceAll(row[2], "/usr/local/lib/summon", programs)
		task := write(t, "task.yaml", "spec: {secret_sources: [{kind: exec, source: "+source+"}]}")
		cmd := exec.Command(filepath.Join(bin, "launcher"), "run", "--task", task, "--deliver", "env", "--", "sh", "-c", `printf %s "$DB_PASSWORD"`)
		cmd.Dir, cmd.Env = folder, []string{"PATH=" + programs + ":" + os.Getenv("PATH")}
		got := finish(t, cmd)
		require.Zero(t, got.status, "%s: %s", row[1], got.stderr)
		require.Equal(t, "value", got.stdout, row[1])
	}
}

// TestTheReadmeInstalls compares the README's ways to install with what makes them work:
// go install accepts a main package of a module without replacements.
func TestTheReadmeInstalls(t *testing.T) {
	_, text, _ := readme(t)
	module := read(t, "../../go.mod")
	require.NotRegexp(t, `(?m)^(replace|exclude)\b`, module)
	path := regexp.MustCompile(`(?m)^module (.*)$`).FindStringSubmatch(module)[1]
	for _, found := range regexp.MustCompile(`(?m)^go install (\S*)@latest$`).FindAllStringSubmatch(text, -1) {
		pkg, ok := strings.CutPrefix(found[1], path+"/")
		require.True(t, ok, found[1])
		require.FileExists(t, filepath.Join("../..", pkg, "main.go"))
	}
	require.Contains(t, text, "git clone https://"+path+"\n")
	for _, line := range regexp.MustCompile("(?m)^make (.*)$").FindAllStringSubmatch(text, -1) {
		for target := range strings.FieldsSeq(line[1]) {
			require.Contains(t, read(t, "../../Makefile"), "\n"+target+": ")
		}
	}
	require.Contains(t, text, "Go "+regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(module)[1]+",")
	require.Less(t, strings.Count(text, "\n"), 200)
}

// runIn is the handler's end, if its image's working directory is the folder.
func (k kubelet) runIn(t *testing.T, folder, manifest string) result {
	t.Helper()
	handler, environ := k.prepare(t, manifest)
	line := slices.Concat(handler.Command, handler.Args)
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Dir, cmd.Env = folder, []string{"PATH=" + os.Getenv("PATH"), "PYTHONDONTWRITEBYTECODE=1"}
	for name, value := range environ {
		cmd.Env = append(cmd.Env, fmt.Sprintf("%s=%s", name, value))
	}
	return finish(t, cmd)
}
