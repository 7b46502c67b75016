//go:build linux

package tmpfs

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// maxPasses bounds how often Remove looks for what is left: another process may
// add names as fast as they are deleted. A pass deletes up to some 200 names, or
// takes one level from every directory that it meets.
const maxPasses = 1 << 16

// Remove deletes the directory with all that is in it. What another user put
// there is deleted too, and a link's target never is. If the directory was moved
// away it is left there, empty.
func (d *Directory) Remove() error {
	if err := d.removeContents(); err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstatat(d.parent, d.name, &st, unix.AT_SYMLINK_NOFOLLOW); err == nil && identityOf(&st) == d.identity {
		err := unix.Unlinkat(d.parent, d.name, unix.AT_REMOVEDIR)
		if !errors.Is(err, unix.ENOENT) {
			return err
		}
	}
	if err := unix.Fstat(d.fd, &st); err == nil && st.Nlink > 0 {
		return errors.New("it was moved away; its files are deleted")
	}
	return nil
}

func (d *Directory) removeContents() error {
	lifted := 0
	for range maxPasses {
		names, err := list(d.fd)
		if err != nil || len(names) == 0 {
			return err
		}
		var wrong []error
		for _, name := range names {
			if err := d.removeEntry(name, &lifted); err != nil {
				wrong = append(wrong, err)
			}
		}
		if len(wrong) == len(names) { // else the next pass has less to do
			return errors.Join(wrong...)
		}
	}
	return errors.New("another process keeps adding to it")
}

// removeEntry deletes a file, a link or an empty directory. Of any other
// directory it deletes the files and moves the subdirectories up, so a deep tree
// needs no more descriptors than a flat one.
func (d *Directory) removeEntry(name string, lifted *int) error {
	isDirectory, err := remove(d.fd, name)
	if !isDirectory {
		return err
	}
	sub, err := unix.Openat(d.fd, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return ignoreMissing(err)
	}
	defer func() { _ = unix.Close(sub) }()
	names, err := list(sub)
	for _, name := range names {
		if isDirectory, wrong := remove(sub, name); wrong != nil {
			err = errors.Join(err, wrong)
		} else if isDirectory {
			*lifted++
			wrong := unix.Renameat2(sub, name, d.fd, fmt.Sprintf("lifted-%d", *lifted), unix.RENAME_NOREPLACE)
			if !errors.Is(wrong, unix.EEXIST) { // else the next pass takes another name
				err = errors.Join(err, ignoreMissing(wrong))
			}
		}
	}
	return err
}

// remove deletes a file, a link or an empty directory, and reports whether the
// name is a directory that is not empty.
func remove(directory int, name string) (bool, error) {
	err := unix.Unlinkat(directory, name, 0)
	if errors.Is(err, unix.EISDIR) {
		err = unix.Unlinkat(directory, name, unix.AT_REMOVEDIR)
	}
	if errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, unix.EEXIST) {
		return true, nil
	}
	return false, ignoreMissing(err)
}

// ignoreMissing leaves out what another process deleted or replaced meanwhile.
func ignoreMissing(err error) error {
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		return nil
	}
	return err
}

// list returns some of the names in a directory, none if it is empty.
func list(directory int) ([]string, error) {
	if _, err := unix.Seek(directory, 0, 0); err != nil {
		return nil, err
	}
	buffer := make([]byte, 8<<10)
	for {
		n, err := unix.ReadDirent(directory, buffer)
		if n <= 0 || err != nil {
			return nil, ignoreMissing(err)
		}
		if _, _, names := unix.ParseDirent(buffer[:n], -1, nil); len(names) > 0 {
			return names, nil
		}
	}
}
