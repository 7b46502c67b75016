package document

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed45446ece/launcher/internal/suggest"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// Problem says what is wrong at a place in a document. Its text holds names and
// places, never a value.
type Problem struct {
	At      Position
	Message string
	Advice  string // what to do about it; may be empty
}

func (p *Problem) Error() string { return p.At.String() + ": " + p.Message }

// Hint returns the advice, for a "hint:" line.
func (p *Problem) Hint() string { return p.Advice }

// Problems collects what is wrong with a document, so that all of it is
// reported in one run. The zero value is ready for use.
type Problems struct{ list []error }

// maxProblems limits the list: a document with more problems is not the one that
// the user meant.
const maxProblems = 1000

// Add adds one problem. After a thousand it only adds that more follow.
func (p *Problems) Add(at Position, hint, format string, args ...any) {
	if len(p.list) > maxProblems {
		return
	}
	if len(p.list) == maxProblems {
		hint, format, args = "", "more problems follow", nil
	}
	p.list = append(p.list, &Problem{At: at, Message: fmt.Sprintf(format, args...), Advice: hint})
}

// AddErr adds the problems that another reader found, up to the same number; nil
// adds nothing.
func (p *Problems) AddErr(err error) {
	if err != nil && len(p.list) <= maxProblems {
		p.list = append(p.list, err)
	}
}

// Err returns all problems joined, or nil. It sorts the problems of one document
// by place.
func (p *Problems) Err() error {
	if len(p.list) == 0 {
		return nil
	}
	var flat []error
	origins := map[string]int{}
	for _, err := range p.list {
		flat = append(flat, Unjoin(err)...)
	}
	for _, err := range flat {
		if origin := placeOf(err).Origin; origins[origin] == 0 {
			origins[origin] = len(origins) + 1
		}
	}
	slices.SortStableFunc(flat, func(a, b error) int {
		x, y := placeOf(a), placeOf(b)
		return cmp.Or(origins[x.Origin]-origins[y.Origin], x.Line-y.Line, x.Column-y.Column)
	})
	return errors.Join(flat...)
}

// placeOf returns a problem's place, or the zero Position for another error.
func placeOf(err error) Position {
	var p *Problem
	if errors.As(err, &p) {
		return p.At
	}
	return Position{}
}

// Unknown adds the problem of a field that its map does not have.
func (p *Problems) Unknown(f Field, what string, known ...string) {
	slices.Sort(known)
	p.Add(f.At, suggest.Hint("use one of "+strings.Join(known, ", "), f.Name, "", known...), "unknown field %s in %s", f.quotedName(), what)
}

// CheckKey reports whether text is a key, and adds a problem if it is not.
func (p *Problems) CheckKey(at Position, text string) bool {
	err := keyname.Check(text)
	if wrong, ok := errors.AsType[*keyname.Error](err); ok {
		p.Add(at, wrong.Hint(), "%s", wrong.Error())
	}
	return err == nil
}

// Text returns the text of a string node; anything else is a problem.
func (p *Problems) Text(n *Node, what string) string {
	if n.Kind != String {
		p.Add(n.At, "", "%s must be a string, not %s", what, n.Kind)
		return ""
	}
	return n.Text
}

// Choice returns the text of a string node that is one of the choices; anything else
// is a problem.
func (p *Problems) Choice(n *Node, what string, choices []string) string {
	text := p.Text(n, what)
	if n.Kind == String && !slices.Contains(choices, text) {
		p.Add(n.At, suggest.Hint("use one of "+strings.Join(choices, ", "), text, "", choices...), "unknown %s", what)
	}
	return text
}

// Texts returns the texts of a list of distinct strings; anything else is a
// problem.
func (p *Problems) Texts(n *Node, what string) []string {
	if n.Kind != List {
		p.Add(n.At, "", "%s must be a list, not %s", what, n.Kind)
		return nil
	}
	var texts []string
	seen := make(map[string]bool, len(n.Items))
	for _, item := range n.Items {
		switch {
		case !item.Scalar():
			p.Add(item.At, "", "%s must hold strings, not %s", what, item.Kind)
		case seen[item.Text]:
			p.Add(item.At, "", "duplicate name %s in %s", keyname.Show(item.Text), what)
		default:
			seen[item.Text] = true
			texts = append(texts, item.Text)
		}
	}
	return texts
}

// Unjoin returns the errors that were joined into err, one by one.
func Unjoin(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var flat []error
	for _, e := range joined.Unwrap() {
		flat = append(flat, Unjoin(e)...)
	}
	return flat
}
