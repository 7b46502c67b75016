//go:build linux && (amd64 || arm64) && !portable

// Package supervise stays as the parent of a handler and does what PID 1 owes a
// container: it forwards signals, reaps orphans, ends what the handler leaves
// behind, and returns the handler's exit status.
//
// It owns the parent process from the moment that it starts its children, and
// what it sends them. It refuses to hold a secret: its children read the task,
// and it erases its own arguments and environment once they have them. Data
// flows Config -> children -> exit status. It knows only sigstate.
package supervise

import (
	"fmt"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/sigstate"
)

// statusRefused is the launcher's own exit status for what a retry does not help.
const statusRefused = 125

// Config says how to supervise a handler.
type Config struct {
	Signals   sigstate.State            // for the handler
	Grace     time.Duration             // from a forwarded TERM to KILL
	Directory func() (Directory, error) // makes the delivery's directory; nil if it needs none
	Companion bool                      // start a companion beside the handler
	Redact    bool                      // send the handler's output through the companion

	NewSession     bool               // start the handler in a session of its own, without a terminal
	GiveDescriptor func(fd int) error // gives the handler's user what a descriptor is open on

	Report func(level, message string) // reports an error or a warning
}

// Directory holds secrets in memory and is deleted when the handler has ended.
type Directory interface {
	Path() string
	Reference() string // by which a child finds it
	Remove() error
}

// supervisor is the parent of the handler, and of every orphan below it.
type supervisor struct {
	Config
	handler, companion int // process IDs; 0 for no companion
	handlerLink        int // a socket to the handler's process
	companionLink      int // a socket to the companion, which ends when it is closed
	directory          Directory
	tty                terminal

	given    bool // the handler has the terminal
	stopped  bool // by job control, together with the handler
	phase    phase
	deadline time.Time // of the phase; zero for none
	status   int
	onExit   map[int]func(signalInfo) // what to do when a child that is no orphan ends
	signaled map[int]bool             // children that were sent TERM
	gotTERM  bool

	released      bool // the companion was told to end
	companionLost bool // it failed, which was reported
}

// Run starts this program again as a child that becomes the handler, and as a
// companion if c asks for one, and supervises them. It returns the handler's
// exit status, 128+n if signal n ended it. It fails only if the handler was not
// started. Afterwards this process's arguments and environment are erased.
func (c Config) Run() (status int, err error) {
	runtime.LockOSThread()
	s := &supervisor{Config: c, companionLink: -1, signaled: map[int]bool{}}
	if err := s.start(); err != nil {
		s.undo()
		return 0, err
	}
	s.onExit = map[int]func(signalInfo){s.handler: s.handlerEnded}
	if s.companion > 0 {
		s.onExit[s.companion] = s.companionEnded
	}
	s.closeDescriptors()
	_ = unix.Chdir("/") // so that it keeps no volume busy
	s.loop()
	if s.given {
		s.tty.give(s.tty.group)
	}
	s.removeDirectory()
	if s.companionLost && s.status == 0 {
		s.status = statusRefused
	}
	return s.status, nil
}

// removeDirectory deletes the delivery's directory.
func (s *supervisor) removeDirectory() {
	if s.directory == nil {
		return
	}
	if err := s.directory.Remove(); err != nil {
		s.Report("warning", fmt.Sprintf("directory %s, which holds secrets, was not deleted: %v", s.directory.Path(), err))
	}
}

// undo ends what start began.
func (s *supervisor) undo() {
	for _, pid := range []int{s.handler, s.companion} {
		if pid > 0 {
			_ = unix.Kill(pid, unix.SIGKILL)
			_, _ = unix.Wait4(pid, nil, 0, nil)
		}
	}
	s.removeDirectory()
}

// isInit reports whether this process is PID 1, whose signals have no default
// action, pid_namespaces(7).
func isInit() bool { return os.Getpid() == 1 }
