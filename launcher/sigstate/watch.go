//go:build linux && (amd64 || arm64) && !portable

package sigstate

import (
	"runtime"
	"sync/atomic"
	"syscall"
	"unsafe"
)

// Watch reports the first HUP, INT, QUIT, ABRT or TERM that PID 1 gets while it
// resolves.
type Watch struct {
	thread  int
	stopped atomic.Bool
	ended   chan struct{}
}

// WatchTermination calls report, on a thread of its own, with the first signal
// that should end this process. Ignored signals stay ignored.
func (s State) WatchTermination(report func(syscall.Signal)) *Watch {
	set := bit(syscall.SIGURG)
	for _, signal := range terminating {
		set |= bit(signal) &^ s.Ignored
	}
	w := &Watch{ended: make(chan struct{})}
	requeue(set)
	started := make(chan struct{})
	go func() {
		defer close(w.ended)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		_ = BlockAll() // so that Stop's signal waits for waitFor
		w.thread = syscall.Gettid()
		close(started)
		for {
			signal := waitFor(set, !w.stopped.Load())
			switch {
			case signal > 0 && signal != syscall.SIGURG:
				report(signal)
			case signal <= 0 && w.stopped.Load():
				return
			}
		}
	}()
	<-started
	return w
}

// Stop ends the watch: a signal that came before is reported, one that comes
// later stays pending.
func (w *Watch) Stop() {
	w.stopped.Store(true)
	_, _, _ = syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(syscall.Getpid()), uintptr(w.thread), uintptr(syscall.SIGURG))
	<-w.ended
}

// waitFor takes the next signal of the set, and returns a value below 1 if there
// is none and it should not wait, or if it was interrupted.
func waitFor(set uint64, wait bool) syscall.Signal {
	var now syscall.Timespec
	timeout := &now
	if wait {
		timeout = nil
	}
	n, _, errno := syscall.Syscall6(syscall.SYS_RT_SIGTIMEDWAIT, uintptr(unsafe.Pointer(&set)), 0, uintptr(unsafe.Pointer(timeout)), 8, 0, 0)
	if errno != 0 {
		return 0
	}
	return syscall.Signal(n)
}
