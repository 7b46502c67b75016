package conformance_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// folders is every language, by its folder in handler.
var folders = []string{
	"python",
	"node",
	"conformance/testdata/go",
	"java",
	"ruby",
	"perl",
	"php",
	"r",
	"rust",
	"bash",
}

// language is what the probe.json of its folder says: how its probe is built and
// started, with the folder as the working directory, and what docs/languages.md
// has of it. $OUT is a folder for what the build makes.
type language struct {
	folder string

	Name      string
	From      string   // the oldest version
	Module    string   // the file, in the folder
	Needs     []string // programs, or commands that tell
	Build     string   // "" where nothing is
	Run       string
	OneString bool              `json:"one_string"` // that holds text and bytes alike
	Secret    string            // how one is asked for
	None      string            // what the answer is where there is none
	Bytes     string            // and where it is not UTF-8
	Cannot    map[string]string // case -> why it cannot be
}

func languages(t *testing.T) []language {
	t.Helper()
	var list []language
	for _, folder := range folders {
		file, err := os.Open(filepath.Join("..", folder, "probe.json"))
		require.NoError(t, err)
		decoder := json.NewDecoder(file)
		decoder.DisallowUnknownFields()
		l := language{folder: folder}
		require.NoError(t, decoder.Decode(&l), folder)
		require.NoError(t, file.Close())
		list = append(list, l)
	}
	return list
}

// built is the language's probe, ready to be started: its command line.
func (l language) built(t *testing.T) []string {
	t.Helper()
	needs(t, l.Needs, "the module for "+l.Name)
	out := filepath.Join(bin, "probes", l.folder)
	folder, err := filepath.Abs(filepath.Join("..", l.folder))
	require.NoError(t, err)
	expand := func(line string) string {
		return os.Expand(line, func(string) string { return out })
	}
	if _, err := os.Stat(out); l.Build != "" && err != nil { // the first test that needs it
		require.NoError(t, os.MkdirAll(out, 0o700))
		build := exec.Command("sh", "-c", expand(l.Build))
		build.Dir = folder
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		output, err := build.CombinedOutput()
		require.NoError(t, err, "%s", output)
	}
	return []string{"sh", "-c", `cd "$1" && shift && exec ` + expand(l.Run) + ` "$@"`, "probe", folder}
}
