package pid1

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// phase is how far the job is.
type phase int

const (
	running  phase = iota
	ending         // the handler has ended, what is left was sent TERM
	killing        // what is left was sent KILL
	draining       // nothing is left but the attendant, which was told to end
)

// afterKill is how long a process that was killed may take to end: it cannot
// while it is in a system call that nothing interrupts.
const afterKill = 5 * time.Second

// resident minds the handler and all that is left without a parent below it:
// that becomes its child, as it is PID 1 or a subreaper, prctl(2).
type resident struct {
	Orders
	tty      terminal
	given    bool // the terminal is the handler's
	stopped  bool // by job control: the handler, and this process with it
	say      func(level, message string)
	phase    phase
	deadline time.Time // of the phase, zero for none
	status   int
	minded   map[int]func(signalInfo) // what the end of a child means that is no orphan
	told     map[int]bool             // children that were sent TERM
	released bool                     // the attendant was told to end
	termed   bool                     // a TERM has come
	atEnd    []func()                 // on every way out
}

// Reside does the parent's work and answers with the handler's exit status,
// 128+n where signal n ended it. What there is to tell, an error or a warning,
// goes to say.
func (o Orders) Reside(say func(level, message string)) int {
	settle()
	r := &resident{Orders: o, say: say, tty: terminal{-1, unix.Getpgrp()}, told: map[int]bool{}}
	r.minded = map[int]func(signalInfo){o.Handler: r.handlerEnded}
	if o.Attendant > 0 {
		r.minded[o.Attendant] = r.attendantEnded
	}
	if o.Directory != "" {
		r.atEnd = append(r.atEnd, r.removeDirectory)
	}
	if o.Terminal {
		r.tty.fd = terminalFD
		r.given = r.tty.foreground() == o.Handler
		r.atEnd = append(r.atEnd, func() {
			if r.given {
				r.tty.give(r.tty.group)
			}
		})
	}
	r.mind()
	for _, f := range r.atEnd {
		f()
	}
	return r.status
}

// mind takes one signal after the other, and sees each phase to its end.
func (r *resident) mind() {
	// A child may have ended before this program could be told.
	for done := r.reap(); !done; {
		var info signalInfo
		switch signal := wait(&info, r.deadline); signal {
		case 0:
			done = r.expire()
		case unix.SIGCHLD:
			done = r.reap()
		case unix.SIGURG: // the Go runtime's own; one from outside cannot be told apart
		default:
			r.forward(signal, &info)
		}
	}
}

// forward sends the handler what was sent to this process: to the process alone
// and not its group, as if it were PID 1.
func (r *resident) forward(signal unix.Signal, info *signalInfo) {
	r.termed = r.termed || signal == unix.SIGTERM
	if r.phase != running {
		if r.phase == draining && signal == unix.SIGTERM && r.deadline.IsZero() {
			r.deadline = r.graceFromNow()
		}
		return
	}
	switch signal {
	case unix.SIGCONT:
		if r.resume() {
			return
		}
	case unix.SIGHUP:
		// A terminal that goes away tells the leader of the session, this process,
		// and the group that had it, tty_ioctl(4).
		if info.Code == fromKernel && r.given {
			return
		}
	case unix.SIGTERM:
		if r.deadline.IsZero() {
			r.deadline = r.graceFromNow()
		}
	}
	info.send(r.Handler, signal)
}

// expire ends a phase that took too long, and reports whether it was the last.
func (r *resident) expire() bool {
	r.deadline = time.Time{}
	switch r.phase {
	case running:
		r.say("warning", fmt.Sprintf("the handler did not end within %v of TERM and was killed", r.Grace))
		_ = unix.Kill(-r.Handler, unix.SIGKILL)
		_ = unix.Kill(r.Handler, unix.SIGKILL) // it may be in another group by now
	case ending:
		r.phase, r.deadline = killing, time.Now().Add(afterKill)
		r.endRest(unix.SIGKILL)
	case killing:
		r.say("warning", "a process that the handler left does not end, though it was killed")
		return true
	case draining:
		r.say("warning", "not all that the handler wrote could be passed on")
		_ = unix.Kill(r.Attendant, unix.SIGKILL)
	}
	return false
}

func (r *resident) graceFromNow() time.Time { return time.Now().Add(r.Grace) }
