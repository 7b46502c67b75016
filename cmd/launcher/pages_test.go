package main_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// transcripts types the commands of a page in a new folder that has the page's files.
func transcripts(t *testing.T, path string, environ ...string) {
	t.Helper()
	folder := t.TempDir()
	blocks := launchertest.Blocks(launchertest.ReadFile(t, path))
	launchertest.WriteFiles(t, folder, blocks)
	launchertest.RequireTranscripts(t, folder, launchertest.Folder(), append(environ, "HOME="+folder), blocks)
}

// TestThePageAboutTasks types its commands.
func TestThePageAboutTasks(t *testing.T) { transcripts(t, "../../docs/tasks.md") }

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
func TestThePageAboutDeliveries(t *testing.T) { transcripts(t, "../../docs/deliveries.md") }
