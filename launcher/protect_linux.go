package launcher

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Protect makes this process one whose memory nobody else can read: no core
// dump, which would hold every value, and not traceable by processes of the same
// user (prctl(2), PR_SET_DUMPABLE). The limit is soft, so a handler can have core
// dumps again; execve ends the second.
//
// The limit is 1 byte: a file needs a page, and a core_pattern that is a pipe to
// a program, which ignores a limit of 0, is skipped at exactly 1 (coredump_pipe
// in the kernel's fs/coredump.c). If the hard limit is 0, the soft one is too.
func Protect() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err != nil {
		return err
	}
	limit.Cur = min(1, limit.Max)
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &limit); err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
}

// EndsWithParent reports whether the process is to be sent a signal when its
// parent ends (PR_SET_PDEATHSIG). That is a thread's, so execve hands it on
// from the first thread alone: such a program keeps to it.
func EndsWithParent() bool {
	var signal int32
	err := unix.Prctl(unix.PR_GET_PDEATHSIG, uintptr(unsafe.Pointer(&signal)), 0, 0, 0)
	return err == nil && signal != 0
}
