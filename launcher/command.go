package launcher

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Command is a handler that was looked up: what to execute, and its arguments
// with the name that the user gave first.
type Command struct {
	Path     string
	Args     []string
	Needless []string // variables that it has no use for
	Needed   []string // variables that it reads, even with --pristine
}

// NotFoundError is a command that does not exist (status 127).
type NotFoundError struct{ Message, Advice string }

func (e *NotFoundError) Error() string { return e.Message }

// Hint is what to do about it.
func (e *NotFoundError) Hint() string { return e.Advice }

// CannotRunError is a command that is there and cannot be run (status 126).
type CannotRunError struct{ Message, Advice string }

func (e *CannotRunError) Error() string { return e.Message }

// Hint is what to do about it.
func (e *CannotRunError) Hint() string { return e.Advice }

// defaultPath is searched where PATH is not set, as execvp(3) does; its own
// default is joined by the sbin directories of container images.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Find looks a command up before any secret is: by path as it is, by name in
// the directories of path, the PATH variable's value ("" for none set). It
// fails with a NotFoundError or a CannotRunError.
func Find(path string, args []string) (Command, error) {
	name := args[0]
	if strings.Contains(name, "/") {
		return Command{Path: name, Args: args}, runnable(name)
	}
	if path == "" {
		path = defaultPath
	}
	var denied error
	for dir := range strings.SplitSeq(path, ":") {
		if dir == "" {
			dir = "." // execvp(3)
		}
		file := dir + "/" + name // as it is: what .. means is the kernel's to say
		if _, err := os.Stat(file); err != nil || name == "" {
			continue
		}
		err := runnable(file)
		if err == nil {
			return Command{Path: file, Args: args}, nil
		}
		if denied == nil {
			denied = err
		}
	}
	if denied != nil {
		return Command{}, denied
	}
	return Command{}, &NotFoundError{fmt.Sprintf("command %q: not found in PATH", name), adviseMissing(name)}
}

// runnable is nil where execve(2) can be expected to take the file.
func runnable(file string) error {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		advice := ""
		if strings.Contains(file, " ") {
			advice = adviseMissing(file)
		}
		return &NotFoundError{fmt.Sprintf("command %q: no such file", file), advice}
	case err != nil:
		return &CannotRunError{Message: fmt.Sprintf("command %q: %v", file, reason(err))}
	case info.IsDir():
		return &CannotRunError{Message: fmt.Sprintf("command %q: is a directory", file)}
	case unix.Faccessat(unix.AT_FDCWD, file, unix.X_OK, unix.AT_EACCESS) != nil:
		return &CannotRunError{fmt.Sprintf("command %q: permission denied", file), "run chmod +x, or name its interpreter first"}
	}
	return nil
}

// reason is the system's part of an error, without the path.
func reason(err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return err
}

// execError explains why execve(2) refused a command that was found.
func execError(path string, deliver Delivery, err error) error {
	switch {
	case errors.Is(err, syscall.ENOENT):
		return noInterpreter(path)
	case errors.Is(err, syscall.ENOEXEC):
		return noFormat(path)
	case errors.Is(err, syscall.E2BIG):
		advice := "raise ulimit -s: they can use a quarter of it"
		if deliver == Env {
			advice = adviseStdin
		}
		return &CannotRunError{fmt.Sprintf("command %q: arguments and environment together are too long", path), advice}
	}
	return &CannotRunError{Message: fmt.Sprintf("command %q: %v", path, reason(err))}
}
