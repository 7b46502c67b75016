//go:build linux && (amd64 || arm64) && !portable

package sigstate

import (
	"syscall"
	"unsafe"
)

// RequeueAll has every signal wait for rt_sigtimedwait(2). The Go runtime
// unblocks some signals in each of its threads; a thread that takes one gives it
// back to the process and blocks all signals from then on. The runtime's own
// SIGURG is dropped.
func RequeueAll() { requeue(everySignal) }

func requeue(set uint64) {
	const onStack, restorer, siginfo = 0x08000000, 0x04000000, 4 // SA_ONSTACK, SA_RESTORER, SA_SIGINFO
	handler, back := requeueAddresses()
	action := [4]uintptr{handler, onStack | restorer | siginfo, back, ^uintptr(0)}
	for s := syscall.Signal(1); s <= 64; s++ { // the kernel refuses KILL and STOP
		if set&bit(s) != 0 {
			_, _, _ = syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(s), uintptr(unsafe.Pointer(&action)), 0, 8, 0, 0)
		}
	}
}

// requeueAddresses returns the address of the signal handler and of the code
// that it returns to.
func requeueAddresses() (handler, restorer uintptr)
