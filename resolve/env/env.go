// Package env is the secret source of the launcher's own environment.
//
// It owns the list of names. It refuses a name that is not a key.
// Data flows Environ -> Finding.
package env

import (
	"context"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keylist"
)

// Source is the variables that an env source names.
type Source struct {
	keys []keylist.Key
	find func(key string, names ...string) resolve.Finding // as no verb prints what it closes over
}

// New reads the declaration: "A, B" with blanks around the names allowed, as
// MLRun has it, or a list of keys. The name of a key is that of its variable. A
// key twice, or text that is not a key, is a Problem.
func New(d resolve.Declaration, environ resolve.Environ) (Source, error) {
	var problems document.Problems
	keys := keylist.Form{Source: "an env source"}.Parse(&problems, d.Source)
	return Source{keys, environ.Find}, problems.Err()
}

// Variables returns the names of the variables that carry the secrets.
func (s Source) Variables() []string {
	var names []string
	for _, k := range s.keys {
		names = append(names, k.Name)
	}
	return names
}

// Keys returns the declared keys.
func (s Source) Keys() []string { return keylist.Names(s.keys) }

// Defaults implements resolve.Defaulted.
func (s Source) Defaults() []resolve.Default { return keylist.Defaults(s.keys) }

// Find looks up every key. A variable that is set and empty is a value.
func (s Source) Find(context.Context) ([]resolve.Finding, error) {
	var found []resolve.Finding
	for _, k := range s.keys {
		found = append(found, s.find(k.Key, k.Name))
	}
	return found, nil
}
