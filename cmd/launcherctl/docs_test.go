package main_test

import (
	"context"
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

// pages is what is written about this program, and pages that name flags and tests.
var pages = []string{"../../docs/kubernetes.md", "../../docs/pods.md", "../../docs/manifests.md", "../../docs/e2e.md", "../../docs/from-mlrun.md", "../../docs/threats.md", "../../docs/security.md", "../../docs/init.md",
	"../../docs/mask.md", "../../docs/files.md", "../../docs/handlers.md", "../../docs/design.md", "../../docs/new-source.md", "../../docs/rbac.md", "../../docs/check.md", "../../docs/rollout.md"}

// TestThePagesNameWhatThereIs finds every flag, command, file and test that the
// pages speak of.
func TestThePagesNameWhatThereIs(t *testing.T) {
	help := map[string]string{}
	for _, command := range []string{"launcherctl manifest", "launcherctl run", "launcherctl task", "launcherctl task with-secrets", "launcherctl task check",
		"launcherctl task with-secrets kubernetes", "launcherctl task with-secrets env", "launcherctl task with-secrets file", "launcherctl task with-secrets inline",
		"launcherctl task with-secrets azure_vault", "launcherctl secrets", "launcherctl secrets set", "launcherctl secrets list", "launcherctl secrets delete", "launcherctl debug", "launcherctl check",
		"launcher run", "launcher explain"} {
		words := append(strings.Fields(command), "--help")
		out, err := exec.Command(filepath.Join(bin, words[0]), words[1:]...).CombinedOutput()
		require.NoError(t, err, "%s: %s", command, out)
		help[command] = string(out)
	}
	var all strings.Builder
	for _, text := range help {
		all.WriteString(text)
	}
	tests := testNames(t)
	for _, page := range pages {
		text := read(t, page)
		for _, flag := range regexp.MustCompile("(?:^|[` (=])(--[a-z][a-z0-9-]+)").FindAllStringSubmatch(regexp.MustCompile("`kubectl [^`]*`").ReplaceAllString(text, ""), -1) {
			require.True(t, strings.Contains(all.String(), flag[1]) || slices.Contains([]string{"--target", "--server-side", "--preserve-status", "--edition", "--vanilla"}, flag[1]), "%s: %s", page, flag[1]) // of kubectl, timeout, rustc and R
		}
		for _, command := range regexp.MustCompile("`(launcherctl (?:task with-secrets [a-z_]+|[a-z]+ (?:set|list|delete|check)|[a-z]+))").FindAllStringSubmatch(text, -1) {
			require.Contains(t, help, command[1], page)
		}
		for _, test := range regexp.MustCompile(`\bTest[A-Z]\w+`).FindAllString(text, -1) {
			require.Contains(t, tests, "func "+test+"(", page)
		}
		for _, script := range regexp.MustCompile(`TestScripts/(\w+)`).FindAllStringSubmatch(text, -1) {
			require.FileExists(t, "testdata/script/"+script[1]+".txtar")
		}
	}
}

// testNames is the text of the tests that the pages name.
func testNames(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	require.NoError(t, filepath.WalkDir("../..", func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, "_test.go") {
			all.WriteString(read(t, path))
		}
		return err
	}))
	return all.String()
}

// TestThePageAboutPodsShowsWhatIsPrinted runs its command with its task.
func TestThePageAboutPodsShowsWhatIsPrinted(t *testing.T) {
	blocks := launchertest.Blocks(read(t, "../../docs/pods.md"))
	task, command, job := blocks[0], blocks[1], blocks[2]
	folder := t.TempDir()
	launchertest.WriteFile(t, filepath.Join(folder, "task.yaml"), task.Text)
	got := ctlIn(t, folder, nil, strings.Fields(strings.TrimPrefix(command.Text, "launcherctl "))...)
	require.Equal(t, result{job.Text, "", 0}, got)
}

// TestTheDocumentedPipeLeavesTheManifestAlone runs the page's line with a kubectl that
// says on standard output what it did, as the real one does.
func TestTheDocumentedPipeLeavesTheManifestAlone(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		launchertest.Lacks(t, "bash", "the page's line")
	}
	line := regexp.MustCompile(`(?m)^(launcherctl manifest .*\\\n.*--values-file >\(.*)$`).FindStringSubmatch(read(t, "../../docs/manifests.md"))
	require.NotNil(t, line)
	folder := t.TempDir()
	for name, text := range map[string]string{
		"mail.yaml": "metadata: {name: train}\nspec: {secret_sources: [{kind: inline, source: {A: c4n4ry}}]}\n",
		"kubectl":   "#!/bin/sh\ntext=$(cat)\ncase $text in *'kind: Secret'*) f=secret;; *) f=job;; esac\nprintf '%s\\n' \"$text\" > $f.new; mv $f.new $f.yaml\necho $f/x serverside-applied\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o700))
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", "set -o pipefail; "+line[1]+"; status=$?; until [ -e secret.yaml ]; do :; done; exit $status")
	cmd.Dir, cmd.Env = folder, []string{"PATH=" + folder + ":" + bin + ":" + os.Getenv("PATH"), "HOME=" + folder}
	got := finish(t, cmd)
	require.Zero(t, got.status, got.stderr)
	require.NoError(t, decode(read(t, filepath.Join(folder, "job.yaml"))))
	require.NoError(t, decode(read(t, filepath.Join(folder, "secret.yaml"))))
	require.Contains(t, got.stdout, "job/x")
	require.NotContains(t, got.stdout, "secret/x")
}
