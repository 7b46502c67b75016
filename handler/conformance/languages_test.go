package conformance_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// language is how the probe of a language is built and started, with the
// language's folder as the working directory; $OUT is a folder for what the
// build makes. The rest is what docs/languages.md says of it.
type language struct {
	name    string
	folder  string   // in handler
	needs   []string // programs
	build   string   // "" where nothing is
	run     string
	untyped bool              // its one kind of string holds text and bytes alike
	cannot  map[string]string // case -> why it cannot be

	module, from, call, missing, binary string
}

var languages = []language{
	{"Python", "python", []string{"python3"}, "", "python3 -B probe.py", false, nil,
		"python/launcher_context.py", "3.8", `context.get_secret("KEY")`, "`None`, or the default", "`bytes`"},
	{"Go", "conformance/testdata/go", []string{"go"}, "go build -o $OUT/probe .", "$OUT/probe", true, nil,
		"context.go", "1.26", `job.Secret("KEY")`, "`handler.ErrNoSecret`", "a `string`, which holds any bytes"},
	{"Perl", "perl", []string{"perl"}, "", "perl probe.pl", false, nil,
		"perl/LauncherContext.pm", "5.10", `$context->get_secret('KEY')`, "`undef`, or the default", "a string of bytes, not `utf8::is_utf8`"},
}

// built is the language's probe, ready to be started: its command line.
func (l language) built(t *testing.T) []string {
	t.Helper()
	needs(t, l.needs, "the module for "+l.name)
	out := t.TempDir()
	folder, err := filepath.Abs(filepath.Join("..", l.folder))
	require.NoError(t, err)
	expand := func(line string) string {
		return os.Expand(line, func(string) string { return out })
	}
	if l.build != "" {
		build := exec.Command("sh", "-c", expand(l.build))
		build.Dir = folder
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		output, err := build.CombinedOutput()
		require.NoError(t, err, "%s", output)
	}
	return []string{"sh", "-c", `cd "$1" && shift && exec ` + expand(l.run) + ` "$@"`, "probe", folder}
}
