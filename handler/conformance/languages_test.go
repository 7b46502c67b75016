package conformance_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

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
	Accepts   map[string]string // what of a context it accepts and Go refuses, a name in refusals -> which form
}

// languages returns every language that has a probe.json, sorted by name. Go's module
// is the package handler, so only its probe has a folder, and it is in testdata.
func languages(t *testing.T) []language {
	t.Helper()
	var list []language
	for _, pattern := range []string{"../*/probe.json", "../conformance/testdata/*/probe.json"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, file := range files {
			list = append(list, readLanguage(t, file))
		}
	}
	slices.SortFunc(list, func(a, b language) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func readLanguage(t *testing.T, path string) language {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	decoder := json.NewDecoder(file)
	decoder.DisallowUnknownFields()
	l := language{folder: strings.TrimPrefix(filepath.Dir(path), "../")}
	require.NoError(t, decoder.Decode(&l), path)
	return l
}

// built is the language's probe, ready to be started: its command line.
func (l language) built(t *testing.T) []string {
	t.Helper()
	launchertest.NeedsAll(t, l.Needs, "the module for "+l.Name)
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
