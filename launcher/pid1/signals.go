package pid1

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/inherit"
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
	exited     = 1    // CLD_EXITED
	stopped    = 5    // CLD_STOPPED
)

const (
	everything = ^uint64(0)
	setSize    = 8 // bytes of a signal set
)

// settle makes this a process in which nothing happens by itself: no collection
// of garbage, of which next to none is made, and no thread but one that takes
// signals.
func settle() {
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(8 << 20) // and yet not without end
	_ = os.WriteFile("/proc/self/comm", []byte("launcher"), 0)
	_ = unix.Chdir("/") // holds no volume
	_, _ = inherit.BlockAll()
	requeue()
	forget()
}

// forget lets go of the program's pages that were needed to start; the few that
// are needed again are in the system's cache. It says nothing where it cannot.
func forget() {
	maps, _ := os.ReadFile("/proc/self/maps") // proc_pid_maps(5)
	for line := range strings.Lines(string(maps)) {
		var from, to uintptr
		var mode, offset, device string
		var file int
		n, _ := fmt.Sscanf(line, "%x-%x %s %s %s %d", &from, &to, &mode, &offset, &device, &file)
		if n == 6 && file != 0 && mode[1] == '-' {
			_, _, _ = unix.RawSyscall(unix.SYS_MADVISE, from, to-from, unix.MADV_DONTNEED)
		}
	}
}

// requeue has a signal given back to the process by any thread that takes it
// all the same: the Go runtime unblocks those in its threads that faults cause,
// CHLD and 32 to 34, whatever they were started with.
func requeue() {
	const onStack, restorer = 0x08000000, 0x04000000 // SA_ONSTACK, SA_RESTORER
	handler, back := addresses()
	if handler == 0 {
		return
	}
	action := [4]uintptr{handler, onStack | restorer, back, ^uintptr(0)}
	for signal := uintptr(1); signal <= 64; signal++ { // refused for KILL and STOP
		_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGACTION, signal, uintptr(unsafe.Pointer(&action)), 0, setSize, 0, 0)
	}
}

// wait takes the next signal that was sent to this process, 0 at the deadline.
// Without a deadline it waits for ever and nothing wakes it.
func wait(info *signalInfo, deadline time.Time) unix.Signal {
	set := everything
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

// send sends a process the signal, with the value that sigqueue(3) gave it.
func (info *signalInfo) send(pid int, signal unix.Signal) {
	if info.Code == queued {
		_, _, errno := unix.RawSyscall(unix.SYS_RT_SIGQUEUEINFO, uintptr(pid), uintptr(signal), uintptr(unsafe.Pointer(info)))
		if errno == 0 {
			return
		}
	}
	_ = unix.Kill(pid, signal)
}

// look is the next child that has ended or stopped, and leaves it to be waited
// for; its PID is 0 for none. It fails with ECHILD where there is no child.
func look(kind, id int) (info signalInfo, err error) {
	for {
		_, _, errno := unix.RawSyscall6(unix.SYS_WAITID, uintptr(kind), uintptr(id), uintptr(unsafe.Pointer(&info)),
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
