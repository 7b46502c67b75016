//go:build linux && (amd64 || arm64) && !portable

package supervise

import (
	"os"

	"golang.org/x/sys/unix"
)

// handlerStopped does job control as if this process were not there: it stops
// itself too, so that its own parent notices, and takes the terminal back until
// it continues. Without a terminal it leaves the handler stopped.
func (s *supervisor) handlerStopped(signal unix.Signal) {
	if s.tty.fd < 0 || s.phase != running {
		return
	}
	wantsTerminal := signal == unix.SIGTTIN || signal == unix.SIGTTOU
	switch {
	case wantsTerminal && s.tty.foreground() == s.tty.group:
		// The shell brought this process to the foreground, and the handler is meant.
		s.given = s.tty.give(s.handler)
		_ = unix.Kill(-s.handler, unix.SIGCONT)
	case orphaned():
		if signal == unix.SIGTSTP { // it stops no process that nobody can continue
			_ = unix.Kill(-s.handler, unix.SIGCONT)
		}
	default:
		if s.given {
			s.tty.give(s.tty.group)
		}
		s.given, s.stopped = false, true
		if signal == unix.SIGTSTP {
			_ = unix.Kill(0, signal) // the rest of a pipeline, which the terminal would have stopped
		}
		_ = unix.Kill(os.Getpid(), unix.SIGSTOP)
	}
}

// orphaned reports whether nobody does job control for this process: its parent
// is in another session, or outside the namespace. TSTP, TTIN and TTOU do not
// stop such a process (POSIX, "Orphaned Process Group").
func orphaned() bool {
	ours, _ := unix.Getsid(0)
	parents, err := unix.Getsid(os.Getppid())
	return os.Getppid() == 0 || err != nil || ours != parents
}

// resume acts on CONT, and reports whether it continued the handler's group.
func (s *supervisor) resume() bool {
	if s.tty.fd < 0 {
		return false
	}
	if s.tty.foreground() == s.tty.group {
		s.given = s.tty.give(s.handler)
	}
	if !s.stopped {
		return false
	}
	s.stopped = false
	_ = unix.Kill(-s.handler, unix.SIGCONT)
	return true
}
