//go:build linux

// Package tmpfs makes the directory in memory through which a handler gets
// files or a socket, and deletes it.
//
// It owns every operation on that directory that root may carry out for another
// user. All of them start from a descriptor, so no name that another user can
// replace decides what is changed. It refuses a place on a disk, and to add
// anything after the directory was given away. Data flows
// Make -> WriteFile or Bind -> Give -> Remove.
package tmpfs

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Directory is a directory in memory of mode 0700. It holds two descriptors,
// its own and its parent's, and no child process inherits them.
type Directory struct {
	path     string
	fd       int
	parent   int
	name     string // in the parent
	identity identity
	stable   bool // only root and the launcher's user can rename it in its parent
}

// Path returns where the handler finds the directory.
func (d *Directory) Path() string { return d.path }

// identity tells a directory from every other one that may get its name.
type identity struct{ device, inode uint64 }

func identityOf(st *unix.Stat_t) identity { return identity{uint64(st.Dev), st.Ino} }

// ErrNotMemory reports a place that is on a disk, which keeps what was deleted.
var ErrNotMemory = errors.New("is not on tmpfs")

// ErrShared reports a place in which another user can rename the directory.
var ErrShared = errors.New("other users can rename what is in it (writable without the sticky bit, or owned by another user)")

// Make makes a directory in base. If stable is set, it fails with ErrShared when
// another user could put something else in the directory's place.
func Make(base string, stable bool) (*Directory, error) {
	d, err := openParent(base)
	if err != nil {
		return nil, err
	}
	if err = d.checkParent(stable); err == nil {
		err = d.makeNew()
	}
	if err != nil {
		d.Close()
		return nil, err
	}
	d.path = filepath.Join(base, d.name)
	return d, nil
}

func openParent(path string) (*Directory, error) {
	parent, err := unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	d := &Directory{fd: -1, parent: parent}
	var st unix.Stat_t
	if err := unix.Fstat(parent, &st); err != nil {
		d.Close()
		return nil, err
	}
	// In a sticky directory a name is its owner's and the directory's owner's.
	ours := st.Uid == 0 || int(st.Uid) == os.Geteuid()
	d.stable = ours && (st.Mode&0o022 == 0 || st.Mode&unix.S_ISVTX != 0)
	return d, nil
}

func (d *Directory) checkParent(stable bool) error {
	var fs unix.Statfs_t
	if err := unix.Fstatfs(d.parent, &fs); err != nil {
		return err
	}
	if kind := int64(fs.Type); kind != unix.TMPFS_MAGIC && kind != unix.RAMFS_MAGIC {
		return ErrNotMemory
	}
	if stable && !d.stable {
		return ErrShared
	}
	return nil
}

// makeNew makes the directory under a new name and opens it. It fails if what it
// opened is not what it made.
func (d *Directory) makeNew() error {
	umask := unix.Umask(0o077)
	defer unix.Umask(umask)
	err := error(unix.EEXIST)
	for range 100 {
		d.name = "launcher-" + strconv.FormatUint(rand.Uint64(), 36)
		if err = unix.Mkdirat(d.parent, d.name, 0o700); !errors.Is(err, unix.EEXIST) {
			break
		}
	}
	if err != nil {
		return err
	}
	if err := d.open(); err != nil {
		return err
	}
	var parent unix.Stat_t
	if err := unix.Fstat(d.parent, &parent); err != nil {
		return err
	}
	if uint64(parent.Dev) != d.identity.device {
		return errReplaced
	}
	if err := d.requirePrivate(); err != nil {
		return errReplaced
	}
	return nil
}

var errReplaced = errors.New("another user replaced the new directory")

// open opens the directory by its name in the parent, and never a link.
func (d *Directory) open() (err error) {
	d.fd, err = unix.Openat(d.parent, d.name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	var st unix.Stat_t
	err = unix.Fstat(d.fd, &st)
	d.identity = identityOf(&st)
	return err
}

// requirePrivate returns an error unless the directory belongs to this process's
// user and nobody else can enter it.
func (d *Directory) requirePrivate() error {
	var st unix.Stat_t
	if err := unix.Fstat(d.fd, &st); err != nil {
		return err
	}
	if int(st.Uid) != os.Geteuid() || st.Mode&0o777 != 0o700 {
		return fmt.Errorf("%s no longer belongs to the launcher", d.path)
	}
	return nil
}

// Reference returns text by which another process of the launcher can Find the
// directory.
func (d *Directory) Reference() string {
	return fmt.Sprintf("%d:%d:%s", d.identity.device, d.identity.inode, d.path)
}

// Find opens the directory of a Reference, nil for "". It fails if another file
// has its name by now.
func Find(reference string) (*Directory, error) {
	if reference == "" {
		return nil, nil
	}
	words := strings.SplitN(reference, ":", 3)
	if len(words) < 3 {
		return nil, fmt.Errorf("%q does not refer to a directory", reference)
	}
	device, wrongDevice := strconv.ParseUint(words[0], 10, 64)
	inode, wrongInode := strconv.ParseUint(words[1], 10, 64)
	if err := errors.Join(wrongDevice, wrongInode); err != nil {
		return nil, fmt.Errorf("%q does not refer to a directory", reference)
	}
	d, err := openParent(filepath.Dir(words[2]))
	if err != nil {
		return nil, err
	}
	d.path, d.name = words[2], filepath.Base(words[2])
	if err = d.open(); err == nil && d.identity != (identity{device, inode}) {
		err = fmt.Errorf("%s was replaced by another directory", d.path)
	}
	if err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// Close closes the descriptors and leaves the directory.
func (d *Directory) Close() {
	for _, fd := range []int{d.fd, d.parent} {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
	d.fd, d.parent = -1, -1
}
