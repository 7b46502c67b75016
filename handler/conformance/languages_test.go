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
	needs   []string // programs, or commands that tell
	build   string   // "" where nothing is
	run     string
	untyped bool              // its one kind of string holds text and bytes alike
	cannot  map[string]string // case -> why it cannot be

	module, from, call, missing, binary string
}

var languages = []language{
	{"Python", "python", []string{"python3"}, "", "python3 -B probe.py", false, nil,
		"python/launcher_context.py", "3.8", `context.get_secret("KEY")`, "`None`, or the default", "`bytes`"},
	{"Go", "conformance/testdata/go", []string{"go"}, "go build -o $OUT/probe .", "$OUT/probe", true,
		map[string]string{"a child's standard input": "descriptor 0 stays open, where a context over 1 MiB can be read again"},
		"context.go", "1.26", `job.Secret("KEY")`, "`handler.ErrNoSecret`", "a `string`, which holds any bytes"},
	{"Java", "java", []string{"javac", "java"}, "javac -d $OUT LauncherContext.java Probe.java", "java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp $OUT Probe", false, nil,
		"java/LauncherContext.java", "17", `context.getSecret("KEY")`, "`Optional.empty()`", "`getSecretBytes`"},
	{"Ruby", "ruby", []string{"ruby"}, "", "ruby probe.rb", false, nil,
		"ruby/launcher_context.rb", "2.6", `context.get_secret("KEY")`, "`nil`, or the default", "a `String` in `BINARY`"},
	{"Perl", "perl", []string{"perl"}, "", "perl probe.pl", false, nil,
		"perl/LauncherContext.pm", "5.10", `$context->get_secret('KEY')`, "`undef`, or the default", "a string of bytes, not `utf8::is_utf8`"},
	{"PHP", "php", []string{"php"}, "", "php probe.php", true,
		map[string]string{"empty object": "an empty array is both `[]` and `{}`"},
		"php/LauncherContext.php", "8.1", `$context->getSecret('KEY')`, "`null`, or the default", "a `string`, which holds any bytes"},
	{"R", "r", []string{"Rscript", "Rscript -e 'library(jsonlite)'"}, "", "Rscript --vanilla --default-packages=utils probe.R", false,
		map[string]string{
			"over 2^53": "its numbers are doubles", "NUL": "no string holds a NUL: the value comes as bytes, a raw vector",
			"a child's standard input": "it cannot close descriptor 0, where a context over 1 MiB can be read again"},
		"r/launcher_context.R", "3.6, with jsonlite", `context$get_secret("KEY")`, "`NULL`, or the default", "a raw vector"},
	{"Rust", "rust", []string{"rustc"}, "rustc --edition 2021 -A dead_code -O -o $OUT/probe probe.rs", "$OUT/probe", false, nil,
		"rust/launcher_context.rs", "1.63", `context.get_secret("KEY")?`, "`None`", "`secret.as_bytes()`"},
	{"Bash", "bash", []string{"bash"}, "", "bash probe.bash", true, nil,
		"bash/launcher_context.bash", "4.4", `get_secret KEY`, "status 1, or the default", "the bytes, on standard output"},
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
