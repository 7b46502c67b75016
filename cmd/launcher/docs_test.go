package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// TestReadmeShowsTheDemo has the transcript as the demo prints it, which the
// examples' test compares with the program.
func TestReadmeShowsTheDemo(t *testing.T) {
	require.Contains(t, launchertest.ReadFile(t, "../../README.md"), strings.TrimRight(launchertest.ReadFile(t, "../../examples/python/demo.txt"), "\n"))
}

// TestReadmeNamesWhatThereIs finds every flag, file and command of the README and
// of the page about Azure.
func TestReadmeNamesWhatThereIs(t *testing.T) {
	namesWhatThereIs(t, "../../", launchertest.ReadFile(t, "../../README.md"))
	namesWhatThereIs(t, "../../docs/", launchertest.ReadFile(t, "../../docs/azure.md"))
}

func namesWhatThereIs(t *testing.T, folder, readme string) {
	t.Helper()
	ours := regexp.MustCompile("`(az|kubectl|curl|launcherctl) [^`]*`|(?m:^launcherctl .*$)| -- [^`\n]*`|(?m:^    .*$)").ReplaceAllString(readme, "") // others' commands have others' flags
	help := launchertest.Run(t, nil, "", "run", "--help").Stdout + launchertest.Run(t, nil, "", "explain", "--help").Stdout
	for _, flag := range regexp.MustCompile("[` ](--[a-z][a-z-]+)").FindAllStringSubmatch(ours, -1) {
		if flag[1] != "--from" { // the Dockerfile's
			require.True(t, strings.Contains(help, flag[1]), flag[1])
		}
	}
	for _, link := range regexp.MustCompile(`\]\(([^)h][^)]*)\)`).FindAllStringSubmatch(readme, -1) {
		file, _, _ := strings.Cut(link[1], "#")
		_, err := os.Stat(folder + file)
		require.NoError(t, err)
	}
	for _, target := range regexp.MustCompile("`make ([a-z]+)`").FindAllStringSubmatch(readme, -1) {
		require.Contains(t, launchertest.ReadFile(t, "../../Makefile"), "\n"+target[1]+":")
	}
}

// TestNewcomer12EveryRowOfATableIsWhole finds rows that have more or fewer cells than the
// table's first row.
func TestNewcomer12EveryRowOfATableIsWhole(t *testing.T) {
	cell := regexp.MustCompile(`(^|[^\\])\|`)
	for _, pattern := range []string{"*.md", "docs/*.md", "examples/*/*.md", "handler/*.md", "handler/*/*.md"} {
		files, err := filepath.Glob("../../" + pattern)
		require.NoError(t, err)
		for _, file := range files {
			cells := 0
			for row := range strings.Lines(launchertest.ReadFile(t, file)) {
				if !strings.HasPrefix(row, "|") {
					cells = 0
					continue
				}
				if n := len(cell.FindAllString(row, -1)); cells == 0 {
					cells = n
				} else {
					require.Equal(t, cells, n, "%s: %s", file, row)
				}
			}
		}
	}
}

// TestTheTemplateOfTheDocsRuns runs the commands of the page as they stand.
func TestTheTemplateOfTheDocsRuns(t *testing.T) {
	_, section, _ := strings.Cut(launchertest.ReadFile(t, "../../docs/from-other-tools.md"), "\n## A program that reads a configuration file\n")
	blocks := regexp.MustCompile("(?s)```\n(.*?)```").FindAllStringSubmatch(section, -1)
	require.Len(t, blocks, 2)
	dir := t.TempDir()
	launchertest.WriteFile(t, filepath.Join(dir, "app.conf.tmpl"), blocks[0][1])
	launchertest.WriteFile(t, filepath.Join(dir, "task.yaml"), "spec: {parameters: {db_user: ana, host: h}, secret_sources: [{kind: inline, source: {DB_PASSWORD: 'pa$word'}}]}")
	shell := exec.Command("sh", "-c", blocks[1][1])
	shell.Dir = dir
	shell.Env = append(os.Environ(), "PATH="+launchertest.Folder()+":"+os.Getenv("PATH"))
	output, err := shell.CombinedOutput()
	require.NoError(t, err, "%s", output)
	require.Equal(t, "user = ana\npassword = pa$word\nurl = \"https://h/\"\n", string(output))
}

// TestTheKeysOfTheReadmeAreAccepted explains the README's list of keys.
func TestTheKeysOfTheReadmeAreAccepted(t *testing.T) {
	block := regexp.MustCompile("(?s)a key is a string or a map:\n\n```yaml\n(.*?)```").FindStringSubmatch(launchertest.ReadFile(t, "../../README.md"))
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
