//go:build !windows

package main

import "golang.org/x/sys/unix"

// runsLauncher reports whether there is a launcher for this system.
const runsLauncher = true

// execve replaces this program with another.
func execve(program string, args, environ []string) error {
	return unix.Exec(program, args, environ)
}

// isExecutable reports whether this user can execute a file.
func isExecutable(path string) bool { return unix.Access(path, unix.X_OK) == nil }

// inherit returns a copy of a descriptor, not below lowest, for a program that
// replaces this one.
func inherit(fd, lowest int) (int, error) {
	return unix.FcntlInt(uintptr(fd), unix.F_DUPFD, lowest)
}
