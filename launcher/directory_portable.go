//go:build !linux || portable

package launcher

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Directory is the directory of the files delivery, on the disk of TMPDIR.
type Directory struct{ path string }

// MakeDirectory makes a directory that only this user can enter. It fails with a
// RefusedError if TMPDIR is missing or cannot be written.
func MakeDirectory(*User) (*Directory, error) {
	base, err := filepath.Abs(os.TempDir()) // the handler may change its directory
	path := ""
	if err == nil {
		path, err = os.MkdirTemp(base, "launcher-")
	}
	if err != nil {
		return nil, &RefusedError{"", fmt.Sprintf("cannot make a directory for the files: %v", err), "set TMPDIR to a directory that you can write, or " + adviseStdin}
	}
	return &Directory{path}, nil
}

// FindDirectory returns the directory of a Reference, nil for "".
func FindDirectory(reference string) (*Directory, error) {
	if reference == "" {
		return nil, nil
	}
	return &Directory{reference}, nil
}

// Path returns where the handler finds the directory.
func (d *Directory) Path() string { return d.path }

// Reference returns text by which another process of the launcher can find the
// directory.
func (d *Directory) Reference() string { return d.path }

// WriteFile writes a new file of mode 0400, and fails if there is one.
func (d *Directory) WriteFile(name string, text []byte, _, _ int) error {
	directory, err := os.OpenRoot(d.path)
	if err != nil {
		return err
	}
	defer func() { _ = directory.Close() }()
	f, err := directory.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o400)
	switch {
	case errors.Is(err, fs.ErrExist): // macOS
		return errors.New("a key that differs only in letter case has the same file on this disk")
	case err != nil:
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Chmod(0o400), f.Close()) // whatever the umask
}

// Remove deletes the directory with all that is in it. It follows no link.
func (d *Directory) Remove() error { return os.RemoveAll(d.path) }

const adviseMemory = "free space on the disk of TMPDIR, or " + adviseStdin
