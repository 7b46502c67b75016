package exec

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// attributes gives a program a session of its own, and has the kernel kill it if the
// thread that started it ends.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
}

// wait waits until the program has ended, kills what is left of its process group,
// and returns its status. The ended program keeps the group's number until then.
func (p *process) wait() syscall.WaitStatus {
	for {
		if err := unix.Waitid(unix.P_PID, p.pid, nil, unix.WEXITED|unix.WNOWAIT, nil); !errors.Is(err, unix.EINTR) {
			break
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.forget()
	p.signal(unix.SIGKILL)
	return p.reap()
}
