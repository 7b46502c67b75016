//go:build !windows && (!linux || portable)

package memfd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Sealed returns a descriptor, close-on-exec and for reading only, of a file that
// holds the text. The file is on the disk of TMPDIR and has no name before it gets
// the text: nobody can open it there, and it goes when the last descriptor is
// closed. No seal keeps it from being changed.
func Sealed(name string, text []byte) (int, error) {
	write, read, err := unlinked(name)
	if err != nil {
		return 0, fmt.Errorf("make a temporary file: %w", err)
	}
	_, err = write.Write(text)
	if err = errors.Join(err, write.Close()); err != nil {
		_ = unix.Close(read)
		return 0, fmt.Errorf("write a temporary file: %w", err)
	}
	return read, nil
}

// IsSealed reports whether a descriptor is open on a regular file that has no name.
func IsSealed(fd int) bool {
	var stat unix.Stat_t
	return unix.Fstat(fd, &stat) == nil && stat.Mode&unix.S_IFMT == unix.S_IFREG && stat.Nlink == 0
}

// unlinked makes an empty file in a directory that only this user can enter, opens
// it twice and deletes both.
func unlinked(name string) (write *os.File, read int, err error) {
	directory, err := os.MkdirTemp("", name+"-")
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, os.Remove(directory)) }()
	path := filepath.Join(directory, name)
	if write, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
		return nil, 0, err
	}
	read, err = unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	return write, read, errors.Join(err, os.Remove(path))
}
