package conformance_test

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

const handlersPage = "../../docs/handlers.md"

// TestTheTableOfHandlers compares the page's table of languages with each probe.json.
// UPDATE_DOCS=1 writes it.
func TestTheTableOfHandlers(t *testing.T) {
	var table strings.Builder
	row(&table, "language", "from", "a secret", "a missing one", "not UTF-8", "module")
	row(&table, "---", "---", "---", "---", "---", "---")
	for _, l := range languages(t) {
		name := fmt.Sprintf("[%s](#%s)", l.Name, strings.ToLower(l.Name))
		row(&table, name, l.From, "`"+l.Secret+"`", l.None, l.Bytes, fmt.Sprintf("[%s](../handler/%s)", path.Base(l.Module), path.Join(l.folder, l.Module)))
	}
	page := launchertest.ReadFile(t, handlersPage)
	before, rest, _ := strings.Cut(page, "<!-- begin -->\n")
	_, after, _ := strings.Cut(rest, "<!-- end -->")
	launchertest.RequireGenerated(t, handlersPage, before+"<!-- begin -->\n"+table.String()+"<!-- end -->"+after)
}

// example is a program in the page, and the command in its first line.
var example = regexp.MustCompile("(?s)```[a-z]+\n((?:<\\?php )?(?:#|//) ([^\n]*launcher run[^\n]*)\n.*?)```")

// TestTheExamplesOfThePageRun runs each example in a folder that has its module and the
// page's task.
func TestTheExamplesOfThePageRun(t *testing.T) {
	page := launchertest.ReadFile(t, handlersPage)
	task := regexp.MustCompile("(?s)\n```yaml\n(.*?)```").FindStringSubmatch(page)
	require.NotNil(t, task)
	known := map[string]language{"A function, as MLRun calls it": {Needs: []string{"python3"}}, "Shell": {Needs: []string{"sh"}}}
	for _, l := range languages(t) {
		known[l.Name] = l
	}
	shown := 0
	for _, section := range strings.Split(page, "\n## ") {
		name, text, _ := strings.Cut(section, "\n")
		program := example.FindStringSubmatch(text)
		if program == nil {
			continue
		}
		shown++
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, ok := known[name]
			require.True(t, ok, "no language has this name")
			launchertest.NeedsAll(t, l.Needs, "the example for "+name)
			folder := t.TempDir()
			launchertest.WriteFile(t, filepath.Join(folder, "task.yaml"), task[1])
			launchertest.WriteFile(t, filepath.Join(folder, exampleFile(t, program[2])), program[1])
			l.install(t, folder)
			shell := exec.Command("sh", "-c", program[2])
			shell.Dir, shell.Env = folder, append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "DB_PASSWORD=pa$sword", "GOFLAGS=-mod=mod", "GOPROXY=off")
			got := launchertest.Finish(t, shell)
			require.Zero(t, got.Status, "%s", got.Stderr)
			require.Regexp(t, `^(sales )?8( <nil>)?\n$`, got.Stdout)
		})
	}
	require.Equal(t, len(known), shown, "an example of each language, one of a function and one of a shell")
}

// exampleFile returns the file that a command of the page runs.
func exampleFile(t *testing.T, command string) string {
	t.Helper()
	if strings.HasSuffix(command, " Job") {
		return "Job.java"
	}
	file := regexp.MustCompile(`\b(job|train)\.\w+`).FindString(command)
	require.NotEmpty(t, file, command)
	return file
}

// install copies the language's module into the folder. Go takes its package from this
// repository, in place of the published one, with no network.
func (l language) install(t *testing.T, folder string) {
	t.Helper()
	switch l.Name {
	case "Go":
		root, err := filepath.Abs("../..")
		require.NoError(t, err)
		const module = "github.com/seed45446ece/launcher"
		launchertest.WriteFile(t, filepath.Join(folder, "go.mod"), "module example\n\ngo 1.26\n\nrequire "+module+" v0.0.0\n\nreplace "+module+" => "+root+"\n")
	case "": // the launcher has what a function and a shell need
	default:
		launchertest.WriteFile(t, filepath.Join(folder, l.Module), launchertest.ReadFile(t, filepath.Join("..", l.folder, l.Module)))
	}
}
