package main_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// pages is what is written about this program.
var pages = []string{"../../docs/kubernetes.md", "../../docs/from-mlrun.md", "../../docs/threats.md"}

// TestThePagesNameWhatThereIs finds every flag, command, file and test that the
// pages speak of.
func TestThePagesNameWhatThereIs(t *testing.T) {
	help := map[string]string{}
	for _, command := range []string{"launcherctl manifest", "launcherctl run", "launcherctl task", "launcherctl task with-secrets", "launcherctl task check",
		"launcherctl task with-secrets kubernetes", "launcherctl task with-secrets env", "launcherctl task with-secrets file", "launcherctl task with-secrets inline",
		"launcherctl task with-secrets azure_vault", "launcherctl secrets", "launcherctl secrets set", "launcherctl secrets list", "launcherctl secrets delete", "launcherctl debug",
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
			require.True(t, strings.Contains(all.String(), flag[1]) || slices.Contains([]string{"--target", "--server-side", "--preserve-status"}, flag[1]), "%s: %s", page, flag[1]) // of kubectl and timeout
		}
		for _, command := range regexp.MustCompile("`(launcherctl (?:task with-secrets [a-z_]+|[a-z]+ (?:set|list|delete|check)|[a-z]+))").FindAllStringSubmatch(text, -1) {
			require.Contains(t, help, command[1], page)
		}
		for _, link := range regexp.MustCompile(`\]\(([^)#h][^)#]*)`).FindAllStringSubmatch(text, -1) {
			_, err := os.Stat(filepath.Join(filepath.Dir(page), link[1]))
			require.NoError(t, err)
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

// TestThePageAboutKubernetesShowsWhatIsPrinted runs its command with its task.
func TestThePageAboutKubernetesShowsWhatIsPrinted(t *testing.T) {
	blocks := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```").FindAllStringSubmatch(read(t, pages[0]), -1)
	command := regexp.MustCompile("(?m)^`launcherctl (manifest --task task.yaml .*)` prints:$").FindStringSubmatch(read(t, pages[0]))
	require.NotNil(t, command)
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "task.yaml"), []byte(blocks[0][1]), 0o600))
	got := ctlIn(t, folder, nil, strings.Fields(command[1])...)
	require.Equal(t, result{blocks[1][1], "", 0}, got)
}
