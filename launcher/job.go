// Package launcher takes a task and its secrets and becomes the handler.
//
// It owns what the handler starts with: its command, environment, descriptors,
// limits and context. It refuses a secret that the delivery cannot carry. Data
// flows Task and Secrets -> Context -> Delivery -> execve. It knows no secret
// source and reaches no network.
package launcher

import (
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/resolve"
)

// Job is a handler and all that it is to be given.
type Job struct {
	Command  Command
	Context  Context
	Deliver  Delivery
	Options  EnvOptions
	Environ  resolve.Environ // the launcher's own
	Withhold []string        // variables that carried secrets in, not passed on
}

// Protect makes this process one whose memory nobody else can read: no core
// dump (hazards: a dump holds every value), and not traceable by processes of
// the same user (prctl(2), PR_SET_DUMPABLE). The limit is soft, so a handler
// can have core dumps again; execve ends the second.
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

// Exec replaces this process by the handler, so it returns only with an error:
// a RefusedError, a NotFoundError, a CannotRunError, or one of the system.
// Before is called at the last moment.
func (j Job) Exec(before func()) error {
	routes, err := j.Deliver.Routes(j.Context.Secrets, j.Options)
	if err != nil {
		return err
	}
	environ, err := j.environment(routes)
	if err != nil {
		return err
	}
	if err := j.descriptors(); err != nil {
		return err
	}
	before()
	return execError(j.Command.Path, unix.Exec(j.Command.Path, j.Command.Args, environ))
}

// descriptors leaves the handler 0, 1, 2 and the context's, and no other that
// the launcher was started with.
func (j Job) descriptors() error {
	if err := closeOnExec(); err != nil {
		return err
	}
	if j.Deliver == Env {
		return nil
	}
	text, err := j.Context.JSON()
	if err != nil {
		return err
	}
	fd, target := 0, 0
	if j.Deliver == FD {
		target = contextFD
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
