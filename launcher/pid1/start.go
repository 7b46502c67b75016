package pid1

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/inherit"
	"github.com/seed45446ece/launcher/launcher/tmpfs"
)

// Start is what a parent begins with.
type Start struct {
	Orders
	MakeDirectory func() (*tmpfs.Directory, error) // to which Orders.Directory refers; nil for none
	Attend        bool                             // start an attendant too
	Mask          bool                             // by which the handler's output goes

	NewSession bool // the handler gets a session of its own, without a terminal

	lifeline  int // the attendant's
	directory *tmpfs.Directory
}

// Stay starts this program again as a child that becomes the handler, and makes
// this process its resident parent, so it returns only with an error: then there
// is no child. A signal ends this process until its child begins to; those that
// come from then on are pending, and stay so across execve(2), as do children
// that have ended.
func (s Start) Stay() (err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer func() { s.undo() }()
	program, err := self()
	if err != nil {
		return err
	}
	was := inherit.Now()
	if err := was.Block(); err != nil {
		return err
	}
	requeue()
	if os.Getpid() != 1 {
		if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
			return err
		}
	}
	if s.MakeDirectory != nil {
		if s.directory, err = s.MakeDirectory(); err != nil {
			return err
		}
		s.Directory = s.directory.Reference()
	}
	tty := openTerminal()
	s.Terminal = tty.fd >= 0 && !s.NewSession
	if err := s.children(program, was, tty); err != nil {
		return fmt.Errorf("start the handler's process: %w", err)
	}
	if err = s.descriptors(tty); err == nil {
		keepBlocked()
		blockOthers()
		err = unix.Exec(program, s.args(), environment())
	}
	return fmt.Errorf("become the handler's parent: %w", err)
}

// undo is the end of a parent that cannot stay.
func (s *Start) undo() {
	for _, pid := range []int{s.Handler, s.Attendant} {
		if pid > 0 {
			_ = unix.Kill(pid, unix.SIGKILL)
			_, _ = unix.Wait4(pid, nil, 0, nil)
		}
	}
	if s.directory != nil {
		_ = s.directory.Remove()
	}
}

// children starts the process that becomes the handler, and the attendant, which
// has a session of its own and no terminal to be interrupted by, and nothing
// that this process was started with: a pipe that it held open would not end
// with the handler.
func (s *Start) children(program string, was inherit.Start, tty terminal) (err error) {
	p := plumbing{handler: []uintptr{0, 1, 2}}
	if s.Attend {
		if p, err = s.lay(); err != nil {
			return err
		}
	}
	s.Handler, err = syscall.ForkExec(program, os.Args, &syscall.ProcAttr{
		Env: was.Tell(os.Environ(), inherit.Handler, s.Directory), Files: p.handler,
		Sys: &syscall.SysProcAttr{Setsid: s.NewSession, Setpgid: !s.NewSession, Foreground: s.Terminal && tty.foreground() == tty.group, Ctty: tty.fd},
	})
	if err != nil || !s.Attend {
		return err
	}
	if err := inherit.CloseOnExec(terminalFD); err != nil {
		return err
	}
	s.lifeline = p.lifeline
	s.Attendant, err = syscall.ForkExec(program, os.Args, &syscall.ProcAttr{
		Env: was.Tell(os.Environ(), inherit.Attendant, s.Directory), Files: p.attendant,
		Sys: &syscall.SysProcAttr{Setsid: true},
	})
	return err
}

// environment is the resident's, for the Go runtime alone.
func environment() []string {
	return []string{"GOMAXPROCS=1", "GODEBUG=containermaxprocs=0,updatemaxprocs=0"}
}

// lifelineFD is where the resident holds a pipe that is the attendant's to read:
// its end, also by the parent's, is the attendant's.
const lifelineFD = 4

// descriptors leaves the resident standard error, the terminal and the
// attendant's lifeline: a pipe that it held open would not end when the handler
// closes it.
func (s *Start) descriptors(tty terminal) error {
	var kept []uintptr
	if s.Terminal {
		if err := tty.keep(); err != nil {
			return err
		}
		kept = append(kept, terminalFD)
	}
	if s.Attend {
		if err := unix.Dup3(s.lifeline, lifelineFD, 0); err != nil {
			return err
		}
		kept = append(kept, lifelineFD)
	}
	for _, fd := range []int{0, 1} {
		if err := Release(fd); err != nil {
			return err
		}
	}
	err := inherit.CloseOnExec(terminalFD)
	for _, fd := range kept {
		if err == nil {
			_, err = unix.FcntlInt(fd, unix.F_SETFD, 0)
		}
	}
	return err
}

// Release lets go of a descriptor's file and keeps the number from being
// another's, as the Go runtime too must find something there.
func Release(fd int) error {
	nothing, err := openNothing()
	if err != nil {
		return err
	}
	if err = unix.Dup3(nothing, fd, 0); err == nil {
		err = unix.Close(nothing)
	}
	return err
}

// openNothing is a new descriptor of /dev/null, or in an image without /dev of a
// directory, which can be neither read nor written.
func openNothing() (int, error) {
	fd, err := unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		fd, err = unix.Open("/", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	}
	return fd, err
}

// execFilename is AT_EXECFN of getauxval(3).
const execFilename = 31

// self is a path to this program.
func self() (string, error) {
	const link = "/proc/self/exe" // right even where the file is gone or has been replaced
	if unix.Access(link, unix.X_OK) == nil {
		return link, nil
	}
	vector, err := unix.Auxv()
	if err != nil {
		return "", err
	}
	for _, entry := range vector {
		if entry[0] == execFilename {
			return unix.BytePtrToString(*(**byte)(unsafe.Pointer(&entry[1]))), nil // on the initial stack
		}
	}
	return "", fmt.Errorf("find this program: %w", unix.ENOENT)
}
