// Package env is the secret source of the launcher's own environment.
//
// It owns the list of names. It refuses a name that is not a key.
// Data flows Environ -> Finding.
package env

import (
	"context"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
)

// Source is the variables that an env source names.
type Source struct {
	names []string
	find  func(key string, names ...string) resolve.Finding // as no verb prints what it closes over
}

// New reads the declaration: "A, B" with blanks around the names allowed, as
// MLRun has it, or a list. A name twice, or that is not a key, is a Problem.
func New(d resolve.Declaration, environ resolve.Environ) (Source, error) {
	var problems document.Problems
	names := problems.Keys(d.Source, "an env source")
	return Source{names, environ.Find}, problems.Err()
}

// Variables returns the names of the variables that carry the secrets.
func (s Source) Variables() []string { return s.names }

// Find looks up every name. A variable that is set and empty is a value.
func (s Source) Find(context.Context) ([]resolve.Finding, error) {
	var found []resolve.Finding
	for _, name := range s.names {
		found = append(found, s.find(name, name))
	}
	return found, nil
}
