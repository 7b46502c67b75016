// Package launcher takes a task and its secrets and becomes the handler.
//
// It owns what the handler starts with: its command, environment, descriptors,
// limits and context. It refuses a secret that the delivery cannot carry. Data
// flows Task and Secrets -> Context -> Delivery -> execve. It knows no secret
// source and reaches no network.
package launcher

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/internal/cover"
	"github.com/seed45446ece/launcher/launcher/sigstate"
	"github.com/seed45446ece/launcher/resolve"
)

// Job is a handler and all that it is to be given.
type Job struct {
	Command   Command
	Context   Context
	Deliver   Delivery
	Directory *Directory // of the files and socket deliveries, else nil
	Options   EnvOptions
	Environ   resolve.Environ // the launcher's own
	Withhold  []string        // variables that carried secrets in, not passed on
	Close     []int           // descriptors that carried secrets in, not passed on
	Pristine  bool            // pass on only the variables that programs expect
	User      *User           // whom the handler runs as, nil for the launcher's own
}

// Reserve takes the first free descriptor from 3 for the context of the fd
// delivery, and returns it. Call it first: the Go runtime opens descriptors of its
// own, which a handler could not have at the same number.
func Reserve() (int, error) {
	return unix.FcntlInt(2, unix.F_DUPFD_CLOEXEC, 3)
}

// Prepare returns all that the handler starts with. Its errors are
// RefusedErrors, or say what JSON cannot carry.
func (j Job) Prepare() (Execution, error) {
	e := Execution{Path: j.Command.Path, Deliver: j.Deliver, Close: j.Close, User: j.User}
	if j.Directory != nil {
		e.Directory = j.Directory.Reference()
	}
	environ, err := j.environment()
	if err != nil {
		return e, err
	}
	e.Args, e.Environ = toBytes(j.Command.Args), toBytes(environ)
	switch j.Deliver {
	case Env:
	case Files:
		e.Files, e.Context, err = j.files()
	case Socket:
		_, err = j.Context.JSONOfTask() // the companion answers with it
	default:
		e.Context, err = j.Context.JSON()
	}
	return e, err
}

// Execution is all that a handler starts with. Another process of the launcher
// can send it as JSON; strings are bytes, which JSON keeps if they are not UTF-8.
type Execution struct {
	Path          string
	Args, Environ [][]byte
	Deliver       Delivery
	Context       []byte // the context's JSON, for stdin, fd and files
	Files         []File // of the files delivery
	Directory     string // refers to that of the files and socket deliveries
	Close         []int  // the handler does not inherit these descriptors
	User          *User  // nil for the launcher's own
}

// Start is what only the process that becomes the handler knows.
type Start struct {
	Signals    sigstate.State // for the handler
	Descriptor int            // what Reserve returned
	Parent     int            // the process ID of the supervisor; 0 if there is none
	Before     func() error   // called at the last moment
}

// Exec replaces this process by the handler, so it returns only with an error:
// a NotFoundError, a CannotRunError, a RefusedError, or one of the system. The
// handler inherits what this process inherited: the launcher's own descriptors,
// but for the context's, are all close-on-exec.
func (e Execution) Exec(s Start) error {
	for _, fd := range e.Close {
		if err := withhold(fd); err != nil {
			return err
		}
	}
	if err := e.placeContext(s.Descriptor); err != nil {
		return err
	}
	if err := s.Before(); err != nil {
		return err
	}
	if err := s.Signals.Restore(); err != nil {
		return fmt.Errorf("restore the signals: %w", err)
	}
	if e.Deliver == Files {
		if err := e.writeFiles(); err != nil {
			return err
		}
	}
	if e.User != nil {
		runtime.LockOSThread()
		if err := e.User.becomeForGood(); err != nil {
			return fmt.Errorf("--user %v: %w", e.User, err)
		}
	}
	cover.Write()
	return execError(e.Path, e.Deliver, unix.Exec(e.Path, toStrings(e.Args), e.environment(s)))
}

func toBytes(list []string) [][]byte {
	out := make([][]byte, len(list))
	for i, s := range list {
		out[i] = []byte(s)
	}
	return out
}

func toStrings(list [][]byte) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}
