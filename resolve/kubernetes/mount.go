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
	"github.com/seed45446ece/launcher/resolve/keylist"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// mount is a Secret volume: one file a key, its bytes the value, none trimmed.
type mount struct{ Spec }

// Find reads all keys from one generation of the volume. It fails with ErrAbsent
// if the directory does not exist.
func (m mount) Find(ctx context.Context) (found []resolve.Finding, err error) {
	if !file.ReadGeneration(ctx, m.Mount, func(dir string) { found, err = m.read(ctx, dir) }) {
		return nil, resolve.Unavailable(fmt.Sprintf("%q kept changing while it was read", m.Mount))
	}
	return found, err
}

func (m mount) read(ctx context.Context, dir string) ([]resolve.Finding, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if _, err := os.Stat(m.Mount); err == nil && m.Confidential && !isVolume(m.Mount, dir) {
		return nil, notVolumeError(m.Mount)
	}
	keys, err := m.Keys, error(nil)
	if len(keys) == 0 {
		keys, err = m.list(dir)
	}
	var found []resolve.Finding
	for _, key := range keys {
		found = append(found, m.readKey(ctx, dir, key))
	}
	return found, err
}

// isVolume reports whether the kubelet made the volume: the link ..data leads to
// a directory of the volume itself, whose name starts with "..".
func isVolume(volume, dir string) bool {
	name := filepath.Base(dir)
	return filepath.Dir(dir) == filepath.Clean(volume) && strings.HasPrefix(name, "..") && name != ".."
}

// notVolumeError is a mount that --require-confidential refuses.
type notVolumeError string

func (e notVolumeError) Error() string {
	return fmt.Sprintf("%q is not a Kubernetes volume: --require-confidential needs its ..data link", string(e))
}

// Hint returns what to do about it.
func (notVolumeError) Hint() string { return "mount the Secret as a volume, without subPath" }

// list returns the keys of the volume. A file whose name is not a key is an
// error, as nobody can say what it is.
func (m mount) list(dir string) (keys []keylist.Key, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, resolve.Absent(fmt.Sprintf("directory %q does not exist", m.Mount))
	}
	if err != nil {
		return nil, err
	}
	var wrong []error
	for _, entry := range entries {
		name := entry.Name()
		err := keyname.Check(name)
		switch {
		case strings.HasPrefix(name, "..") || Internal(name):
		case err != nil:
			wrong = append(wrong, notKeyError(fmt.Sprintf("the name of a file in %q", m.Mount), err))
		default:
			keys = append(keys, keylist.Key{Key: name, Name: name})
		}
	}
	return keys, errors.Join(wrong...)
}

func (m mount) readKey(ctx context.Context, dir string, key keylist.Key) resolve.Finding {
	where := filepath.Join(m.Mount, key.Name)
	value, err := file.Read(ctx, filepath.Join(dir, key.Name))
	if errors.Is(err, fs.ErrNotExist) {
		err = resolve.Absent(fmt.Sprintf("file %q does not exist", where))
	}
	return resolve.Finding{Key: key.Key, Where: "file " + keyname.Plain(where), Value: resolve.NewValue(value), Err: err}
}
