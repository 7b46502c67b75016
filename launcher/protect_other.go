//go:build !linux

package launcher

import "golang.org/x/sys/unix"

// Protect keeps this process from leaving a core dump, which would hold every
// value. The limit is soft, so a handler can have core dumps again. Other processes
// of the same user may trace this one if the system lets them.
func Protect() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err != nil {
		return err
	}
	limit.Cur = 0
	return unix.Setrlimit(unix.RLIMIT_CORE, &limit)
}

// EndsWithParent reports whether the process is to be sent a signal when its
// parent ends, which only Linux has.
func EndsWithParent() bool { return false }
