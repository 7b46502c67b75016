package launcher

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/handler"
	"github.com/seed45446ece/launcher/launcher/task"
)

// memory is where a file system in memory is, in the order of trying.
var memory = [...]string{"/dev/shm", "/run", "/tmp"}

// Directory is a directory in memory for a delivery.
type Directory struct{ path string }

// Path returns where the handler finds it.
func (d Directory) Path() string { return d.path }

// Remove deletes the directory with everything in it.
func (d Directory) Remove() error { return os.RemoveAll(d.path) }

// MakeDirectory makes a directory of mode 0700 on a file system in memory, for
// the user, nil for the launcher's own. It fails with a RefusedError where there
// is none: a disk keeps what was deleted.
func MakeDirectory(u *User) (*Directory, error) {
	var wrong []string
	for _, base := range memory {
		directory, err := makeIn(base)
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("%s: %v", base, err))
			continue
		}
		if err := u.own(directory); err != nil {
			_ = os.Remove(directory)
			return nil, &RefusedError{"", fmt.Sprintf("--user %v: give it %s: %v", u, directory, err),
				"files and socket with --user need CAP_CHOWN and CAP_DAC_OVERRIDE; or use --deliver stdin"}
		}
		return &Directory{directory}, nil
	}
	return nil, &RefusedError{"", "no directory in memory can be made: " + strings.Join(wrong, "; "),
		"mount one at /dev/shm, in Kubernetes an emptyDir of medium: Memory; or " + adviseStdin}
}

func makeIn(base string) (string, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(base, &fs); err != nil {
		return "", err
	}
	if kind := int64(fs.Type); kind != unix.TMPFS_MAGIC && kind != unix.RAMFS_MAGIC {
		return "", errors.New("is not on tmpfs")
	}
	directory, err := os.MkdirTemp(base, "launcher-")
	if err == nil {
		err = os.Chmod(directory, 0o700) // whatever the umask
	}
	return directory, reason(err)
}

// own gives the user a directory that the launcher can still remove.
func (u *User) own(directory string) error {
	if u == nil {
		return nil
	}
	if err := os.Chown(directory, u.UID, u.GID); err != nil {
		return reason(err)
	}
	return unix.Faccessat(unix.AT_FDCWD, directory, unix.W_OK|unix.X_OK, unix.AT_EACCESS)
}

// SocketIn is the path of the socket delivery's socket.
func SocketIn(directory string) string { return filepath.Join(directory, "socket") }

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

// writeFiles writes each file, and the context, with mode 0400. This process is
// the handler's user by now.
func (e Execution) writeFiles() error {
	for _, f := range e.Files {
		if err := e.writeFile(f.Name, f.Value); err != nil {
			return &RefusedError{f.Name, "files: " + err.Error(), adviseMemory}
		}
	}
	if err := e.writeFile(handler.File, e.Context); err != nil {
		return &RefusedError{"", "files: " + handler.File + ": " + err.Error(), adviseMemory}
	}
	return nil
}

const adviseMemory = "what is mounted at /dev/shm needs room for all values, in Docker --shm-size; or " + adviseStdin

func (e Execution) writeFile(name string, text []byte) error {
	fd, err := unix.Open(filepath.Join(e.Directory, name), unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o400)
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
	return unix.Fchmod(fd, 0o400) // whatever the umask
}
