package pid1

import (
	"os"

	"golang.org/x/sys/unix"
)

// handlerStopped is job control as if this process were not there: it stops
// itself too, for its own parent to see, and has the terminal for that long.
// Without a terminal, or as PID 1, for which there is nobody to see it, the
// handler is left as it is.
func (r *resident) handlerStopped(signal unix.Signal) {
	if !r.Terminal || r.phase != running {
		return
	}
	wantsTerminal := signal == unix.SIGTTIN || signal == unix.SIGTTOU
	switch {
	case wantsTerminal && r.tty.foreground() == r.tty.group:
		// The shell brought this process to the foreground, and the handler is meant.
		r.given = r.tty.give(r.Handler)
		_ = unix.Kill(-r.Handler, unix.SIGCONT)
	case orphaned():
		if signal == unix.SIGTSTP { // which stops nothing where nobody can continue it
			_ = unix.Kill(-r.Handler, unix.SIGCONT)
		}
	default:
		if r.given {
			r.tty.give(r.tty.group)
		}
		r.given, r.stopped = false, true
		if signal == unix.SIGTSTP {
			_ = unix.Kill(0, signal) // the rest of a pipeline, which the terminal would have told
		}
		_ = unix.Kill(os.Getpid(), unix.SIGSTOP)
	}
}

// orphaned reports whether nobody does job control for this process: its parent
// is in another session, or outside the namespace. POSIX, "Orphaned Process
// Group"; there TSTP, TTIN and TTOU stop nothing.
func orphaned() bool {
	ours, _ := unix.Getsid(0)
	parents, err := unix.Getsid(os.Getppid())
	return os.Getppid() == 0 || err != nil || ours != parents
}

// resume follows a CONT, and reports whether that continued the handler's group.
func (r *resident) resume() bool {
	if !r.Terminal {
		return false
	}
	if r.tty.foreground() == r.tty.group {
		r.given = r.tty.give(r.Handler)
	}
	if !r.stopped {
		return false
	}
	r.stopped = false
	_ = unix.Kill(-r.Handler, unix.SIGCONT)
	return true
}
