package messages

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRealMessagesAreListed looks for every message in the scripts of both programs,
// in the documentation and among the faults of Azure. Other tests compare these with
// what the programs print. A message may follow what it is about.
func TestRealMessagesAreListed(t *testing.T) {
	listed := listedMessages(readSources(t, root))
	real := slices.Concat(ofScripts(t), ofPages(t))
	require.Greater(t, len(real), 250)
	for _, text := range real {
		matches := func(r *regexp.Regexp) bool { return r.MatchString(text) }
		if !slices.ContainsFunc(listed, matches) && !slices.ContainsFunc(foreign, matches) {
			t.Errorf("docs/messages.md does not list %q: is its constructor missing in constructors_test.go?", text)
		}
	}
}

// foreign are messages with the words of libraries, and lines of --verbose that have
// only names.
var foreign = []*regexp.Regexp{
	regexp.MustCompile(`not valid YAML: `),
	regexp.MustCompile(`^render: \w+\.tmpl:`),
	regexp.MustCompile(`^secret "\w+": \w+, .*: found$`),
	regexp.MustCompile(`: connection reset by peer$`),
	regexp.MustCompile(`throttles \(429\), tried \d+ times$`), // the test takes the rest away
}

// listedMessages returns an expression for each message of the page.
func listedMessages(s *sources) []*regexp.Regexp {
	all := runnerMessages()
	for _, p := range s.packages {
		all = append(all, s.messages(p)...)
	}
	var found []*regexp.Regexp
	for _, m := range all {
		if speaks(m.text) {
			text := placeholders.ReplaceAllString(regexp.QuoteMeta(m.text), ".*")
			found = append(found, regexp.MustCompile(`(^|: |> )`+text+`$`))
		}
	}
	return found
}

// own matches the start of a line that one of the programs prints.
var own = regexp.MustCompile("^(?:launcher|launcherctl): (?:warning: )?([^\n]*)$")

// pattern matches a line of a script that expects a whole message.
var pattern = regexp.MustCompile(`^stderr '\^?((?:launcher|launcherctl): .*)\$'$`)

// ofScripts returns the messages of the scripts, from the files that they compare and
// from their patterns.
func ofScripts(t *testing.T) []string {
	t.Helper()
	var found []string
	scripts, err := filepath.Glob(root + "/cmd/*/testdata/script/*.txtar")
	require.NoError(t, err)
	for _, path := range scripts {
		for _, line := range lines(t, path) {
			if m := pattern.FindStringSubmatch(line); m != nil {
				line = unescape(m[1])
			}
			found = add(found, line)
		}
	}
	return found
}

// unescape returns a text that an expression of a script matches.
func unescape(expression string) string {
	escaped := regexp.MustCompile(`\\[^a-z]`)
	var kept []string
	expression = escaped.ReplaceAllStringFunc(expression, func(text string) string {
		kept = append(kept, text[1:])
		return open
	})
	expression = regexp.MustCompile(`\.[*+]\??|\[[^]]*\][*+]?|\(\?:?[^)]*\)`).ReplaceAllString(expression, "x")
	for _, text := range kept {
		expression = strings.Replace(expression, open, text, 1)
	}
	return strings.ReplaceAll(expression, "''", "'")
}

// ofPages returns the messages of the documentation and of the faults of Azure.
func ofPages(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(root + "/docs/*.md")
	require.NoError(t, err)
	paths = append(paths, root+"/README.md", root+"/resolve/azure/keyvault/testdata/faults.txt")
	var found []string
	for _, path := range paths {
		if filepath.Base(path) == filepath.Base(page) {
			continue
		}
		for _, line := range lines(t, path) {
			found = add(found, strings.TrimSpace(line))
		}
	}
	return found
}

func add(found []string, line string) []string {
	if m := own.FindStringSubmatch(line); m != nil && !strings.HasSuffix(m[1], "...") {
		return append(found, m[1])
	}
	return found
}

func lines(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return strings.Split(string(text), "\n")
}
