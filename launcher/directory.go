package launcher

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/handler"
	"github.com/seed45446ece/launcher/launcher/task"
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
		switch {
		case errors.Is(err, tmpfs.ErrShared):
			advice = adviseSticky
		case errors.Is(err, unix.EMFILE), errors.Is(err, unix.ENFILE):
			advice = "raise the limit of open files (ulimit -n)"
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

// File is a file of the files delivery.
type File struct {
	Name  string
	Value []byte
}

// files returns a file for each secret, and the context that names them.
func (j Job) files() ([]File, []byte, error) {
	names, err := Files.Routes(j.Context.Secrets, j.Options)
	if err != nil {
		return nil, nil, err
	}
	files := make([]File, len(names))
	for i, s := range j.Context.Secrets {
		files[i] = File{s.Key, s.Value.Reveal()}
	}
	context, err := j.Context.JSONWithout(task.MemberSecretsFiles, names)
	return files, context, err
}

// writeFiles writes each file, and the context, with mode 0400. Then it gives the
// directory to the handler's user.
func (e Execution) writeFiles() error {
	directory, err := tmpfs.Find(e.Directory)
	if err != nil {
		return err
	}
	uid, gid := e.User.owner()
	for _, f := range e.Files {
		if err := directory.WriteFile(f.Name, f.Value, uid, gid); err != nil {
			return &RefusedError{f.Name, "files: " + err.Error(), adviseMemory}
		}
	}
	if err := directory.WriteFile(handler.File, e.Context, uid, gid); err != nil {
		return &RefusedError{"", "files: " + handler.File + ": " + err.Error(), adviseMemory}
	}
	return give(directory, e.User)
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
