// Package local stands in for the sources that only a cluster can reach, on a
// laptop: the keys that they declare are taken from a file.
//
// It owns only that exchange. Data flows file -> Finding.
package local

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/file"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// Source answers for a cluster's source from a file.
type Source struct {
	File  file.Spec
	Pipes *file.Pipes
	Keys  []string // none: every key of the file

	// Match finds the one of the file's keys that a handler would be given for
	// a key, or none; a .env file cannot spell a vault's db-password exactly.
	Match func(has []string, key string) (string, bool)
}

// Find reads the file. A missing file is an error and not ErrAbsent: the user
// named it for this run.
func (s Source) Find(ctx context.Context) ([]resolve.Finding, error) {
	all, err := s.File.Find(ctx, s.Pipes)
	switch {
	case errors.As(err, new(*document.Problem)): // each has its place
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("--local: %w", err)
	}
	if len(s.Keys) == 0 {
		return all, nil
	}
	has := make([]string, len(all))
	byKey := make(map[string]resolve.Finding, len(all))
	for i, f := range all {
		has[i], byKey[f.Key] = f.Key, f
	}
	var found []resolve.Finding
	for _, key := range s.Keys {
		name, ok := s.Match(has, key)
		f := byKey[name]
		if f.Key = key; !ok {
			path := keyname.Plain(s.File.Path)
			f = resolve.Finding{Key: key, Where: path, Err: resolve.Absent("it is not in " + path)}
		}
		found = append(found, f)
	}
	return found, nil
}
