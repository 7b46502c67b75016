//go:build !linux && !windows

package exec

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// attributes gives a program a session of its own.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// wait waits until the program has ended, kills what is left of its process group,
// and returns its status. An empty group's number could be another one's by then:
// there is no way to wait for a program and keep it.
func (p *process) wait() syscall.WaitStatus {
	status := p.reap()
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.forget()
	_ = unix.Kill(-p.pid, unix.SIGKILL)
	return status
}
