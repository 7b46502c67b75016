// Package env is the secret source of the launcher's own environment.
//
// It owns the list of names. It refuses a name that no environment can hold.
// Data flows Environ -> Finding.
package env

import (
	"context"
	"slices"
	"strings"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
)

// Source is the variables that an env source names.
type Source struct {
	names   []string
	environ resolve.Environ
}

// New reads the declaration: "A, B" with blanks around the names allowed, as
// MLRun has it, or a list. A name twice, or that no environment can hold, is a
// Problem.
func New(d resolve.Declaration, environ resolve.Environ) (Source, error) {
	var problems document.Problems
	names := Names(&problems, d.Source, "an env source")
	for _, name := range names {
		if err := resolve.CheckKey(name); err != nil {
			problems.Add(d.Source.At, "", "%q names no variable: %v", name, err)
		}
	}
	return Source{names, environ}, problems.Err()
}

// Names is the names of a list, or of a string with commas between them.
func Names(problems *document.Problems, n *document.Node, what string) []string {
	if n.Kind != document.String {
		return problems.Texts(n, what)
	}
	var names []string
	for name := range strings.SplitSeq(n.Text, ",") {
		switch name = strings.TrimSpace(name); {
		case name == "":
			problems.Add(n.At, "", "%s has an empty name", what)
		case slices.Contains(names, name):
			problems.Add(n.At, "", "%q is twice in %s", name, what)
		default:
			names = append(names, name)
		}
	}
	return names
}

// Variables is the names of the variables that carry the secrets.
func (s Source) Variables() []string { return s.names }

// Find looks every name up. A variable that is set and empty is a value.
func (s Source) Find(context.Context) ([]resolve.Finding, error) {
	var found []resolve.Finding
	for _, name := range s.names {
		found = append(found, s.environ.Find(name, name))
	}
	return found, nil
}
