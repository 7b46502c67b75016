//go:build !portable

package launcher

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/tmpfs"
)

// Directory is the directory of the files and socket deliveries.
type Directory = tmpfs.Directory

// FindDirectory opens the directory of a Reference, nil for "". It fails if another
// file has its name by now.
func FindDirectory(reference string) (*Directory, error) { return tmpfs.Find(reference) }

// memory is where a file system in memory is, in the order of trying.
var memory = [...]string{"/dev/shm", "/run", "/tmp"}

// MakeDirectory makes a directory of mode 0700 on a file system in memory. It is
// the launcher's own until Give. It fails with a RefusedError if there is no such
// file system, as a disk keeps what was deleted, or if the user, nil for the
// launcher's own, could put something else in the directory's place.
func MakeDirectory(u *User) (*Directory, error) {
	if err := u.checkOwnership(); err != nil {
		return nil, err
	}
	advice := "mount a tmpfs at /dev/shm (in Kubernetes, an emptyDir with medium: Memory), or " + adviseStdin
	var wrong []string
	for _, base := range memory {
		directory, err := tmpfs.Make(base, u != nil)
		if err == nil {
			return directory, nil
		}
		switch {
		case errors.Is(err, tmpfs.ErrShared):
			advice = adviseSticky
		case errors.Is(err, unix.EMFILE), errors.Is(err, unix.ENFILE):
			advice = "raise the limit of open files (ulimit -n)"
		}
		wrong = append(wrong, fmt.Sprintf("%s: %v", base, err))
	}
	return nil, &RefusedError{"", "cannot make a directory in memory: " + strings.Join(wrong, "; "), advice}
}

const adviseSticky = "mount a tmpfs of mode 1777 at /dev/shm, or remove the pod's emptyDir there, or " + adviseStdin

// BindSocket returns the socket of the socket delivery, which listens, and gives
// the directory to the user, nil for the launcher's own.
func BindSocket(directory *Directory, u *User) (int, error) {
	uid, gid := u.owner()
	fd, err := directory.Bind(socketName, uid, gid)
	if err != nil {
		return 0, fmt.Errorf("make the socket: %w", err)
	}
	return fd, give(directory, u)
}

const adviseMemory = "make /dev/shm larger (in Docker, --shm-size), or " + adviseStdin
