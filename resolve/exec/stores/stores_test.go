package stores_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// value is a column of the table.
type value struct{ key, column, text string }

var values = []value{
	{"TEXT", "text", "s3cr3t"},
	{"NEWLINE", "final newline", "a line\n"},
	{"PEM", "PEM", "-----BEGIN PRIVATE KEY-----\nTUlJRXZRSUJBREFOQmdrcWhraUc5dzA=\n-----END PRIVATE KEY-----\n"},
	{"UTF8", "UTF-8", "pässwörd 秘密 🔑"},
	{"QUOTES", "quotes, `$`", ` it's "quoted" \ \n $HOME ${HOME} $(id) ` + "`id` # = % "},
	{"LARGE", "8 KiB", strings.Repeat("0123456789abcde\n", 511) + "0123456789abcdef"},
	{"EMPTY", "empty", ""},
	{"BINARY", "binary", "\x00\x01\xff\xfe\n\x80binary\x00"},
}

var deliveries = []string{"stdin", "fd", "env", "files", "socket"}

// identifier returns the name of a value of the table in the store.
func (s store) identifier(key string) string {
	if s.name == nil {
		return key
	}
	return s.name(key)
}

// contents returns what a store is filled with: the values of the table, and the
// canary where the recipe looks for its keys.
func (s store) contents(r recipe) map[string]string {
	contents := map[string]string{"DB_PASSWORD": canary}
	if r.source.Format == "" {
		contents = map[string]string{}
		for _, name := range r.source.Secrets {
			contents[name] = canary
		}
	}
	for _, v := range values {
		if !strings.Contains(s.lacks, v.column) {
			contents[s.identifier(v.key)] = v.text
		}
	}
	return contents
}

// TestStores runs each recipe as the page shows it, delivers each value, and injects
// the faults. UPDATE_DOCS=1 writes the tables.
func TestStores(t *testing.T) {
	head := "| store |"
	for _, v := range values {
		head += " " + v.column + " |"
	}
	delivered := head + "\n" + strings.Repeat("| --- ", len(values)+1) + "|\n"
	failed := "| store | missing | refused | unreachable |\n| --- | --- | --- | --- |\n"
	for _, s := range stores {
		t.Run(s.heading, func(t *testing.T) {
			s.available(t)
			r, p := readRecipe(t, s.heading), newPlace(t)
			contents := s.contents(r)
			s.open(t, p, contents)
			for name, expression := range r.env {
				p.env = append(p.env, name+"="+evaluate(t, expression, contents))
			}
			s.requireRecipe(t, p, r)
			delivered += "| " + s.heading + " | " + s.deliver(t, p, r) + " |\n"
			if row := s.fail(t, p, r); row != "" {
				failed += "| " + s.heading + " | " + row + " |\n"
			}
		})
	}
	if !t.Failed() {
		requireTables(t, []string{delivered, failed})
	}
}

// evaluate returns the value of an expression of GitHub Actions.
func evaluate(t *testing.T, expression string, secrets map[string]string) string {
	t.Helper()
	inner := strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(expression, "${{"), "}}"))
	if inner == "toJSON(secrets)" {
		text, err := json.MarshalIndent(secrets, "", "  ")
		require.NoError(t, err)
		return string(text)
	}
	name, found := strings.CutPrefix(inner, "secrets.")
	require.True(t, found, expression)
	return secrets[name]
}

// requireRecipe runs the recipe as it stands. No message holds the value.
func (s store) requireRecipe(t *testing.T, p *place, r recipe) {
	t.Helper()
	p.write(t, "task.yaml", r.task)
	p.job(t, "DB_PASSWORD")
	got := launchertest.Finish(t, p.command(r.script, "LAUNCHER_VERBOSE=true", "LAUNCHER_EXEC_STDERR=true"))
	require.Zero(t, got.Status, got.Stderr)
	require.Equal(t, base64.StdEncoding.EncodeToString([]byte(canary))+"\n", got.Stdout)
	requireNoCanary(t, s.heading, got.Stderr)
}

const run = "launcher run --task task.yaml -- ./job"

// deliver returns the cells of a store's row: a mark for each delivery.
func (s store) deliver(t *testing.T, p *place, r recipe) string {
	t.Helper()
	marks := map[string]string{}
	for _, delivery := range deliveries {
		var text, binary []value
		for _, v := range values {
			switch {
			case strings.Contains(s.lacks, v.column):
				marks[v.key] = "-"
			case v.key == "BINARY": // of its own, as the launcher may refuse it
				binary = append(binary, v)
			default:
				text = append(text, v)
			}
		}
		s.deliverAs(t, p, r, delivery, text, marks)
		if len(binary) > 0 {
			s.deliverAs(t, p, r, delivery, binary, marks)
		}
	}
	var cells []string
	for _, v := range values {
		cells = append(cells, "`"+marks[v.key]+"`")
	}
	return strings.Join(cells, " | ")
}

// deliverAs delivers values and adds the mark of each.
func (s store) deliverAs(t *testing.T, p *place, r recipe, delivery string, values []value, marks map[string]string) {
	t.Helper()
	var keys []string
	for _, v := range values {
		keys = append(keys, v.key)
	}
	p.write(t, "task.yaml", taskOf(t, s.asking(r.source, keys...)))
	p.job(t, keys...)
	got := launchertest.Finish(t, p.command(run, "LAUNCHER_DELIVER="+delivery))
	if got.Status == 125 && delivery == "env" && len(keys) == 1 {
		require.Regexp(t, `^launcher: .*"`+keys[0]+`"`, got.Stderr)
		marks[keys[0]] += "r"
		return
	}
	require.Zero(t, got.Status, "%s: %s", delivery, got.Stderr)
	lines := strings.Split(got.Stdout, "\n")
	require.Len(t, lines, len(keys)+1)
	for i, v := range values {
		found, err := base64.StdEncoding.DecodeString(lines[i])
		require.NoError(t, err)
		mark := "+"
		if s.drops && strings.HasSuffix(v.text, "\n") {
			mark, v.text = "n", strings.TrimSuffix(v.text, "\n")
		}
		require.Equal(t, v.text, string(found), "%s: %s", delivery, v.key)
		marks[v.key] += mark
	}
}

// asking returns a recipe's source, asked for values of the table.
func (s store) asking(from source, keys ...string) source {
	if from.Format != "" {
		return from
	}
	from.Secrets = map[string]string{}
	for _, key := range keys {
		from.Secrets[key] = s.identifier(key)
	}
	return from
}

var ended = regexp.MustCompile(`program "[a-z-]+" ended with status (\d+)`)

// fail returns the cells of a store's faults: the program's status, and the
// launcher's. The message names the key, or the program, and the hint what to do.
func (s store) fail(t *testing.T, p *place, r recipe) string {
	t.Helper()
	cells := map[string]string{"missing": "", "refused": "", "unreachable": ""}
	for _, f := range s.faults {
		key := "TEXT"
		if f.absent {
			key = "NO_SUCH_SECRET"
		}
		asked := s.asking(r.source, key)
		asked.Command = slices.Clone(asked.Command)
		for i := range asked.Command {
			for from, to := range f.swap {
				asked.Command[i] = strings.ReplaceAll(asked.Command[i], from, to)
			}
		}
		if f.spoil != nil {
			f.spoil(t, p)
		}
		p.write(t, "task.yaml", taskOf(t, asked))
		p.job(t, key)
		got := launchertest.Finish(t, p.command(run, f.env...))
		status := ended.FindStringSubmatch(got.Stderr)
		require.NotNil(t, status, "%s: %s", f.column, got.Stderr)
		if asked.Format == "" {
			require.Contains(t, got.Stderr, `launcher: secret "`+key+`": exec: program "`)
		}
		require.Contains(t, got.Stderr, "\nhint: ")
		require.Empty(t, got.Stdout)
		requireNoCanary(t, f.column, got.Stderr)
		if text, listed := cells[f.column]; listed && text == "" {
			cells[f.column] = fmt.Sprintf("%s, so %d", status[1], got.Status)
		}
	}
	if len(s.faults) == 0 {
		return ""
	}
	return strings.Join([]string{cells["missing"], cells["refused"], cells["unreachable"]}, " | ")
}
