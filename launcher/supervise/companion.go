//go:build linux && (amd64 || arm64) && !portable

package supervise

import (
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// releaseCompanion tells the companion to end once no other process is left. It
// still passes on what the handler wrote, for as long as the reader takes, or for
// the grace after a TERM. If /proc does not list the processes, it is told at
// once, and has as long as they have.
func (s *supervisor) releaseCompanion() {
	if s.companion == 0 || s.released || s.phase != ending && s.phase != killing {
		return
	}
	known := ownProc()
	if slices.ContainsFunc(children(), func(pid int) bool { return pid != s.companion }) {
		return
	}
	if known {
		if s.phase, s.deadline = draining, (time.Time{}); s.gotTERM {
			s.deadline = s.afterGrace()
		}
	}
	s.released = true
	_ = unix.Close(s.companionLink)
	_ = unix.Kill(s.companion, unix.SIGCONT) // as for the others, stopped or not
}

// companionEnded reports a companion that failed: the handler's output, or its
// answers, may be lost, and so the job has failed.
func (s *supervisor) companionEnded(info signalInfo) {
	delete(s.onExit, s.companion)
	s.companion = 0
	switch {
	case s.companionLost: // reported before
		return
	case info.Code != exited:
		s.Report("error", "the companion process was ended by "+signalName(unix.Signal(info.Status)))
	case info.Status != 0:
		s.Report("error", fmt.Sprintf("the companion process ended with status %d", info.Status))
	default:
		return
	}
	s.companionLost = true
}
