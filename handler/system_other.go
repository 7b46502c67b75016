//go:build !linux

package handler

import "syscall"

// duplicate makes to a second descriptor of what from is open on.
func duplicate(from, to int) error { return syscall.Dup2(from, to) }

// unixSocket opens a Unix socket that no child process inherits.
func unixSocket() (int, error) {
	syscall.ForkLock.RLock() // no child starts before the socket is close-on-exec
	defer syscall.ForkLock.RUnlock()
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	return fd, err
}

// send writes to a socket. The Go runtime catches the SIGPIPE of a write to a
// process that has ended.
func send(fd int, text []byte) error {
	for len(text) > 0 {
		n, err := syscall.Write(fd, text)
		switch {
		case err == nil:
			text = text[n:]
		case err != syscall.EINTR:
			return err
		}
	}
	return nil
}
