//go:build !windows

package file

import "golang.org/x/sys/unix"

// duplicate returns a copy of a descriptor that no started program inherits.
func duplicate(fd int) (int, error) { return unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3) }
