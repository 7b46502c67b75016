// Package inherit hands on what this process was started with to the program
// that it becomes or starts: the signal mask and the ignored signals, which the
// Go runtime changes, and no descriptor too many.
//
// It owns the program's entry point, where they are seen last as they were, and
// the variable by which one launcher tells them to the next. It knows nobody.
package inherit

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// record is what launcher_entry saw: whether it ran, the mask, the ignored
// signals, and room for the kernel's answers. Nothing else writes to it. In a
// program that was linked without that entry it stays zero.
var record [8]uint64

// Variable tells a launcher that another one is its parent, what that one was
// started with, and what the child is to be:
// PID:MASK:IGNORED:PART:DIRECTORY, the sets in hexadecimal. It is void for a
// process with another parent, so that it may be inherited by accident, and as
// a setting of the launcher it reaches no handler.
const Variable = "LAUNCHER_STARTED_BY"

// Part is what a child of a launcher is to be.
type Part string

// The parts.
const (
	Handler   Part = "handler"
	Attendant Part = "attendant" // answers for secrets or masks them while the handler runs
)

// Start is what a process was started with; bit n-1 stands for signal n, as in
// the kernel's sets.
type Start struct {
	Mask, Ignored uint64
	Part          Part   // of a child of a launcher, which stays as its parent; else ""
	Directory     string // in memory, for the handler; "" where it needs none
	known         bool
}

// Now is how this process was started.
func Now() Start {
	if s, ok := told(os.Getenv(Variable)); ok {
		return s
	}
	return Start{Mask: record[1], Ignored: record[2], known: record[0] != 0}
}

func told(text string) (Start, bool) {
	words := strings.SplitN(text, ":", 5)
	by, err := strconv.Atoi(words[0])
	if err != nil || by != os.Getppid() || len(words) < 5 {
		return Start{}, false
	}
	s := Start{Part: Part(words[3]), Directory: words[4], known: true}
	var wrong [2]error
	s.Mask, wrong[0] = strconv.ParseUint(words[1], 16, 64)
	s.Ignored, wrong[1] = strconv.ParseUint(words[2], 16, 64)
	return s, errors.Join(wrong[:]...) == nil && (s.Part == Handler || s.Part == Attendant)
}

// Tell is environ with the variable for a child of this process, which is to be
// the part.
func (s Start) Tell(environ []string, part Part, directory string) []string {
	var out []string
	for _, entry := range environ {
		if !strings.HasPrefix(entry, Variable+"=") {
			out = append(out, entry)
		}
	}
	return append(out, fmt.Sprintf("%s=%d:%x:%x:%s:%s", Variable, os.Getpid(), s.Mask, s.Ignored, part, directory))
}

// ChildName is the name of a launcher that is to be the handler, until execve(2)
// gives it the handler's: by it the parent knows, once the child has ended, that
// there was no handler.
const ChildName = "launcher: start"

// AttendantName is the name of an attendant.
const AttendantName = "launcher: serve"

// Unblock gives a launcher that is a child its mask, so that a signal ends it:
// its parent has all blocked. It is for the program's init, on the first
// thread, as the Go runtime starts all others with the mask that it found.
func Unblock() error {
	s, called := Now(), ChildName
	switch s.Part {
	case "":
		return nil
	case Attendant:
		called = AttendantName
	}
	name, _ := unix.BytePtrFromString(called)
	return errors.Join(unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(name)), 0, 0, 0), setMask(s.Mask))
}

// Block blocks all signals on this thread; the others are as they were. The
// mask that was is in the Start, where nothing better is known.
func (s *Start) Block() error {
	old, err := BlockAll()
	if err == nil && !s.known {
		s.Mask, s.known = old, true
	}
	return err
}

// BlockAll blocks all signals on this thread and answers with the mask that was.
func BlockAll() (uint64, error) {
	var all, old unix.Sigset_t
	all.Val[0] = ^all.Val[0]
	err := unix.PthreadSigmask(unix.SIG_SETMASK, &all, &old)
	return uint64(old.Val[0]), err
}

func setMask(mask uint64) error {
	var set unix.Sigset_t
	set.Val[0] = mask
	return unix.PthreadSigmask(unix.SIG_SETMASK, &set, nil)
}

// ending is the signals that end a launcher, PID 1 from its first instruction on,
// as in launcher_entry, and replaced is the Go runtime's handlers of them.
const ending = 1<<(unix.SIGHUP-1) | 1<<(unix.SIGINT-1) | 1<<(unix.SIGQUIT-1) | 1<<(unix.SIGABRT-1) | 1<<(unix.SIGTERM-1)

var replaced [64][4]uint64

// EndBySignals has signals end the program at once and without a word, as the
// kernel's default does, also where the Go runtime would print its stacks. The
// runtime itself comes to that by way of several steps, and ends with 2 where
// another thread takes the signal from it between them. A PID 1 has no such
// default, and ends with 128+n. It is for the program's init, once.
func EndBySignals() error {
	if os.Getpid() != 1 {
		var wrong []error
		for signal := unix.Signal(1); signal <= unix.SIGTERM; signal++ {
			if ending>>(signal-1)&1 == 1 && !ignored(signal) {
				wrong = append(wrong, Default(signal))
			}
		}
		return errors.Join(wrong...)
	}
	if endAddress() == 0 {
		return nil
	}
	const onStack, restorer = 0x08000000, 0x04000000 // SA_ONSTACK, SA_RESTORER
	end := uint64(endAddress())
	action := [4]uint64{end, onStack | restorer, end, 0}
	for n := range replaced {
		if signal := unix.Signal(n + 1); ending>>n&1 == 1 && !ignored(signal) {
			_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(signal), uintptr(unsafe.Pointer(&action)),
				uintptr(unsafe.Pointer(&replaced[n])), 8, 0, 0)
		}
	}
	return nil
}

// LeaveSignals gives the signals of EndBySignals back to the Go runtime.
func LeaveSignals() {
	for n := range replaced {
		if replaced[n][0] > 1 {
			_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(n+1), uintptr(unsafe.Pointer(&replaced[n])), 0, 8, 0, 0)
		}
	}
}

// HandOn makes the mask and the ignored signals those that this process was
// started with, for the program that it is about to become, and keeps the
// goroutine to its thread, whose mask execve(2) hands on. All other signals are
// at their default from then on, not the Go runtime's: one that a thread of the
// runtime was about to end the program by would be lost with the thread. A
// program without the entry point does not know what it was started with, and
// leaves the mask and what is ignored.
func HandOn() error {
	s := Now()
	runtime.LockOSThread()
	for signal := unix.Signal(1); signal <= 64; signal++ {
		var err error
		switch {
		case signal == unix.SIGKILL, signal == unix.SIGSTOP:
		case s.Ignored>>(signal-1)&1 == 1:
			err = action(signal, 1)
		case s.known || !ignored(signal):
			err = Default(signal)
		}
		if err != nil {
			return err
		}
	}
	if !s.known {
		return nil
	}
	return setMask(s.Mask)
}

func ignored(s unix.Signal) bool {
	var now [4]uint64
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(s), 0, uintptr(unsafe.Pointer(&now)), 8, 0, 0)
	return errno == 0 && now[0] == 1
}

// Default takes a signal from the Go runtime and gives it its default.
func Default(s unix.Signal) error { return action(s, 0) }

// action sets SIG_DFL, 0, or SIG_IGN, 1, without flags.
func action(s unix.Signal, handler uint64) error {
	// The handler is first in the kernel_sigaction of amd64 and arm64, and all
	// zero is SIG_DFL in every one; 8 is the size of its mask, rt_sigaction(2).
	action := [4]uint64{handler}
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(s), uintptr(unsafe.Pointer(&action)), 0, 8, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// CloseOnExec marks every descriptor from first on, whoever opened it
// (CVE-2024-21626). Kernels before 5.11 are asked for one after the other.
func CloseOnExec(first int) error {
	if unix.CloseRange(uint(first), ^uint(0)>>33, unix.CLOSE_RANGE_CLOEXEC) == nil {
		return nil
	}
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return fmt.Errorf("list the open descriptors: %w", err)
	}
	for _, entry := range open {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd >= first {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}
