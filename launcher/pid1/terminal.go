package pid1

import (
	"os"

	"golang.org/x/sys/unix"
)

// terminalFD is where the resident has its terminal.
const terminalFD = 3

// terminal is the controlling one; fd is -1 where there is none.
type terminal struct {
	fd    int
	group int // this process's own
}

func openTerminal() terminal {
	t := terminal{group: unix.Getpgrp()}
	for t.fd = range 3 {
		if t.foreground() > 0 { // fails on any but the controlling one, tty_ioctl(4)
			return t
		}
	}
	var err error
	if t.fd, err = unix.Open("/dev/tty", unix.O_RDWR|unix.O_CLOEXEC, 0); err != nil {
		t.fd = -1
	}
	return t
}

// SharesTerminal reports whether this process has a controlling terminal that
// another process leads the session of, a shell for instance, and so goes on to
// read from. A process that leads the session itself, as PID 1 of a container
// does, leaves the terminal to nobody.
func SharesTerminal() bool {
	if session, err := unix.Getsid(0); err == nil && session == os.Getpid() {
		return false
	}
	t := openTerminal()
	if t.fd > 2 {
		_ = unix.Close(t.fd)
	}
	return t.fd >= 0
}

// keep makes a copy of the terminal that outlives execve.
func (t terminal) keep() error {
	if t.fd == terminalFD {
		_, err := unix.FcntlInt(terminalFD, unix.F_SETFD, 0)
		return err
	}
	return unix.Dup3(t.fd, terminalFD, 0)
}

// foreground is the process group that has the terminal, 0 for none or no
// terminal.
func (t terminal) foreground() int {
	if t.fd < 0 {
		return 0
	}
	group, err := unix.IoctlGetInt(t.fd, unix.TIOCGPGRP)
	if err != nil {
		return 0
	}
	return group
}

// give makes a process group the one that has the terminal. TTOU, which is
// blocked, does not stop it.
func (t terminal) give(group int) bool {
	return unix.IoctlSetPointerInt(t.fd, unix.TIOCSPGRP, group) == nil
}
