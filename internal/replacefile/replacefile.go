// Package replacefile writes a file so that at any time there is either the whole old
// file or the whole new one.
//
// It owns the steps: a new file beside the old one, its mode, and the rename. It
// refuses a file that another user put in place of the new one. Data flows text -> file.
package replacefile

import (
	"cmp"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// In replaces a file of an open directory with what write writes. Nothing of the new
// file stays if a step fails.
func In(dir int, name string, mode fs.FileMode, write func(io.Writer) error) error {
	temporary := ".launcher-" + rand.Text()
	fd, err := unix.Openat(dir, temporary, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), temporary)
	var written, renamed unix.Stat_t
	err = write(f)
	err = cmp.Or(err, f.Chmod(mode), f.Sync(), unix.Fstat(fd, &written))
	if err = cmp.Or(err, f.Close()); err == nil {
		err = unix.Renameat(dir, temporary, dir, name)
	}
	if err != nil {
		_ = unix.Unlinkat(dir, temporary, 0)
		return err
	}
	err = unix.Fstatat(dir, name, &renamed, unix.AT_SYMLINK_NOFOLLOW)
	if err != nil || written.Dev != renamed.Dev || written.Ino != renamed.Ino {
		return errors.New("another user replaced the file while it was written")
	}
	return nil
}

// Text returns a function that writes text, for In.
func Text(text []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	}
}
