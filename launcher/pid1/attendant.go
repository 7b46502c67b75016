package pid1

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/tmpfs"
)

// releaseAttendant tells the attendant to end once nothing else is left. What
// the handler wrote is still to be passed on: that takes as long as it takes
// whoever reads it, or the grace after a TERM. Where /proc does not say what is left, it is
// told at once, and has the time that the others have.
func (r *resident) releaseAttendant() {
	if r.Attendant == 0 || r.released || r.phase != ending && r.phase != killing {
		return
	}
	known := ownProc()
	if slices.ContainsFunc(children(), func(pid int) bool { return pid != r.Attendant }) {
		return
	}
	if known {
		if r.phase, r.deadline = draining, (time.Time{}); r.termed {
			r.deadline = r.graceFromNow()
		}
	}
	r.released = true
	_ = unix.Close(lifelineFD)
	_ = unix.Kill(r.Attendant, unix.SIGCONT) // as for the others, stopped or not
}

// attendantEnded tells the user of an end before the others'. The handler is
// told by what it then does: no answer, or a pipe that nobody reads.
func (r *resident) attendantEnded(info signalInfo) {
	delete(r.minded, r.Attendant)
	r.Attendant = 0
	switch {
	case r.released:
	case info.Code != exited:
		r.say("error", fmt.Sprintf("the process that serves the handler was ended by %s", unix.SignalName(unix.Signal(info.Status))))
	case info.Status != 0:
		r.say("error", fmt.Sprintf("the process that serves the handler ended with status %d", info.Status))
	}
}

// removeDirectory is the end of the delivery's directory, on every way out.
func (r *resident) removeDirectory() {
	directory, err := tmpfs.Find(r.Directory)
	if err == nil {
		err = directory.Remove()
	}
	if err != nil && !errors.Is(err, unix.ENOENT) {
		_, path, _ := strings.Cut(r.Directory, "/")
		r.say("warning", fmt.Sprintf("/%s, which held secrets, is not removed: %v", path, err))
	}
}
