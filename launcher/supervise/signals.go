//go:build linux && (amd64 || arm64) && !portable

package supervise

import (
	"cmp"
	"fmt"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// signalInfo is the kernel's siginfo_t, of sigaction(2).
type signalInfo struct {
	Signal, Errno, Code int32
	sender
}

// sender is the union's first members, aligned as a union with pointers is.
type sender struct {
	_      [0]uintptr
	PID    int32
	UID    uint32
	Status int32
	_      [104]byte
}

// Values of si_code.
const (
	fromKernel = 0x80 // SI_KERNEL
	queued     = -1   // SI_QUEUE
	toThread   = -6   // SI_TKILL
	exited     = 1    // CLD_EXITED
	stopped    = 5    // CLD_STOPPED
)

const setSize = 8 // bytes of a signal set

// wait takes the next signal that was sent to this process, and returns 0 at the
// deadline. Without a deadline it waits until one comes.
func wait(info *signalInfo, deadline time.Time) unix.Signal {
	set := ^uint64(0)
	for {
		var timeout *unix.Timespec
		if !deadline.IsZero() {
			left := unix.NsecToTimespec(max(0, time.Until(deadline)).Nanoseconds())
			timeout = &left
		}
		n, _, errno := unix.Syscall6(unix.SYS_RT_SIGTIMEDWAIT, uintptr(unsafe.Pointer(&set)),
			uintptr(unsafe.Pointer(info)), uintptr(unsafe.Pointer(timeout)), setSize, 0, 0)
		switch errno {
		case 0:
			return unix.Signal(n)
		case unix.EAGAIN:
			return 0
		}
	}
}

// signalName returns a signal's name, or its number if it is a realtime signal.
func signalName(signal unix.Signal) string {
	return cmp.Or(unix.SignalName(signal), fmt.Sprintf("signal %d", signal))
}

// own reports whether this process caused the signal: PIPE by a message that
// nobody reads, or URG, by which the Go runtime interrupts a thread.
func (info *signalInfo) own(signal unix.Signal) bool {
	return int(info.PID) == os.Getpid() && (signal == unix.SIGPIPE || signal == unix.SIGURG && info.Code == toThread)
}

// send sends the signal to a process, with the value that sigqueue(3) gave it.
func (info *signalInfo) send(pid int, signal unix.Signal) {
	if info.Code == queued {
		_, _, errno := unix.RawSyscall(unix.SYS_RT_SIGQUEUEINFO, uintptr(pid), uintptr(signal), uintptr(unsafe.Pointer(info)))
		if errno == 0 {
			return
		}
	}
	_ = unix.Kill(pid, signal)
}

// look returns the next child that has ended or stopped, without reaping it; its
// PID is 0 if there is none. It fails with ECHILD if this process has no child.
func look() (info signalInfo, err error) {
	for {
		_, _, errno := unix.RawSyscall6(unix.SYS_WAITID, unix.P_ALL, 0, uintptr(unsafe.Pointer(&info)),
			unix.WEXITED|unix.WSTOPPED|unix.WNOHANG|unix.WNOWAIT, 0, 0)
		switch errno {
		case 0:
			return info, nil
		case unix.EINTR:
			continue
		}
		return info, errno
	}
}
