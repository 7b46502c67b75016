//go:build linux && (amd64 || arm64) && !portable

package supervise

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// childFiles is the descriptors of a child: standard input, output and error,
// and those whose numbers it is told, -1 for one that it does not need. It keeps
// what this process was started with.
type childFiles struct {
	standard [3]uintptr
	passed   []int
}

// pipes connects the children with each other and with this process.
type pipes struct {
	handler, companion childFiles
	childEnds          []int // only for the children
}

// newPipes opens what connects the processes, close-on-exec.
func (s *supervisor) newPipes() (p pipes, err error) {
	link, err := socketPair()
	if err != nil {
		return p, err
	}
	s.handlerLink = link[0]
	p.childEnds = append(p.childEnds, link[1])
	p.handler = childFiles{[3]uintptr{0, 1, 2}, []int{link[1]}}
	if !s.Companion {
		return p, nil
	}
	if link, err = socketPair(); err != nil {
		return p, err
	}
	peers, err := socketPair()
	if err != nil {
		return p, err
	}
	nothing, err := openNothing()
	if err != nil {
		return p, err
	}
	s.companionLink = link[0]
	p.childEnds = append(p.childEnds, link[1], peers[0], peers[1], nothing)
	p.handler.passed = append(p.handler.passed, peers[0])
	p.companion = childFiles{[3]uintptr{0, uintptr(nothing), 2}, []int{link[1], peers[1], -1, -1}}
	if s.Redact {
		if err = p.interceptOutput(); err == nil { // so that the handler's user can open /dev/stdout again
			err = errors.Join(s.GiveDescriptor(int(p.handler.standard[1])), s.GiveDescriptor(int(p.handler.standard[2])))
		}
	}
	return p, err
}

func socketPair() ([2]int, error) {
	return unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
}

// interceptOutput sends the handler's standard output and error to the
// companion. If both are one file, as after 2>&1, they stay one, so that the
// order of what is written stays too.
func (p *pipes) interceptOutput() error {
	read, write, err := newStream(1)
	if err != nil {
		return err
	}
	p.childEnds = append(p.childEnds, read, write)
	p.companion.standard[1], p.companion.passed[2] = 1, read
	p.handler.standard[1], p.handler.standard[2] = uintptr(write), uintptr(write)
	if same(1, 2) {
		return nil
	}
	if read, write, err = newStream(2); err != nil {
		return err
	}
	p.childEnds = append(p.childEnds, read, write)
	p.companion.passed[3], p.handler.standard[2] = read, uintptr(write)
	return nil
}

// closeChildEnds closes what only the children should have open, as the end of a
// child shows by the end of its pipe.
func (p pipes) closeChildEnds() {
	for _, fd := range p.childEnds {
		_ = unix.Close(fd)
	}
}

func same(a, b int) bool {
	var first, second unix.Stat_t
	return unix.Fstat(a, &first) == nil && unix.Fstat(b, &second) == nil &&
		first.Dev == second.Dev && first.Ino == second.Ino && first.Rdev == second.Rdev
}

// newStream opens what takes the place of a descriptor, and where to read what is
// written to it. For a terminal that is a pseudo-terminal, pty(7), with the same
// settings and size, except that the real one makes "\r\n" of "\n".
func newStream(fd int) (read, write int, err error) {
	settings, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		var ends [2]int
		err = unix.Pipe2(ends[:], unix.O_CLOEXEC)
		return ends[0], ends[1], err
	}
	read, write, err = openPTY()
	if err != nil {
		return 0, 0, fmt.Errorf("open a pseudo-terminal for --mask: %w", err)
	}
	settings.Oflag &^= unix.OPOST
	if err = unix.IoctlSetTermios(write, unix.TCSETS, settings); err == nil {
		if size, wrong := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ); wrong == nil {
			err = unix.IoctlSetWinsize(write, unix.TIOCSWINSZ, size)
		}
	}
	return read, write, err
}

func openPTY() (master, slave int, err error) {
	master, err = unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, 0, err
	}
	if err := unix.IoctlSetPointerInt(master, unix.TIOCSPTLCK, 0); err != nil {
		return 0, 0, err
	}
	number, err := unix.IoctlGetInt(master, unix.TIOCGPTN)
	if err != nil {
		return 0, 0, err
	}
	slave, err = unix.Open("/dev/pts/"+strconv.Itoa(number), unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	return master, slave, err
}

// closeDescriptors closes every descriptor that this process was started with
// except standard error: a pipe that it held open would not end when the handler
// closes it. PID 1 keeps standard output for those who write to /proc/1/fd/1,
// unless that would pass by the redaction. Its own descriptors are those that are
// close-on-exec.
func (s *supervisor) closeDescriptors() {
	if s.tty.fd >= 0 && s.tty.fd <= 2 {
		s.tty.fd, _ = unix.FcntlInt(uintptr(s.tty.fd), unix.F_DUPFD_CLOEXEC, 3)
	}
	_ = Release(0)
	if s.Redact || !isInit() {
		_ = Release(1)
	}
	CloseInherited()
}

// CloseInherited closes every descriptor from 3 on that is not close-on-exec,
// and so was not opened by this program.
func CloseInherited() {
	fds := numbers("/proc/self/fd")
	if fds == nil {
		for fd := range 1024 {
			fds = append(fds, fd)
		}
	}
	for _, fd := range fds {
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && fd > 2 && flags&unix.FD_CLOEXEC == 0 {
			_ = unix.Close(fd)
		}
	}
}

// Release closes a descriptor's file and keeps its number taken, as the Go
// runtime needs an open file there.
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

// openNothing opens /dev/null, or in an image without /dev a directory, which can
// be neither read nor written.
func openNothing() (int, error) {
	fd, err := unix.Open(os.DevNull, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		fd, err = unix.Open("/", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	}
	return fd, err
}
