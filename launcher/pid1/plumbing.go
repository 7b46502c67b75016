package pid1

import (
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"
)

// The descriptors of an attendant beside 0, 1 and 2, which are the parent's own
// standard output and error where it masks.
const (
	LinkFD     = 3 // a socket to the process that becomes the handler, which has it there too
	LifeFD     = 4 // ends when the attendant is to end
	OutputFD   = 5 // what the handler writes, where it masks; else nothing
	MessagesFD = 6 // what the handler writes on standard error, where that is another file; else nothing
)

// plumbing is the descriptors of both children, in their order, and the end of
// the lifeline that this process holds, away from those that it keeps later.
type plumbing struct {
	handler, attendant []uintptr
	lifeline           int
}

// lay makes what connects the two children with each other, and the attendant
// with this process. All of it is closed on execve.
func (s *Start) lay() (p plumbing, err error) {
	link, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return p, err
	}
	var life [2]int
	if err := unix.Pipe2(life[:], unix.O_CLOEXEC); err != nil {
		return p, err
	}
	if p.lifeline, err = unix.FcntlInt(uintptr(life[1]), unix.F_DUPFD_CLOEXEC, lifelineFD+1); err != nil {
		return p, err
	}
	if err := unix.Close(life[1]); err != nil {
		return p, err
	}
	nothing, err := openNothing()
	if err != nil {
		return p, err
	}
	p.handler = []uintptr{0, 1, 2, uintptr(link[0])}
	p.attendant = []uintptr{uintptr(nothing), uintptr(nothing), 2, uintptr(link[1]), uintptr(life[0]), uintptr(nothing), uintptr(nothing)}
	if s.Mask {
		err = p.divert()
	}
	return p, err
}

// divert has the handler's standard output and error end at the attendant. One
// file for both, as after 2>&1, stays one, so that the order of what is written
// stays too.
func (p *plumbing) divert() error {
	output, written, err := channel(1)
	if err != nil {
		return err
	}
	p.attendant[1], p.attendant[OutputFD], p.handler[1], p.handler[2] = 1, uintptr(output), uintptr(written), uintptr(written)
	if same(1, 2) {
		return nil
	}
	messages, written, err := channel(2)
	p.attendant[MessagesFD], p.handler[2] = uintptr(messages), uintptr(written)
	return err
}

func same(a, b int) bool {
	var first, second unix.Stat_t
	return unix.Fstat(a, &first) == nil && unix.Fstat(b, &second) == nil &&
		first.Dev == second.Dev && first.Ino == second.Ino && first.Rdev == second.Rdev
}

// channel is what stands in for a descriptor: where to read what is written to
// it. For a terminal that is a terminal too, pty(7), of the same settings and
// size, but that leaves it to the real one to make "\r\n" of "\n".
func channel(fd int) (read, written int, err error) {
	settings, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		var ends [2]int
		err = unix.Pipe2(ends[:], unix.O_CLOEXEC)
		return ends[0], ends[1], err
	}
	read, written, err = openPTY()
	if err != nil {
		return 0, 0, fmt.Errorf("open a pseudo-terminal for --mask: %w", err)
	}
	settings.Oflag &^= unix.OPOST
	if err = unix.IoctlSetTermios(written, unix.TCSETS, settings); err == nil {
		if size, wrong := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ); wrong == nil {
			err = unix.IoctlSetWinsize(written, unix.TIOCSWINSZ, size)
		}
	}
	return read, written, err
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
