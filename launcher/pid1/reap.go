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
func (r *resident) endRest(signal unix.Signal) {
	if os.Getpid() == 1 {
		if !r.told[-1] || signal == unix.SIGKILL {
			r.told[-1] = true
			r.end(-1, signal)
		}
		return
	}
	for _, pid := range children() {
		if !r.told[pid] || signal == unix.SIGKILL {
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

// children is the process IDs of this process's children, proc_pid_task(5).
func children() (pids []int) {
	threads, _ := os.ReadDir("/proc/self/task")
	for _, thread := range threads {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/self/task/%s/children", thread.Name()))
		for field := range strings.FieldsSeq(string(text)) {
			if pid, err := strconv.Atoi(field); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}
