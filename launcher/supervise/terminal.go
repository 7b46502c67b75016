//go:build linux && (amd64 || arm64) && !portable

package supervise

import (
	"os"

	"golang.org/x/sys/unix"
)

// terminal is the controlling one; fd is -1 if there is none.
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
// another process, such as a shell, leads the session of and goes on to read from.
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

// ours reports whether the handler should have the terminal from the start: this
// process leads the foreground group, and neither reads nor writes a pipeline,
// whose other programs need the terminal too.
func (t terminal) ours() bool {
	return t.foreground() == os.Getpid() && isTerminal(0) && isTerminal(1)
}

func isTerminal(fd int) bool {
	_, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	return err == nil
}

// foreground returns the process group that has the terminal, 0 for none or no
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

// give gives the terminal to a process group, and reports whether it could. TTOU
// is blocked and does not stop this process.
func (t terminal) give(group int) bool {
	return unix.IoctlSetPointerInt(t.fd, unix.TIOCSPGRP, group) == nil
}
