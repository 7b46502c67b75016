package pid1

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"sync/atomic"
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
	if fd, err := unix.Open("/proc/self/comm", unix.O_WRONLY|unix.O_CLOEXEC, 0); err == nil {
		_, _ = unix.Write(fd, []byte("launcher")) // for ps(1)
		_ = unix.Close(fd)
	}
	_ = unix.Chdir("/") // holds no volume
	_, _ = inherit.BlockAll()
	requeue()
	forget()
}

// keepBlocked has threads that begin from now on, also those of the program that
// this process becomes, keep all signals blocked: the Go runtime unblocks those
// that would end it, and ends by them with a status of its own while it starts. A filter answers
// rt_sigprocmask(2) with success, seccomp(2), and nobody inherits it, as the
// resident starts no process. Where it is refused, requeue is left, which comes
// a moment later.
func keepBlocked() {
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS}, // the system call's number is first
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: unix.SYS_RT_SIGPROCMASK},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == nil {
		_, _, _ = unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	}
}

// forget lets go of the program's pages that were needed to start; the few that
// are needed again are in the system's cache. It says nothing where it cannot.
func forget() {
	// Not by os.File, with which the Go runtime opens descriptors to wait on.
	fd, err := unix.Open("/proc/self/maps", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	maps := make([]byte, 8192) // the program's own are first, proc_pid_maps(5)
	n, _ := unix.Read(fd, maps)
	_ = unix.Close(fd)
	maps = maps[:max(n, 0)]
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

// requeue has a signal given back to the process by any thread that takes it,
// which then has all blocked: the Go runtime unblocks those that would end it in
// all of its threads, whatever they were started with.
func requeue() {
	const onStack, restorer, siginfo = 0x08000000, 0x04000000, 4 // SA_ONSTACK, SA_RESTORER, SA_SIGINFO
	handler, back := addresses()
	if handler == 0 {
		return
	}
	action := [4]uintptr{handler, onStack | restorer | siginfo, back, ^uintptr(0)}
	for signal := uintptr(1); signal <= 64; signal++ { // refused for KILL and STOP
		_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGACTION, signal, uintptr(unsafe.Pointer(&action)), 0, setSize, 0, 0)
	}
}

// requeued counts the threads that the handler has blocked; only it writes.
var requeued uint64

// blockOthers has every other thread pass the handler, which each does once: a
// signal that a thread had taken would be lost with it, as execve(2) ends it.
func blockOthers() {
	for range 1000 {
		var others uint64
		for _, id := range threads() {
			if id != unix.Gettid() && unix.Tgkill(os.Getpid(), id, unix.SIGURG) == nil {
				others++
			}
		}
		if atomic.LoadUint64(&requeued) >= others {
			return
		}
		_ = unix.Nanosleep(&unix.Timespec{Nsec: 20_000}, nil)
	}
}

// threads is the IDs of this process's threads, and of others' where there is no
// /proc of this namespace: the next ones, which for a PID 1 are its own.
func threads() (ids []int) {
	if ownProc() {
		return numbers("/proc/self/task")
	}
	for id := os.Getpid(); id < os.Getpid()+256; id++ {
		ids = append(ids, id)
	}
	return ids
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
