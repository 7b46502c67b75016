package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/file"
)

// mount is a Secret volume: one file a key, its bytes the value, none trimmed.
type mount struct {
	dir  string
	keys []string
}

// Find reads all keys from one generation of the volume. A directory that is
// not there is ErrAbsent.
func (m mount) Find(ctx context.Context) (found []resolve.Finding, err error) {
	if !file.OfOneGeneration(ctx, m.dir, func(dir string) { found, err = m.read(ctx, dir) }) {
		return nil, resolve.Unavailable(fmt.Sprintf("%q kept changing while it was read", m.dir))
	}
	return found, err
}

func (m mount) read(ctx context.Context, dir string) ([]resolve.Finding, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	names := m.keys
	if len(names) == 0 {
		entries, err := os.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, resolve.Absent(fmt.Sprintf("directory %q is not there", m.dir))
		}
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			if !strings.HasPrefix(entry.Name(), "..") && !Internal(entry.Name()) {
				names = append(names, entry.Name())
			}
		}
	}
	var found []resolve.Finding
	for _, key := range names {
		found = append(found, m.readKey(ctx, dir, key))
	}
	return found, nil
}

func (m mount) readKey(ctx context.Context, dir, key string) resolve.Finding {
	where := filepath.Join(m.dir, key)
	value, err := file.Read(ctx, filepath.Join(dir, key))
	if errors.Is(err, fs.ErrNotExist) {
		err = resolve.Absent(fmt.Sprintf("file %q is not there", where))
	}
	return resolve.Finding{Key: key, Where: "file " + where, Value: resolve.NewValue(value), Err: err}
}
