//go:build !windows

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/internal/replacefile"
	"github.com/seed45446ece/launcher/resolve/file"
)

// writeSecretFile writes a Secret to a file that only its owner can read, or into a
// descriptor that this process was started with.
func writeSecretFile(path string, text []byte) error {
	if fd, ok := inheritedDescriptor(path); ok {
		return writeDescriptor(fd, text)
	}
	return replaceFile(path, text, 0o600)
}

// inheritedDescriptor returns the descriptor that a path names: /dev/stdout, or the
// /dev/fd/63 that a shell makes of >(...). It is open already, so that nobody
// can have put something else in its place.
func inheritedDescriptor(path string) (int, bool) {
	switch path {
	case "/dev/stdout":
		return 1, true
	case "/dev/stderr":
		return 2, true
	}
	fd := file.Descriptor(path)
	return fd, fd >= 0
}

func writeDescriptor(fd int, text []byte) error {
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("descriptor %d: %w", fd, err)
	}
	f := os.NewFile(uintptr(own), "descriptor "+strconv.Itoa(fd))
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// replaceFile puts a regular file in place of another, or where none was, whole
// or not at all. Only in a directory that nobody else can write does it follow a
// symbolic link, or write into a FIFO or a device.
func replaceFile(path string, text []byte, mode fs.FileMode) error {
	dir, name, err := openParent(path)
	if err != nil {
		return fmt.Errorf("write %q: %w", path, err)
	}
	defer func() { _ = unix.Close(dir) }()
	if isSpecial(dir, name) {
		err = writeSpecial(dir, name, text)
	} else {
		err = replacefile.In(dir, name, mode, replacefile.Text(text))
	}
	if err != nil {
		return fmt.Errorf("write %q: %w", path, err)
	}
	return nil
}

// isSpecial reports whether a name exists and is not a regular file's.
func isSpecial(dir int, name string) bool {
	var stat unix.Stat_t
	return unix.Fstatat(dir, name, &stat, unix.AT_SYMLINK_NOFOLLOW) == nil && stat.Mode&unix.S_IFMT != unix.S_IFREG
}

// writeSpecial writes into a FIFO or a device.
func writeSpecial(dir int, name string, text []byte) error {
	if err := checkPrivate(dir, name); err != nil {
		return err
	}
	fd, err := unix.Openat(dir, name, unix.O_WRONLY|unix.O_NOFOLLOW|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), name)
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// maxLinks is the most symbolic links that a path may go through, as in Linux.
const maxLinks = 40

// openParent opens the directory of a file that is to be written and returns the
// file's name in it. It goes through the path one name at a time.
func openParent(path string) (dir int, name string, err error) {
	rest := strings.Split(path, "/")
	if dir, err = openStart(path); err != nil {
		return -1, "", err
	}
	defer func() {
		if err != nil {
			_ = unix.Close(dir)
		}
	}()
	for links := 0; ; {
		name, rest = rest[0], rest[1:]
		if name == "" && len(rest) > 0 {
			continue
		}
		var stat unix.Stat_t
		err := unix.Fstatat(dir, name, &stat, unix.AT_SYMLINK_NOFOLLOW)
		kind := stat.Mode & unix.S_IFMT
		next := -1
		switch {
		case len(rest) == 0 && name != "" && (err == unix.ENOENT || err == nil && kind == unix.S_IFREG):
			return dir, name, nil
		case name == "":
			return dir, "", unix.EISDIR
		case err != nil:
			return dir, "", err
		case kind == unix.S_IFLNK:
			target, err := readLink(dir, name)
			if links++; err == nil && links > maxLinks {
				err = unix.ELOOP
			}
			if err == nil {
				next, err = openLinkStart(target, dir)
			}
			if err != nil {
				return dir, "", err
			}
			rest = append(strings.Split(target, "/"), rest...)
		case len(rest) == 0 && (kind == unix.S_IFIFO || kind == unix.S_IFCHR):
			return dir, name, nil
		case len(rest) == 0:
			return dir, "", fmt.Errorf("%q is a directory, a socket or a disk", name)
		default:
			if next, err = unix.Openat(dir, name, openSearch|unix.O_NOFOLLOW, 0); err != nil {
				return dir, "", err
			}
		}
		if next != dir {
			_ = unix.Close(dir)
			dir = next
		}
	}
}

// openStart opens the directory where a path starts.
func openStart(path string) (int, error) {
	start := "."
	if strings.HasPrefix(path, "/") {
		start = "/"
	}
	return unix.Open(start, openSearch, 0)
}

// openLinkStart returns the directory where a link's target starts, dir itself if the
// target is relative.
func openLinkStart(target string, dir int) (int, error) {
	if strings.HasPrefix(target, "/") {
		return openStart(target)
	}
	return dir, nil
}

// checkPrivate refuses a directory that another user can write: that user may have
// made what is in it.
func checkPrivate(dir int, name string) error {
	var stat unix.Stat_t
	if err := unix.Fstat(dir, &stat); err != nil {
		return err
	}
	if stat.Mode&0o022 != 0 || stat.Uid != 0 && int(stat.Uid) != os.Geteuid() {
		return cli.Usage(fmt.Sprintf("%q is not a regular file, in a directory that others can write", name), "name a file in your own directory, or a pipe of this command: /dev/stdout, >(command)")
	}
	return nil
}

// readLink returns the target of a symbolic link.
func readLink(dir int, name string) (string, error) {
	if err := checkPrivate(dir, name); err != nil {
		return "", err
	}
	target := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(dir, name, target)
	if err != nil {
		return "", err
	}
	return string(target[:n]), nil
}
