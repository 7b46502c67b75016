//go:build linux && (amd64 || arm64) && !portable

// Package sigstate knows the signal mask and the ignored signals that this
// process was started with, and restores them for the program that it becomes.
//
// It owns the program's entry point, which records them before the Go runtime
// changes them and blocks all signals, so that none is lost or handled by the
// runtime while the process starts. It imports next to nothing: its init runs
// soon after the runtime's. Data flows entry point -> State -> Restore.
package sigstate

import (
	"errors"
	"runtime"
	"syscall"
	"unsafe"
)

// record is written by launcher_entry: whether it ran, the mask, the ignored
// signals, and space for the kernel's answers. It stays zero in a program that
// was linked without that entry point.
var record [8]uint64

// everySignal is a signal set for launcher_entry.
var everySignal = ^uint64(0)

// State is what a process was started with. Bit n-1 stands for signal n, as in
// the kernel's sets.
type State struct{ Mask, Ignored uint64 }

var inherited = read()

// init has signals wait until main says what they do, as early as it can: the Go
// runtime would end by some of them, with a status and a text of its own. It does
// nothing in a program that was linked without launcher_entry, such as a test.
func init() {
	if record[0] != 0 && BlockAll() == nil {
		requeue(everySignal &^ faults &^ bit(syscall.SIGURG) &^ bit(syscall.SIGCHLD))
	}
}

// faults are signals by which the Go runtime notices an error of the process.
const faults = 1<<(syscall.SIGILL-1) | 1<<(syscall.SIGTRAP-1) | 1<<(syscall.SIGBUS-1) | 1<<(syscall.SIGFPE-1) |
	1<<(syscall.SIGSEGV-1) | 1<<(syscall.SIGSYS-1) | 1<<(syscall.SIGPROF-1)

// read runs before main, on the first thread. A program that was linked without
// launcher_entry still finds the mask there, and of the ignored signals HUP and
// INT: the Go runtime has replaced the others.
func read() State {
	if record[0] != 0 {
		return State{record[1], record[2]}
	}
	var s State
	for signal := syscall.Signal(1); signal <= 64; signal++ {
		if ignored(signal) {
			s.Ignored |= bit(signal)
		}
	}
	_, _, _ = syscall.RawSyscall6(syscall.SYS_RT_SIGPROCMASK, 0, 0, uintptr(unsafe.Pointer(&s.Mask)), 8, 0, 0)
	return s
}

// Inherited returns the state that this process was started with.
func Inherited() State { return inherited }

// terminating lists the signals that end a process while it resolves.
var terminating = [...]syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGABRT, syscall.SIGTERM}

// AcceptTermination lets the kernel end this process by HUP, INT, QUIT, ABRT and
// TERM, silently and with the usual status, and lets a terminal stop it. All
// other signals stay pending until Restore. A signal that s ignores or blocks
// stays so. Call it on the first thread; PID 1 has no such default actions and
// calls WatchTermination.
func (s State) AcceptTermination() error {
	mask := everySignal
	var errs []error
	for _, signal := range terminating {
		if s.Ignored&bit(signal) == 0 {
			errs = append(errs, setAction(signal, defaultAction))
		}
		mask &^= bit(signal)
	}
	for _, signal := range []syscall.Signal{syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU, syscall.SIGCONT} {
		mask &^= bit(signal)
	}
	return errors.Join(append(errs, setMask(mask|s.Mask))...)
}

// BlockAll blocks all signals on the calling thread.
func BlockAll() error { return setMask(everySignal) }

// Restore sets the mask and the ignored signals to s for the program that this
// process is about to become, and all other signals to their default. It locks
// the goroutine to its thread, as execve(2) passes on the mask of that thread.
// A pending signal takes effect now.
func (s State) Restore() error {
	runtime.LockOSThread()
	for signal := syscall.Signal(1); signal <= 64; signal++ {
		var err error
		switch {
		case signal == syscall.SIGKILL, signal == syscall.SIGSTOP:
		case s.Ignored&bit(signal) != 0:
			err = setAction(signal, ignore)
		default:
			err = setAction(signal, defaultAction)
		}
		if err != nil {
			return err
		}
	}
	return setMask(s.Mask)
}

// EndBy ends this process by the default action of a signal that was taken by a
// watch. It does not return.
func EndBy(signal syscall.Signal) {
	runtime.LockOSThread()
	_ = setAction(signal, defaultAction)
	_ = syscall.Kill(syscall.Getpid(), signal)
	_ = setMask(everySignal &^ bit(signal))
	select {}
}

// IgnoreAll ignores every signal that does not report an error of the process
// itself. The companion calls it: signals that end a job are for the handler.
func IgnoreAll() error {
	const keep = faults | 1<<(syscall.SIGKILL-1) | 1<<(syscall.SIGSTOP-1) | 1<<(syscall.SIGCHLD-1) | 1<<(syscall.SIGURG-1)
	for s := syscall.Signal(1); s <= 64; s++ {
		if bit(s)&keep == 0 {
			if err := setAction(s, ignore); err != nil {
				return err
			}
		}
	}
	return nil
}

func bit(s syscall.Signal) uint64 { return 1 << (s - 1) }

func setMask(mask uint64) error {
	const setMask = 2 // SIG_SETMASK
	_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGPROCMASK, setMask, uintptr(unsafe.Pointer(&mask)), 0, 8, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

func ignored(s syscall.Signal) bool {
	var now [4]uint64
	_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(s), 0, uintptr(unsafe.Pointer(&now)), 8, 0, 0)
	return errno == 0 && now[0] == ignore
}

// The actions SIG_DFL and SIG_IGN.
const (
	defaultAction = 0
	ignore        = 1
)

func setAction(s syscall.Signal, handler uint64) error {
	// The handler is the first member of kernel_sigaction on amd64 and arm64;
	// 8 is the size of its mask, rt_sigaction(2).
	action := [4]uint64{handler}
	_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(s), uintptr(unsafe.Pointer(&action)), 0, 8, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
