// Package local stands in for the sources that only a cluster can reach, on a
// laptop: the keys that they declare are taken from a file.
//
// It owns only that exchange. Data flows file -> Finding.
package local

import (
	"context"
	"fmt"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/file"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// Source answers for a cluster's source from a file.
type Source struct {
	Path string
	Keys []string // none: every key of the file

	// Match finds the one of the file's keys that a handler would be given for
	// a key, or none; a .env file cannot spell a vault's db-password exactly.
	Match func(has []string, key string) (string, bool)
}

// Find reads the file. A missing file is an error and not ErrAbsent: the user
// named it for this run.
func (s Source) Find(ctx context.Context) ([]resolve.Finding, error) {
	text, err := file.Read(ctx, s.Path)
	if err != nil {
		return nil, fmt.Errorf("--local: %w", err)
	}
	entries, err := file.Parse(keyname.Plain(s.Path), text, file.FormatOf(s.Path))
	if err != nil {
		return nil, err
	}
	if len(s.Keys) == 0 {
		return s.all(entries), nil
	}
	return s.named(entries), nil
}

func (s Source) finding(key string, e file.Entry) resolve.Finding {
	return resolve.Finding{Key: key, Where: fmt.Sprintf("%s:%d", keyname.Plain(s.Path), e.Line), Value: e.Value}
}

func (s Source) all(entries []file.Entry) []resolve.Finding {
	var found []resolve.Finding
	for _, e := range entries {
		found = append(found, s.finding(e.Key, e))
	}
	return found
}

func (s Source) named(entries []file.Entry) []resolve.Finding {
	has := make([]string, len(entries))
	byKey := make(map[string]file.Entry, len(entries))
	for i, e := range entries {
		has[i], byKey[e.Key] = e.Key, e
	}
	var found []resolve.Finding
	for _, key := range s.Keys {
		name, ok := s.Match(has, key)
		if !ok {
			found = append(found, resolve.Finding{Key: key, Where: keyname.Plain(s.Path), Err: resolve.Absent("it is not in " + keyname.Plain(s.Path))})
			continue
		}
		found = append(found, s.finding(key, byKey[name]))
	}
	return found
}
