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

	"github.com/seed45446ece/launcher/launcher/inherit"
	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve"
)

// Job is a handler and all that it is to be given.
type Job struct {
	Command   Command
	Context   Context
	Deliver   Delivery
	Directory string // of the files and socket deliveries
	Options   EnvOptions
	Environ   resolve.Environ // the launcher's own
	Withhold  []string        // variables that carried secrets in, not passed on
	User      *User           // whom the handler runs as, nil for the launcher's own
}

// Protect makes this process one whose memory nobody else can read: no core
// dump (hazards: a dump holds every value), and not traceable by processes of
// the same user (prctl(2), PR_SET_DUMPABLE). The limit is soft, so a handler can
// have core dumps again; execve ends the second.
func Protect() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err != nil {
		return err
	}
	limit.Cur = 0
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

// Check is the error that Exec would return before it changes anything.
func (j Job) Check() error {
	_, _, err := j.assemble()
	return err
}

// assemble is the handler's environment and the text of its context; errors are
// RefusedErrors, or say what JSON cannot carry.
func (j Job) assemble() (environ []string, text []byte, err error) {
	if environ, err = j.environment(); err != nil {
		return nil, nil, err
	}
	switch j.Deliver {
	case Env:
	case Files:
		var names []string
		if names, err = Files.Routes(j.Context.Secrets, j.Options); err == nil {
			text, err = j.Context.JSONWithout(task.MemberSecretsFiles, names)
		}
	case Socket:
		_, err = j.Context.JSONOfTask() // the process that answers has it
	default:
		text, err = j.Context.JSON()
	}
	return environ, text, err
}

// Exec replaces this process by the handler, so it returns only with an error:
// one of Check, a NotFoundError, a CannotRunError, or one of the system. Before
// is called at the last moment.
func (j Job) Exec(before func()) error {
	environ, text, err := j.assemble()
	if err != nil {
		return err
	}
	if err := j.descriptors(text); err != nil {
		return err
	}
	before()
	if err := inherit.HandOn(); err != nil {
		return fmt.Errorf("restore the signals: %w", err)
	}
	if j.User != nil {
		runtime.LockOSThread()
		if err := j.User.become(); err != nil {
			return fmt.Errorf("--user %v: %w", j.User, err)
		}
	}
	if j.Deliver == Files {
		if err := j.writeFiles(text); err != nil {
			return err
		}
	}
	return execError(j.Command.Path, j.Deliver, unix.Exec(j.Command.Path, j.Command.Args, environ))
}

// descriptors leaves the handler 0, 1, 2 and the context's, and no other that
// the launcher was started with.
func (j Job) descriptors(text []byte) error {
	if err := inherit.CloseOnExec(3); err != nil {
		return err
	}
	if j.Deliver != Stdin && j.Deliver != FD {
		return nil
	}
	var err error
	fd, target := 0, 0
	if j.Deliver == FD {
		if target = contextFD; polled(target) {
			return &RefusedError{"", "fd: descriptor 3 is in use", "make standard input a blocking one, or use --deliver stdin"}
		}
		fd, err = sealed(text)
	} else {
		fd, err = filled(text)
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
