package pid1

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/inherit"
)

// reap waits for each child that has ended or stopped, and reports whether the
// job is done: the handler and all that it left have ended. A child is looked
// at first and then waited for, so that what is done about its end is done while
// its process ID is no other's.
func (r *resident) reap() bool {
	for {
		info, err := look(unix.P_ALL, 0)
		if err != nil { // ECHILD
			return r.phase != running || r.lost()
		}
		pid := int(info.PID)
		if pid == 0 {
			break
		}
		if info.Code == stopped {
			_, _ = unix.Wait4(pid, nil, unix.WNOHANG|unix.WUNTRACED, nil)
			if pid == r.Handler {
				r.handlerStopped(unix.Signal(info.Status))
			}
			continue
		}
		if ended := r.minded[pid]; ended != nil {
			ended(info)
		}
		delete(r.told, pid)
		_, _ = unix.Wait4(pid, nil, unix.WNOHANG, nil)
	}
	switch r.phase {
	case ending:
		r.endRest(unix.SIGTERM)
	case killing:
		r.endRest(unix.SIGKILL)
	}
	r.releaseAttendant()
	return false
}

// lost is that the handler ended and somebody else was told, which cannot be.
func (r *resident) lost() bool {
	r.say("error", "the handler's exit status is lost")
	r.status = 125
	return true
}

// handlerEnded begins the end of what the handler left.
func (r *resident) handlerEnded(info signalInfo) {
	r.status = int(info.Status)
	if info.Code != exited {
		r.status += 128
		name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", r.Handler))
		if string(name) == inherit.ChildName+"\n" {
			r.say("error", fmt.Sprintf("ended by %s while resolving; the handler was not started", unix.SignalName(unix.Signal(info.Status))))
		}
	}
	r.phase, r.deadline = ending, r.graceFromNow()
	r.end(-r.Handler, unix.SIGTERM)
	delete(r.minded, r.Handler)
}

// endRest ends what is left: as PID 1 all others in the namespace, else the
// children, to which orphans come as their parents end. Those that are not
// reaped keep their process IDs, so nobody else is met; where there is no /proc
// to list them, none is.
//
// The attendant has to see the end of what they write. It ignores TERM, and for
// KILL the others are looked up.
func (r *resident) endRest(signal unix.Signal) {
	var rest []int
	switch {
	case os.Getpid() != 1:
		rest = children()
	case r.Attendant > 0 && signal == unix.SIGKILL && ownProc():
		rest = numbers("/proc")
	default:
		rest = []int{-1}
	}
	for _, pid := range rest {
		if pid != r.Attendant && pid != os.Getpid() && (!r.told[pid] || signal == unix.SIGKILL) {
			r.told[pid] = true
			r.end(pid, signal)
		}
	}
}

// end sends a signal that is to end a process or group, stopped or not.
func (r *resident) end(pid int, signal unix.Signal) {
	_ = unix.Kill(pid, signal)
	_ = unix.Kill(pid, unix.SIGCONT)
}

// ownProc reports whether /proc is this process's namespace's: another's has
// other numbers.
func ownProc() bool {
	name, err := os.Readlink("/proc/self")
	return err == nil && name == strconv.Itoa(os.Getpid())
}

// children is the process IDs of this process's children, proc_pid_task(5); none
// where /proc does not say.
func children() (pids []int) {
	if !ownProc() {
		return nil
	}
	for _, thread := range numbers("/proc/self/task") {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/children", thread))
		for field := range strings.FieldsSeq(string(text)) {
			if pid, err := strconv.Atoi(field); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// numbers is the names in a directory that are numbers: of processes, of threads.
func numbers(directory string) (found []int) {
	entries, _ := os.ReadDir(directory)
	for _, entry := range entries {
		if number, err := strconv.Atoi(entry.Name()); err == nil {
			found = append(found, number)
		}
	}
	return found
}
