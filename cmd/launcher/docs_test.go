package main_test

import (
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

// TestReadmeNamesWhatThereIs finds every flag, file and command of the README and
// of some pages.
func TestReadmeNamesWhatThereIs(t *testing.T) {
	namesWhatThereIs(t, launchertest.ReadFile(t, "../../README.md"))
	for _, page := range []string{"CONTRIBUTING", "SECURITY"} {
		namesWhatThereIs(t, launchertest.ReadFile(t, "../../"+page+".md"))
	}
	for _, page := range []string{"azure", "tasks", "deliveries", "troubleshooting"} {
		namesWhatThereIs(t, launchertest.ReadFile(t, "../../docs/"+page+".md"))
	}
}

func namesWhatThereIs(t *testing.T, readme string) {
	t.Helper()
	ours := regexp.MustCompile("(?s:```sh\n *(?:az|kubectl|curl) .*?```)|`(az|kubectl|curl|launcherctl|\\{command:) [^`]*`|(?m:^launcherctl (?:.*\\\n)*.*$)| -- [^`\n]*`|(?m:^    .*$)").ReplaceAllString(readme, "") // others' commands have others' flags
	help := launchertest.Run(t, nil, "", "run", "--help").Stdout + launchertest.Run(t, nil, "", "explain", "--help").Stdout
	for _, flag := range regexp.MustCompile("[` ](--[a-z][a-z-]+)").FindAllStringSubmatch(ours, -1) {
		if flag[1] != "--from" && flag[1] != "--depliver" { // the Dockerfile's, and a mistake
			require.True(t, strings.Contains(help, flag[1]), flag[1])
		}
	}
	for _, target := range regexp.MustCompile("`make ([a-z0-9]+)[^`]*`").FindAllStringSubmatch(readme, -1) {
		require.Contains(t, launchertest.ReadFile(t, "../../Makefile"), "\n"+target[1]+":")
	}
}

// TestEveryRowOfATableIsWhole finds rows that have more or fewer cells than the
// table's first row.
func TestEveryRowOfATableIsWhole(t *testing.T) {
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
	blocks := launchertest.Blocks(section)
	command := slices.IndexFunc(blocks, func(b launchertest.Block) bool { return b.Language == "sh" })
	require.GreaterOrEqual(t, command, 0)
	dir := t.TempDir()
	launchertest.WriteFiles(t, dir, blocks)
	launchertest.WriteFile(t, filepath.Join(dir, "task.yaml"), "spec: {parameters: {db_user: ana, host: h}, secret_sources: [{kind: inline, source: {DB_PASSWORD: 'pa$word'}}]}")
	shell := exec.Command("sh", "-c", blocks[command].Text)
	shell.Dir = dir
	shell.Env = append(os.Environ(), "PATH="+launchertest.Folder()+":"+os.Getenv("PATH"))
	output, err := shell.CombinedOutput()
	require.NoError(t, err, "%s", output)
	require.Equal(t, "user = ana\npassword = pa$word\nurl = \"https://h/\"\n", string(output))
}
