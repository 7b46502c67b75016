//go:build linux

package tmpfs

import (
	"errors"
	"strconv"

	"golang.org/x/sys/unix"
)

// Keep stands for a user or group that stays the launcher's own.
const Keep = -1

// WriteFile writes a new file of mode 0400 that belongs to the user and group,
// each of which may be Keep.
func (d *Directory) WriteFile(name string, text []byte, uid, gid int) error {
	if err := d.requirePrivate(); err != nil {
		return err
	}
	fd, err := unix.Openat(d.fd, name, unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o400)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	for len(text) > 0 && err == nil {
		var n int
		n, err = unix.Write(fd, text)
		text = text[max(n, 0):]
	}
	if err != nil {
		return err
	}
	if err := unix.Fchmod(fd, 0o400); err != nil { // whatever the umask
		return err
	}
	return chown(uid, gid, func() error { return unix.Fchown(fd, uid, gid) })
}

// Bind returns a socket that listens at the name, of mode 0600 and of the user
// and group, each of which may be Keep.
func (d *Directory) Bind(name string, uid, gid int) (int, error) {
	if err := d.requirePrivate(); err != nil {
		return 0, err
	}
	directory, err := d.address()
	if err != nil {
		return 0, err
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return 0, err
	}
	if err = unix.Bind(fd, &unix.SockaddrUnix{Name: directory + "/" + name}); err == nil {
		// No other user can enter the directory yet, so the name is the socket's.
		err = unix.Fchmodat(d.fd, name, 0o600, 0)
	}
	if err == nil {
		err = chown(uid, gid, func() error { return unix.Fchownat(d.fd, name, uid, gid, unix.AT_SYMLINK_NOFOLLOW) })
	}
	if err == nil {
		err = unix.Listen(fd, unix.SOMAXCONN)
	}
	if err != nil {
		_ = unix.Close(fd)
		return 0, err
	}
	return fd, nil
}

// address returns a path to the directory for bind(2), which takes no
// descriptor: by way of the descriptor, or without /proc the path itself, if
// nobody else can change it.
func (d *Directory) address() (string, error) {
	link := "/proc/self/fd/" + strconv.Itoa(d.fd)
	var st unix.Stat_t
	if unix.Stat(link, &st) == nil && identityOf(&st) == d.identity {
		return link, nil
	}
	if !d.stable {
		return "", errors.New("without /proc, a socket needs a directory in which other users can rename nothing")
	}
	return d.path, nil
}

func chown(uid, gid int, change func() error) error {
	if uid == Keep && gid == Keep {
		return nil
	}
	return change()
}

// Give gives the directory to a user. It comes last: from then on that user can
// put a link in place of every name.
func (d *Directory) Give(uid, gid int) error { return unix.Fchown(d.fd, uid, gid) }
