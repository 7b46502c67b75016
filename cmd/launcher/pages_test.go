package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// transcripts types the commands of a page in a folder that has the page's files.
func transcripts(t *testing.T, path, folder string) {
	t.Helper()
	launchertest.WriteFiles(t, folder, launchertest.Blocks(launchertest.ReadFile(t, path)))
	launchertest.RequireTranscripts(t, path, folder, launchertest.Folder(), []string{"HOME=" + folder})
}

// TestThePageAboutTasks types its commands.
func TestThePageAboutTasks(t *testing.T) { transcripts(t, "../../docs/tasks.md", t.TempDir()) }

// TestTheKeysOfThePageAreAccepted gives a handler the page's list of keys.
func TestTheKeysOfThePageAreAccepted(t *testing.T) {
	block := regexp.MustCompile("(?s)a key is a string or a map:\n\n```yaml\n(.*?)```").FindStringSubmatch(launchertest.ReadFile(t, "../../docs/tasks.md"))
	require.NotNil(t, block)
	dir := t.TempDir()
	launchertest.WriteFile(t, filepath.Join(dir, "mail.txt"), "password=m\n")
	task := "spec:\n  secret_sources:\n" + strings.ReplaceAll(block[1], "mail.txt", filepath.Join(dir, "mail.txt"))
	path := launchertest.WriteFile(t, filepath.Join(dir, "task.yaml"), task)
	environ := []string{"MLRUN_K8S_SECRET__DB_PASSWORD=1", "SERVICE_TOKEN=2", "MLRUN_K8S_SECRET__REPORT_PASSWORD=3"}
	got := launchertest.Run(t, environ, "", "run", "--task", path, "--", "cat")
	require.Empty(t, got.Stderr)
	require.Contains(t, got.Stdout, `"secrets":{"API_TOKEN":"2","DB_PASSWORD":"1","LOG_LEVEL":"info","REPORT_PASSWORD":"3","SMTP_PASSWORD":"m"}`)
}

// TestThePageAboutDeliveries types its commands.
func TestThePageAboutDeliveries(t *testing.T) {
	transcripts(t, "../../docs/deliveries.md", t.TempDir())
}

// TestThePageAboutTroubleRuns brings each message about that the page quotes.
func TestThePageAboutTroubleRuns(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"job.sh":          "#!/bin/sh\n",
		"plain.sh":        "echo hello\n",
		"app.env":         "DB_PASSWORD=abc$DEF\n",
		"misspelled.yaml": "spec:\n  secret_source: []\n",
		"colon.yaml":      "metadata: {name: train}\nspec: {secret_sources: [{kind: inline, source: {DB_PASSWORD:hunter2}}]}\n",
		"exec.yaml":       "spec: {secret_sources: [{kind: exec, source: {command: [sh, -c, exit 3], secrets: [DB_PASSWORD]}}]}\n",
		"ok.yaml":         "spec: {secret_sources: [{kind: inline, source: {LOG_LEVEL: info}}]}\n",
	} {
		launchertest.WriteFile(t, filepath.Join(folder, name), text)
	}
	require.NoError(t, os.Chmod(filepath.Join(folder, "job.sh"), 0o700))
	transcripts(t, "../../docs/troubleshooting.md", folder)
}

// TestTheProgramsOfThePageRun gives a handler what the page's exec sources read, by
// programs that print what the stores' clients would.
func TestTheProgramsOfThePageRun(t *testing.T) {
	block := regexp.MustCompile("(?s)takes what it prints:\n\n```yaml\n(.*?)```").FindStringSubmatch(launchertest.ReadFile(t, "../../docs/tasks.md"))
	require.NotNil(t, block)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"vault": "#!/bin/sh\n[ \"$*\" = 'kv get -mount=secret -field=value prod/db' ] && echo 'pa$word'\n",
		"sops":  "#!/bin/sh\n[ \"$*\" = 'decrypt secrets.enc.json' ] && echo '{\"API_TOKEN\": \"t\"}'\n",
	} {
		require.NoError(t, os.Chmod(launchertest.WriteFile(t, filepath.Join(dir, name), text), 0o700))
	}
	task := launchertest.WriteFile(t, filepath.Join(dir, "task.yaml"), "spec:\n  secret_sources:\n"+block[1])
	got := launchertest.Run(t, []string{"PATH=" + dir + ":" + os.Getenv("PATH")}, "", "run", "--task", task, "--", "cat")
	require.Empty(t, got.Stderr)
	require.Contains(t, got.Stdout, `"secrets":{"API_TOKEN":"t","DB_PASSWORD":"pa$word"}`)
}
