//go:build linux && (amd64 || arm64) && !portable

package supervise

import (
	"cmp"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// phase says how far the job is.
type phase int

const (
	running  phase = iota
	ending         // the handler has ended, what is left was sent TERM
	killing        // what is left was sent KILL
	draining       // nothing is left but the companion, which was told to end
)

const (
	// afterKill is how long a process that was sent KILL may take to end. It
	// cannot end in a system call that nothing interrupts.
	afterKill = 5 * time.Second
	// defaultGrace is how long what the handler leaves behind has from TERM to
	// KILL if --grace does not say.
	defaultGrace = 10 * time.Second
	// untilIdle is when memory is freed, once: a short job does not wait for it.
	untilIdle = 100 * time.Millisecond
)

// loop takes one signal after the other, until the last phase has ended.
func (s *supervisor) loop() {
	idle := time.Now().Add(untilIdle)
	for done := s.reap(); !done; {
		var info signalInfo
		until := s.deadline
		if until.IsZero() {
			until = idle
		}
		switch signal := wait(&info, until); signal {
		case 0:
			if s.deadline.IsZero() {
				freeMemory()
				idle = time.Time{}
				continue
			}
			done = s.expire()
		case unix.SIGCHLD:
			done = s.reap()
		default:
			s.forward(signal, &info)
		}
	}
}

// forward sends a signal to the handler's process, and not to its group, as if
// the handler were PID 1.
func (s *supervisor) forward(signal unix.Signal, info *signalInfo) {
	if info.own(signal) {
		return
	}
	s.gotTERM = s.gotTERM || signal == unix.SIGTERM
	if s.phase != running {
		if s.phase == draining && signal == unix.SIGTERM && s.deadline.IsZero() {
			s.deadline = s.afterGrace()
		}
		return
	}
	switch signal {
	case unix.SIGCONT:
		if s.resume() {
			return
		}
	case unix.SIGHUP:
		// A terminal that goes away signals the leader of the session, this
		// process, and the foreground group, tty_ioctl(4).
		if info.Code == fromKernel && s.given {
			return
		}
	case unix.SIGTERM:
		if s.Grace > 0 && s.deadline.IsZero() {
			s.deadline = s.afterGrace()
		}
	}
	info.send(s.handler, signal)
}

// expire ends a phase that took too long, and reports whether it was the last.
func (s *supervisor) expire() bool {
	s.deadline = time.Time{}
	switch s.phase {
	case running:
		s.Report("warning", fmt.Sprintf("the handler did not end within %v of TERM and was killed", s.Grace))
		_ = unix.Kill(-s.handler, unix.SIGKILL)
		_ = unix.Kill(s.handler, unix.SIGKILL) // it may be in another group by now
	case ending:
		s.phase, s.deadline = killing, time.Now().Add(afterKill)
		s.endRest(unix.SIGKILL)
	case killing:
		s.Report("warning", "a process that the handler left behind was sent KILL and has not ended")
		return true
	case draining:
		if s.companion == 0 {
			s.Report("warning", "a process that the companion left behind was sent KILL and has not ended")
			return true
		}
		s.Report("error", "the handler's last output could not be forwarded")
		s.companionLost = true
		_ = unix.Kill(s.companion, unix.SIGKILL)
	}
	return false
}

// afterGrace returns when what is left gets KILL.
func (s *supervisor) afterGrace() time.Time {
	return time.Now().Add(cmp.Or(s.Grace, defaultGrace))
}
