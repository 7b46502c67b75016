package handler

import "syscall"

// duplicate makes to a second descriptor of what from is open on.
func duplicate(from, to int) error { return syscall.Dup3(from, to, 0) }

// unixSocket opens a Unix socket that no child process inherits.
func unixSocket() (int, error) {
	return syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
}

// send writes to a socket. Without MSG_NOSIGNAL, a write to a process that has
// ended could end this one.
func send(fd int, text []byte) error { return syscall.Sendto(fd, text, syscall.MSG_NOSIGNAL, nil) }
