package kubernetes

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/keylist"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// Listed holds the names of the pod's variables that are secrets of its project.
// MLRun 1.8 and later name such a variable by its key, like any other variable.
type Listed struct {
	Configured []string // who configures the launcher lists them
	MLRun      []string // MLRun's service lists them; the pod may lack some
	Known      bool     // there is a list, which may be empty
}

// ParseListed reads names with commas or blanks between them. It leaves MLRun's
// internal ones out. The error holds every name that is not a key, by its origin.
func ParseListed(origin string, texts ...string) ([]string, error) {
	var names []string
	var wrong []error
	seen := map[string]bool{}
	for _, text := range texts {
		for _, name := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' }) {
			err := keyname.Check(name)
			switch {
			case err != nil:
				wrong = append(wrong, fmt.Errorf("%s: %w", origin, err))
			case !Internal(name) && !seen[name]:
				names, seen[name] = append(names, name), true
			}
		}
	}
	return names, errors.Join(wrong...)
}

// Names returns all names that are listed.
func (l Listed) Names() []string {
	return append(slices.Clone(l.Configured), l.onlyMLRun(func(string) bool { return true })...)
}

// onlyMLRun returns the names that only MLRun lists and that match.
func (l Listed) onlyMLRun(match func(name string) bool) (names []string) {
	configured := map[string]bool{}
	for _, name := range l.Configured {
		configured[name] = true
	}
	for _, name := range l.MLRun {
		if !configured[name] && match(name) {
			names = append(names, name)
		}
	}
	return names
}

// vouchesFor reports whether who configures the launcher says that a variable is a
// secret of the project. MLRun's own list does not count: it has each key that the
// task names, also if the project's Secret lacks it.
func (l Listed) vouchesFor(name string) bool { return slices.Contains(l.Configured, name) }

// keys returns the listed names as keys of a source. It leaves out what only MLRun
// lists and the pod lacks.
func (l Listed) keys(s Spec, environ resolve.Environ) (keys []keylist.Key) {
	inPod := func(name string) bool {
		_, plain := environ[name]
		_, prefixed := environ[s.Variable(keylist.Key{Key: name, Name: name})]
		return plain || prefixed
	}
	for _, name := range append(slices.Clone(l.Configured), l.onlyMLRun(inPod)...) {
		keys = append(keys, keylist.Key{Key: name, Name: name})
	}
	return keys
}
