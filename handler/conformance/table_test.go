package conformance_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seed45446ece/launcher/launcher/launchertest"
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

// render is the page: how many cases each language passes, what it cannot do, the cases.
func (t *table) render() string {
	var page strings.Builder
	page.WriteString(intro)
	asked, broken := caseNames()
	var notes, refused []string
	header, line := []string{"language"}, []string{"---"}
	for _, d := range deliveries {
		header, line = append(header, "`"+d.name+"`"), append(line, "---")
		for _, name := range slices.Sorted(maps.Keys(d.refuses)) {
			refused = append(refused, fmt.Sprintf("%s in `%s`", name, d.name))
		}
	}
	row(&page, append(header, "damaged contexts")...)
	row(&page, append(line, "---")...)
	for _, l := range t.languages {
		columns := []string{l.Name}
		for _, d := range deliveries {
			columns = append(columns, t.count(l.Name, d.name, asked, &notes))
		}
		row(&page, append(columns, t.count(l.Name, "", broken, &notes))...)
	}
	fmt.Fprintf(&page, refusedText, strings.Join(refused, ", "))
	page.WriteString("\n## What a language cannot do\n\n")
	row(&page, "language", "question", "why")
	row(&page, "---", "---", "---")
	page.WriteString(strings.Join(notes, ""))
	page.WriteString(acceptsIntro)
	t.accepted(&page)
	fmt.Fprintf(&page, "\n## The questions\n\nIn every delivery:\n\n%s", bullets(asked))
	page.WriteString(faultsText + bullets(broken))
	return page.String()
}

// caseNames returns the names of the questions, and of the damaged contexts.
func caseNames() (asked, broken []string) {
	for _, q := range questions(func(secret) bool { return false }) {
		asked = append(asked, q.name)
	}
	for _, f := range faults {
		broken = append(broken, f.name)
	}
	for _, f := range astray {
		broken = append(broken, f.name)
	}
	for _, m := range misplaced {
		broken = append(broken, m.name)
	}
	return asked, broken
}

// count returns how many of the cases a language passes, of those that it was asked. Why it
// cannot pass one goes to the notes.
func (t *table) count(language, delivery string, names []string, notes *[]string) string {
	passed, asked := 0, 0
	for _, name := range names {
		switch what := t.cells[cell{language, delivery, name}]; what {
		case pass:
			passed, asked = passed+1, asked+1
		case refusal, "": // by the launcher, or not asked in this delivery
		default:
			asked++
			if note := fmt.Sprintf("| %s | %s | %s |\n", language, name, what); !slices.Contains(*notes, note) {
				*notes = append(*notes, note)
			}
		}
	}
	return fmt.Sprintf("%d of %d", passed, asked)
}

// accepted writes what each language accepts although Go refuses it.
func (t *table) accepted(page *strings.Builder) {
	row(page, "language", "part", "accepted")
	row(page, "---", "---", "---")
	for _, l := range t.languages {
		for _, name := range slices.Sorted(maps.Keys(l.Accepts)) {
			row(page, l.Name, name, l.Accepts[name])
		}
	}
}

func bullets(list []string) string {
	var text strings.Builder
	for _, item := range list {
		text.WriteString("- " + item + "\n")
	}
	return text.String()
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
	launchertest.RequireGenerated(t, docs, text)
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

const intro = `# Languages tested

Every module answers the same questions, behind the real launcher, in every delivery. The table counts the questions that
it answers right. How to use a module is in [handlers.md](handlers.md).

This page is generated by ` + "`make conformance`" + `. How to add a language is in [handler/README.md](../handler/README.md).

`

const refusedText = `
The launcher itself refuses some values, because no variable can hold them, and names the key: %s.
`

const acceptsIntro = `
## What a module accepts although Go refuses it

A test gives all modules the same 600 damaged contexts. A module refuses such a context or reads it as Go does, with these
exceptions:

`

const faultsText = `
With a damaged context, or after the launcher ended. The error says so, holds no value, and is never "no such secret":

`
