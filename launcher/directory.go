package launcher

import (
	"errors"
	"fmt"
	"strings"

	"github.com/seed45446ece/launcher/handler"
	"github.com/seed45446ece/launcher/launcher/tmpfs"
)

// memory is where a file system in memory is, in the order of trying.
var memory = [...]string{"/dev/shm", "/run", "/tmp"}

// MakeDirectory makes a directory of mode 0700 on a file system in memory. It is
// the launcher's own until Give. It fails with a RefusedError if there is no such
// file system, as a disk keeps what was deleted, or if the user, nil for the
// launcher's own, could put something else in the directory's place.
func MakeDirectory(u *User) (*tmpfs.Directory, error) {
	if err := u.checkOwnership(); err != nil {
		return nil, err
	}
	advice := "mount one at /dev/shm, in Kubernetes an emptyDir of medium: Memory; or " + adviseStdin
	var wrong []string
	for _, base := range memory {
		directory, err := tmpfs.Make(base, u != nil)
		if err == nil {
			return directory, nil
		}
		if errors.Is(err, tmpfs.ErrShared) {
			advice = adviseSticky
		}
		wrong = append(wrong, fmt.Sprintf("%s: %v", base, err))
	}
	return nil, &RefusedError{"", "no directory in memory can be made: " + strings.Join(wrong, "; "), advice}
}

const adviseSticky = "with --user, mount a tmpfs of mode 1777 at /dev/shm; in Kubernetes remove the emptyDir there, as the node's own has that mode; or " + adviseStdin

// socketName is the socket's name in the socket delivery's directory.
const socketName = "socket"

// BindSocket returns the socket of the socket delivery, which listens, and gives
// the directory to the user, nil for the launcher's own.
func BindSocket(directory *tmpfs.Directory, u *User) (int, error) {
	uid, gid := u.owner()
	fd, err := directory.Bind(socketName, uid, gid)
	if err != nil {
		return 0, fmt.Errorf("make the socket: %w", err)
	}
	return fd, give(directory, u)
}

// writeFiles makes a file of mode 0400 for each secret, and one for the context
// that names them. Then it gives the directory to the handler's user.
func (j Job) writeFiles(context []byte) error {
	uid, gid := j.User.owner()
	for _, s := range j.Context.Secrets {
		if err := j.Directory.WriteFile(s.Key, s.Value.Reveal(), uid, gid); err != nil {
			return &RefusedError{s.Key, "files: " + err.Error(), adviseMemory}
		}
	}
	if err := j.Directory.WriteFile(handler.File, context, uid, gid); err != nil {
		return &RefusedError{"", "files: " + handler.File + ": " + err.Error(), adviseMemory}
	}
	return give(j.Directory, j.User)
}

func give(directory *tmpfs.Directory, u *User) error {
	if u == nil {
		return nil
	}
	if err := directory.Give(u.UID, u.GID); err != nil {
		return &RefusedError{"", fmt.Sprintf("--user %v: give it %s: %v", u, directory.Path(), err), adviseOwnership}
	}
	return nil
}

const adviseMemory = "what is mounted at /dev/shm needs room for all values, in Docker --shm-size; or " + adviseStdin
