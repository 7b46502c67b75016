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

// generation is the link by which the kubelet swaps all files of a volume at
// once.
const generation = "..data"

// tries bounds how often a volume that changes under the reading is read again.
const tries = 3

// Find reads all keys from one generation of the volume. A directory that is
// not there is ErrAbsent.
func (m mount) Find(ctx context.Context) (found []resolve.Finding, err error) {
	for range tries {
		before, dir := m.current()
		found, err = m.read(ctx, dir)
		if after, _ := m.current(); after == before || ctx.Err() != nil {
			return found, err
		}
	}
	return nil, resolve.Unavailable(fmt.Sprintf("%q kept changing while it was read", m.dir))
}

// current is the name of the generation, and the directory that holds its
// files: the mount itself where it has none, as with a subPath.
func (m mount) current() (string, string) {
	link, err := os.Readlink(filepath.Join(m.dir, generation))
	if err != nil {
		return "", m.dir
	}
	if filepath.IsAbs(link) {
		return link, link
	}
	return link, filepath.Join(m.dir, link)
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
