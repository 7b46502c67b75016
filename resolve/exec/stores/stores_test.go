package stores_test

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

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
		for _, name := range r.source.Secrets.(map[string]any) {
			contents[name.(string)] = canary
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
// the faults. UPDATE_DOCS=1 writes the table.
func TestStores(t *testing.T) {
	table := "| store |"
	for _, v := range values {
		table += " " + v.column + " |"
	}
	table += " missing | refused | unreachable |\n" + strings.Repeat("| --- ", len(values)+4) + "|\n"
	for _, s := range stores {
		t.Run(s.title(), func(t *testing.T) {
			s.available(t)
			r, p := s.recipe(t), newPlace(t)
			contents := s.contents(r)
			s.open(t, p, contents)
			for name, expression := range r.env {
				p.env = append(p.env, name+"="+evaluate(t, expression, contents))
			}
			s.requireRecipe(t, p, r)
			s.requireSecret(t, p, r)
			table += "| " + s.title() + " | " + s.deliver(t, p, r) + " | " + s.fail(t, p, r) + " |\n"
		})
	}
	if !t.Failed() {
		requireTable(t, table)
	}
}

// title returns the name of a store in the table.
func (s store) title() string { return cmp.Or(s.swap, s.heading) }

// recipe returns the recipe of a store. The page has the command for gopass in the
// section of pass.
func (s store) recipe(t *testing.T) recipe {
	r := readRecipe(t, s.heading)
	if s.swap != "" {
		var command []string
		text := regexp.MustCompile("`(\\[" + s.swap + ", [^`]*)`").FindStringSubmatch(section(t, page, s.heading))[1]
		require.NoError(t, yaml.Unmarshal([]byte(text), &command))
		r.source.Command, r.source.Missing = command, nil
		r.task = taskOf(t, r.source)
	}
	return r
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

// requireRecipe runs the recipe as it stands, and explains it. No message holds the
// value.
func (s store) requireRecipe(t *testing.T, p *place, r recipe) {
	t.Helper()
	p.write(t, "task.yaml", r.task)
	p.job(t, "DB_PASSWORD")
	got := launchertest.Finish(t, p.command(r.script, "LAUNCHER_VERBOSE=true", "LAUNCHER_EXEC_STDERR=true"))
	require.Zero(t, got.Status, got.Stderr)
	require.Equal(t, base64.StdEncoding.EncodeToString([]byte(canary))+"\n", got.Stdout)
	requireNoCanary(t, s.heading, got.Stderr)
	explained := p.must(t, "launcher explain --task task.yaml", "")
	require.Regexp(t, `(?m)^DB_PASSWORD +exec +.* +found `, explained)
	requireNoCanary(t, s.heading, explained)
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
	secrets := map[string]any{}
	for _, key := range keys {
		secrets[key] = s.identifier(key)
	}
	from.Secrets = secrets
	return from
}

// swapped returns a command with other arguments. A text with blanks is several.
func (f fault) swapped(command []string) (swapped []string) {
	for _, argument := range command {
		if text := f.swap[argument]; text != "" {
			swapped = append(swapped, strings.Fields(text)...)
		} else {
			swapped = append(swapped, argument)
		}
	}
	return swapped
}

var ended = regexp.MustCompile(`program "[a-z-]+" ended with status (\d+)`)

// fail returns the cells of a store's faults: the program's status. The message names
// the key, or else the program, and a hint says what to do.
func (s store) fail(t *testing.T, p *place, r recipe) string {
	t.Helper()
	cells := map[string]string{"missing": "-", "refused": "-", "unreachable": "-"}
	for _, f := range s.faults {
		key := "TEXT"
		if f.absent {
			key = "NO_SUCH_SECRET"
		}
		asked := s.asking(r.source, key)
		asked.Command = f.swapped(asked.Command)
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
		require.Equal(t, 125, got.Status)
		require.Contains(t, got.Stderr, "\nhint: ")
		require.Empty(t, got.Stdout)
		requireNoCanary(t, f.column, got.Stderr)
		if text, listed := cells[f.column]; listed && text == "-" {
			cells[f.column] = status[1]
		}
	}
	return strings.Join([]string{cells["missing"], cells["refused"], cells["unreachable"]}, " | ")
}
