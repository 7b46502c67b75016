package inherit

import (
	"os"
	"os/signal"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// HideEnviron overwrites the variables that this process was started with where
// proc_pid_environ(5) shows them, for a process that stays. Its environment is
// as before, but a copy. It is for the program's first moment: strings that were
// taken from the environment before are overwritten too.
func HideEnviron() {
	shown := syscall.Environ()
	copies := make([]string, len(shown))
	for i, entry := range shown {
		copies[i] = strings.Clone(entry)
	}
	os.Clearenv()
	for _, entry := range copies {
		if name, value, ok := strings.Cut(entry, "="); ok {
			_ = os.Setenv(name, value) // an entry without a name cannot be set, and is nobody's
		}
	}
	for _, entry := range shown {
		clear(unsafe.Slice(unsafe.StringData(entry), len(entry)))
	}
}

// IgnoreSignals has this process end by none that is not its own or KILL: those
// that end a job are the handler's, and what it still writes is to be passed on.
func IgnoreSignals() {
	for s := syscall.Signal(1); s <= 64; s++ {
		switch s {
		case unix.SIGKILL, unix.SIGSTOP, unix.SIGCHLD, unix.SIGURG, unix.SIGPROF,
			unix.SIGSEGV, unix.SIGBUS, unix.SIGFPE, unix.SIGILL, unix.SIGTRAP, unix.SIGSYS:
		default:
			signal.Ignore(s)
		}
	}
}
