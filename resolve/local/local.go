// Package local stands in for the sources that only a cluster can reach, on a
// laptop: the keys that they declare are taken from a file.
//
// It owns only that exchange, so that a handler finds the same keys as in the
// cluster. It refuses a key that two entries of the file match. Data flows file ->
// Finding.
package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/seed45446ece/launcher/internal/suggest"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/file"
	"github.com/seed45446ece/launcher/resolve/keylist"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// File is a file that stands in for the sources of one task.
type File struct {
	file.Spec
	Pipes *file.Pipes

	// Match returns the one of the keys that a handler is given for a key, or all
	// that match equally well: a .env file cannot spell a vault's db-password.
	Match func(keys []string, key string) []string

	sources   []*source // that the file stands in for
	otherKeys []string  // that other sources of the task declare
}

// Source returns what stands in for a source with this prefix that declares keys,
// and may have more. It then gets all entries that serve no declared key.
func (f *File) Source(keys []keylist.Key, more bool, prefix string) resolve.Source {
	s := &source{f, keys, more, prefix}
	f.sources = append(f.sources, s)
	return s
}

// Declare adds a key that a source declares for which the file does not stand in.
func (f *File) Declare(key string) { f.otherKeys = append(f.otherKeys, key) }

// source is the part of the file that stands in for one source.
type source struct {
	*File
	keys   []keylist.Key
	more   bool // it has keys that it does not declare
	prefix string
}

// Defaults implements resolve.Defaulted.
func (s *source) Defaults() []resolve.Default { return keylist.Defaults(s.keys) }

// Find reads the file. A missing file is an error and not ErrAbsent: the user
// named it for this run.
func (s *source) Find(ctx context.Context) ([]resolve.Finding, error) {
	all, err := s.Spec.Find(ctx, s.Pipes)
	switch {
	case errors.As(err, new(*document.Problem)): // each has its place
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("--local: %w", err)
	}
	c := content{names: make([]string, len(all)), entries: make(map[string]resolve.Finding, len(all))}
	for i, f := range all {
		c.names[i], c.entries[f.Key] = f.Key, f
	}
	c.spare = sync.OnceValue(func() []string { return s.spare(c) })
	var found []resolve.Finding
	for _, key := range s.keys {
		found = append(found, s.find(c, key))
	}
	if s.more {
		found = append(found, s.all(c)...)
	}
	return found, nil
}

// content is what the file holds.
type content struct {
	names   []string // in the file's order
	entries map[string]resolve.Finding
	spare   func() []string // names of the entries that serve no declared key
}

// maxCompared limits how many keys are compared to find a misspelled one.
const maxCompared = 100

// candidates returns the names of the entries that serve a key: that match it, or
// else that match the name where the cluster's source looks.
func (s *source) candidates(c content, key keylist.Key) []string {
	if _, exact := c.entries[key.Key]; exact {
		return []string{key.Key}
	}
	names := s.Match(c.names, key.Key)
	if len(names) == 0 {
		names = s.Match(c.names, key.Name)
	}
	return names
}

func (s *source) find(c content, key keylist.Key) resolve.Finding {
	names := s.candidates(c, key)
	switch len(names) {
	case 0:
		missing := resolve.Absent("it is not in " + keyname.Plain(s.Path) + s.similar(c, key.Key))
		return resolve.Finding{Key: key.Key, Where: keyname.Plain(s.Path), Err: missing}
	case 1:
		return withKey(key.Key, c.entries[names[0]])
	}
	return resolve.Finding{Key: key.Key, Where: keyname.Plain(s.Path), Err: ambiguousError{keyname.Plain(s.Path), c.entries[names[0]], c.entries[names[1]]}}
}

// similar names the entry that a missing key may be misspelled as, or returns "".
func (s *source) similar(c content, key string) string {
	if len(c.names) > maxCompared || len(s.keys) > maxCompared {
		return ""
	}
	if nearest := suggest.Nearest(key, c.spare()...); nearest != "" {
		return ", which has " + keyname.Show(nearest)
	}
	return ""
}

// spare returns the names of the entries that serve no declared key.
func (s *source) spare(c content) []string {
	served := map[string]bool{}
	for _, other := range s.sources {
		for _, key := range other.keys {
			for _, name := range other.candidates(c, key) {
				served[name] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(c.names), func(name string) bool { return served[name] })
}

// withKey returns an entry under another key.
func withKey(key string, entry resolve.Finding) resolve.Finding {
	entry.Key = key
	return entry
}

// all returns the entries that serve no declared key. One that matches a key of
// another source has that key's spelling, unless the file has that key too.
func (s *source) all(c content) []resolve.Finding {
	serves := map[string]bool{}
	for _, other := range s.sources {
		for _, key := range other.keys {
			for _, name := range other.candidates(c, key) {
				serves[name] = serves[name] || other.prefix == s.prefix
			}
		}
	}
	spelling := map[string]string{}
	for _, other := range s.otherKeys {
		declared, ok := strings.CutPrefix(other, s.prefix)
		if _, exact := c.entries[declared]; !ok || exact {
			continue
		}
		if names := s.Match(c.names, declared); len(names) == 1 {
			spelling[names[0]] = declared
		}
	}
	var found []resolve.Finding
	for _, name := range c.names {
		if !serves[name] {
			found = append(found, withKey(cmp.Or(spelling[name], name), c.entries[name]))
		}
	}
	return found
}

// ambiguousError is a key that two entries of the file match.
type ambiguousError struct {
	path string
	a, b resolve.Finding
}

func (e ambiguousError) Error() string {
	return fmt.Sprintf("two keys of %s match: %s at %s and %s at %s", e.path, keyname.Show(e.a.Key), e.a.Where, keyname.Show(e.b.Key), e.b.Where)
}

// Hint returns what to do about it.
func (ambiguousError) Hint() string {
	return "write the key exactly as the task does, or remove one of the two"
}
