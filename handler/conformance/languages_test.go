package conformance_test

import (
	"cmp"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// language is a probe.json; README.md in the folder above describes the fields. The build
// and run commands start in the language's folder.
type language struct {
	folder string

	Name, From, Module string
	Needs              []string
	Build, Run         string
	OneString          bool `json:"one_string"`
	Secret             string
	None, Bytes        string
	Cannot             map[string]string // case -> reason
	Accepts            map[string]string // name in refusals -> form
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

// TestTheDocsNameEveryLanguageAndField finds how each language asks for a secret in the
// README's table of handlers, and each field of probe.json in the page that describes them.
func TestTheDocsNameEveryLanguageAndField(t *testing.T) {
	page := launchertest.ReadFile(t, "../README.md")
	for _, field := range reflect.VisibleFields(reflect.TypeFor[language]()) {
		if field.IsExported() {
			name := cmp.Or(field.Tag.Get("json"), strings.ToLower(field.Name))
			require.True(t, strings.Contains(page, "\n| `"+name+"` |"), "handler/README.md does not describe the field %q", name)
		}
	}
	readme, changelog := launchertest.ReadFile(t, "../../README.md"), launchertest.ReadFile(t, "../../CHANGELOG.md")
	for _, l := range languages(t) {
		row := regexp.MustCompile(`(?m)^\| .*` + regexp.QuoteMeta(l.Secret))
		require.True(t, row.MatchString(readme), "no row of a table in README.md has %s, for %s", l.Secret, l.Name)
		name := regexp.MustCompile(`\b` + l.Name + `\b`)
		require.True(t, name.MatchString(changelog), "CHANGELOG.md does not name %s", l.Name)
	}
}
