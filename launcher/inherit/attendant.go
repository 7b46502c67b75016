package inherit

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// HideEnviron overwrites the variables that this process was started with where
// proc_pid_environ(5) shows them, for a process that stays. Its environment is
// as before: the Go runtime has copied it. The kernel puts the variables between
// the last argument and the program's path, on the initial stack.
func HideEnviron() {
	vector, err := unix.Auxv()
	if err != nil || len(os.Args) == 0 {
		return
	}
	last := os.Args[len(os.Args)-1]
	start := uintptr(unsafe.Pointer(unsafe.StringData(last))) + uintptr(len(last)) + 1
	for _, entry := range vector {
		const execFilename, most = 31, 8 << 20 // AT_EXECFN of getauxval(3); execve(2) takes 6 MiB
		if entry[0] == execFilename && entry[1] > start && entry[1]-start < most {
			clear(unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(unsafe.StringData(last)), len(last)+1)), entry[1]-start))
		}
	}
}

// IgnoreSignals has this process end by none that is not its own or KILL: those
// that end a job are the handler's, and what it still writes is to be passed on.
// Package os/signal does not know all of them.
func IgnoreSignals() error {
	for s := unix.Signal(1); s <= 64; s++ {
		switch s {
		case unix.SIGKILL, unix.SIGSTOP, unix.SIGCHLD, unix.SIGURG, unix.SIGPROF,
			unix.SIGSEGV, unix.SIGBUS, unix.SIGFPE, unix.SIGILL, unix.SIGTRAP, unix.SIGSYS:
		default:
			if err := action(s, 1); err != nil {
				return err
			}
		}
	}
	return nil
}
