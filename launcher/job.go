// Package launcher takes a task and its secrets and becomes the handler.
//
// It owns what the handler starts with: its command, environment, descriptors,
// limits and context. It refuses a secret that the delivery cannot carry. Data
// flows Task and Secrets -> Context -> Delivery -> execve. It knows no secret
// source and reaches no network.
package launcher

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/internal/cover"
	"github.com/seed45446ece/launcher/launcher/sigstate"
	"github.com/seed45446ece/launcher/launcher/tmpfs"
	"github.com/seed45446ece/launcher/resolve"
)

// Job is a handler and all that it is to be given.
type Job struct {
	Command   Command
	Context   Context
	Deliver   Delivery
	Directory *tmpfs.Directory // of the files and socket deliveries, else nil
	Options   EnvOptions
	Environ   resolve.Environ // the launcher's own
	Withhold  []string        // variables that carried secrets in, not passed on
	Pristine  bool            // pass on only the variables that programs expect
	User      *User           // whom the handler runs as, nil for the launcher's own
}

// Protect makes this process one whose memory nobody else can read: no core
// dump (hazards: a dump holds every value), and not traceable by processes of
// the same user (prctl(2), PR_SET_DUMPABLE). The limit is soft, so a handler can
// have core dumps again; execve ends the second.
//
// The limit is 1 byte: a file needs a page, and a core_pattern that is a pipe to
// a program, which ignores a limit of 0, is skipped at exactly 1 (coredump_pipe
// in the kernel's fs/coredump.c). If the hard limit is 0, the soft one is too.
func Protect() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err != nil {
		return err
	}
	limit.Cur = min(1, limit.Max)
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &limit); err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
}

// EndsWithParent reports whether the process is to be sent a signal when its
// parent ends (PR_SET_PDEATHSIG). That is a thread's, so execve hands it on
// from the first thread alone: such a program keeps to it.
func EndsWithParent() bool {
	var signal int32
	err := unix.Prctl(unix.PR_GET_PDEATHSIG, uintptr(unsafe.Pointer(&signal)), 0, 0, 0)
	return err == nil && signal != 0
}

// Reserve keeps the Go runtime from making its epoll instance descriptor 3,
// where the fd delivery puts the context: a thread that waits there would find
// another file. It is for the first moment of the program.
func Reserve() error {
	if _, err := unix.FcntlInt(contextFD, unix.F_GETFD, 0); err == nil {
		return nil // whoever started the launcher has it, or the runtime a file that it reads
	}
	_, err := unix.FcntlInt(2, unix.F_DUPFD_CLOEXEC, contextFD) // the lowest that is free, from 3
	return err
}

// polled reports whether the descriptor is an epoll instance: only there a
// file that could be waited for is one that is not registered, epoll_ctl(2).
func polled(fd int) bool {
	var ends [2]int
	if unix.Pipe2(ends[:], unix.O_CLOEXEC) != nil {
		return false // no descriptor left: what comes next says so
	}
	err := unix.EpollCtl(fd, unix.EPOLL_CTL_DEL, ends[0], nil)
	_, _ = unix.Close(ends[0]), unix.Close(ends[1])
	return errors.Is(err, unix.ENOENT)
}

// Prepare returns all that the handler starts with. Its errors are
// RefusedErrors, or say what JSON cannot carry.
func (j Job) Prepare() (Execution, error) {
	e := Execution{Path: j.Command.Path, Deliver: j.Deliver, User: j.User}
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
	User          *User  // nil for the launcher's own
}

// Exec replaces this process by the handler, so it returns only with an error:
// a NotFoundError, a CannotRunError, a RefusedError, or one of the system. It
// calls before at the last moment, and gives the handler the signal state.
func (e Execution) Exec(signals sigstate.State, before func() error) error {
	if err := e.descriptors(); err != nil {
		return err
	}
	if err := before(); err != nil {
		return err
	}
	if err := signals.Restore(); err != nil {
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
	return execError(e.Path, e.Deliver, unix.Exec(e.Path, toStrings(e.Args), toStrings(e.Environ)))
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

// descriptors leaves the handler 0, 1, 2 and the context's, and closes all others
// that the launcher was started with.
func (e Execution) descriptors() error {
	if err := closeOnExec(3); err != nil {
		return err
	}
	if e.Deliver != Stdin && e.Deliver != FD {
		return nil
	}
	var err error
	fd, target := 0, 0
	if e.Deliver == FD {
		if target = contextFD; polled(target) {
			return &RefusedError{"", "fd: descriptor 3 is in use", "make standard input a blocking one, or use --deliver stdin"}
		}
		fd, err = sealed(e.Context)
	} else {
		fd, err = filled(e.Context)
	}
	if err == nil {
		err = e.User.GiveDescriptor(fd) // so that the handler can open /dev/stdin again
	}
	if err != nil {
		return err
	}
	if fd == target {
		_, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, 0)
		return err
	}
	return unix.Dup3(fd, target, 0)
}
