package conformance_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const docs = "../../docs/languages.md"

// cell is one of the table: of a fault the delivery is "".
type cell struct{ language, delivery, name string }

// What a cell can hold; anything else is why it cannot be.
const (
	pass    = "+"
	refusal = "r"
)

// table is what became of each case, filled by tests that run side by side.
type table struct {
	languages []language
	mutex     sync.Mutex
	cells     map[cell]string
}

func (t *table) set(place cell, what string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.cells[place] = what
}

// put fails the test where the answer is wrong, but for what the language's
// probe.json says that it cannot do; and where it can after all.
func (t *table) put(test *testing.T, l language, delivery, name string, wrong error) {
	test.Helper()
	why, cannot := l.Cannot[name]
	what := pass
	switch {
	case wrong == nil && cannot:
		test.Errorf("%s: %s can, and its probe.json says that it cannot", name, l.Name)
	case cannot:
		what = why
	case wrong != nil:
		test.Errorf("%s: %v", name, wrong)
		return
	}
	t.set(cell{l.Name, delivery, name}, what)
}

// render is the page: the languages, the cases, the faults, the notes.
func (t *table) render() string {
	var page strings.Builder
	page.WriteString(intro)
	row(&page, "language", "from", "a secret", "none", "not UTF-8", "module")
	row(&page, "---", "---", "---", "---", "---", "---")
	for _, l := range t.languages {
		row(&page, l.Name, l.From, "`"+l.Secret+"`", l.None, l.Bytes, fmt.Sprintf("[%s](../handler/%[1]s)", path.Join(l.folder, l.Module)))
	}
	var notes []string
	var names, marks []string
	for _, d := range deliveries {
		names = append(names, d.name)
	}
	for _, q := range questions(func(secret) bool { return false }) {
		marks = append(marks, q.name)
	}
	fmt.Fprintf(&page, "\n## What was asked\n\nFor each language a mark a delivery: %s. `%s` is right; `%s` refused by the launcher,\n"+
		"which names the key and does not start the handler; `.` not asked; a digit a note below.\n\n", strings.Join(names, ", "), pass, refusal)
	t.grid(&page, marks, names, &notes)
	page.WriteString(faultsIntro)
	marks = nil
	for _, f := range faults {
		marks = append(marks, f.name)
	}
	for _, f := range astray {
		marks = append(marks, f.name)
	}
	for _, m := range misplaced {
		marks = append(marks, m.name)
	}
	t.grid(&page, marks, []string{""}, &notes)
	page.WriteString("\n")
	for i, note := range notes {
		fmt.Fprintf(&page, "%d. %s\n", i+1, note)
	}
	page.WriteString(acceptsIntro)
	for _, l := range t.languages {
		for _, name := range slices.Sorted(maps.Keys(l.Accepts)) {
			fmt.Fprintf(&page, "- %s, %s: %s\n", l.Name, name, l.Accepts[name])
		}
	}
	return page.String()
}

// grid is a row a case and a column a language; why something cannot be goes to
// the notes.
func (t *table) grid(page *strings.Builder, names, deliveries []string, notes *[]string) {
	header, line := []string{""}, []string{"---"}
	for _, l := range t.languages {
		header, line = append(header, l.Name), append(line, "---")
	}
	row(page, header...)
	row(page, line...)
	for _, name := range names {
		columns := []string{name}
		for _, l := range t.languages {
			marks := ""
			for _, d := range deliveries {
				marks += mark(t.cells[cell{l.Name, d, name}], l.Name+", "+name, notes)
			}
			columns = append(columns, "`"+marks+"`")
		}
		row(page, columns...)
	}
}

func mark(what, where string, notes *[]string) string {
	switch what {
	case pass, refusal:
		return what
	case "":
		return "."
	}
	note := where + ": " + what
	if !slices.Contains(*notes, note) {
		*notes = append(*notes, note)
	}
	return fmt.Sprint(slices.Index(*notes, note) + 1)
}

func row(page *strings.Builder, columns ...string) {
	page.WriteString("| " + strings.Join(columns, " | ") + " |\n")
}

// publish compares the page with the one that is kept, or keeps it.
func publish(t *testing.T, table *table, text string) {
	t.Helper()
	for _, l := range table.languages {
		if _, asked := table.cells[cell{l.Name, deliveries[0].name, secrets[0].name}]; !asked {
			t.Skipf("lacks: %s: that docs/languages.md is what the tests find", l.Name)
		}
	}
	if os.Getenv("UPDATE_DOCS") != "" {
		require.NoError(t, os.WriteFile(docs, []byte(text), 0o644))
		return
	}
	kept, err := os.ReadFile(docs)
	require.NoError(t, err)
	require.Equal(t, string(kept), text, `"make conformance" writes it`)
}

// leaks reports whether text shows the start of value in a form that prints.
func leaks(text, value string) bool {
	start := []byte(value[:min(len(value), 12)])
	quoted, _ := json.Marshal(string(start)) // cannot fail
	for _, form := range []string{string(start), strings.Trim(string(quoted), `"`), hex.EncodeToString(start),
		base64.RawStdEncoding.EncodeToString(start[:len(start)/3*3]), strings.Trim(fmt.Sprint(start), "[]"),
		strings.ReplaceAll(strings.Trim(fmt.Sprint(start), "[]"), " ", ", ")} {
		if strings.Contains(text, form) {
			return true
		}
	}
	return false
}

const intro = `# Languages

Generated by ` + "`make conformance`" + `; do not edit. It asks the module of each language the same questions, behind the
real launcher, in every delivery; the questions are in [handler/conformance](../handler/conformance), how to add a
language in [handler/README.md](../handler/README.md).

`

const faultsIntro = "\n## What goes wrong\n\nThe error says so, and holds no value. None of these is ever \"no such secret\".\n\n"

const acceptsIntro = `
## What a module accepts although Go refuses it

A test gives all modules the same 600 damaged contexts. Each module refuses a damaged context or reads it as Go does, but:

`
