//go:build linux && (amd64 || arm64) && !portable

package supervise

import (
	"os"

	"golang.org/x/sys/unix"
)

// reap waits for each child that has ended or stopped, and reports whether the
// job is done: the handler and everything that it left behind have ended. It
// waits for a child only after it has acted on its end, so that the process ID
// still is that child's.
func (s *supervisor) reap() bool {
	for {
		info, err := look()
		if err != nil { // ECHILD
			return s.phase != running || s.lost()
		}
		pid := int(info.PID)
		if pid == 0 {
			break
		}
		if info.Code == stopped {
			_, _ = unix.Wait4(pid, nil, unix.WNOHANG|unix.WUNTRACED, nil)
			if pid == s.handler {
				s.handlerStopped(unix.Signal(info.Status))
			}
			continue
		}
		if ended := s.onExit[pid]; ended != nil {
			ended(info)
		}
		delete(s.signaled, pid)
		_, _ = unix.Wait4(pid, nil, unix.WNOHANG, nil)
	}
	switch s.phase {
	case ending:
		s.endRest(unix.SIGTERM)
	case killing:
		s.endRest(unix.SIGKILL)
	case draining:
		if s.companion == 0 { // what is left was the companion's: children of programs that it ran
			s.endRest(unix.SIGKILL)
		}
	}
	s.releaseCompanion()
	return false
}

// lost handles what should not happen: the handler ended, and not here.
func (s *supervisor) lost() bool {
	s.Report("error", "the handler's exit status is lost")
	s.status = statusRefused
	return true
}

// handlerEnded keeps the status and begins to end what the handler left behind.
func (s *supervisor) handlerEnded(info signalInfo) {
	s.status = int(info.Status)
	if info.Code != exited {
		s.status += 128
		if !s.handlerStarted() {
			s.Report("error", "ended by "+signalName(unix.Signal(info.Status))+" while resolving; the handler was not started")
		}
	}
	s.phase, s.deadline = ending, s.afterGrace()
	if !isInit() { // PID 1 signals every process at once, and each only once
		s.end(-s.handler, unix.SIGTERM)
	}
	delete(s.onExit, s.handler)
}

// handlerStarted reports whether the child said that it becomes the handler now.
func (s *supervisor) handlerStarted() bool {
	var b [1]byte
	n, _, err := unix.Recvfrom(s.handlerLink, b[:], unix.MSG_DONTWAIT)
	return err == nil && n == 1
}

// endRest signals what is left: as PID 1 every other process in the namespace,
// else the children, which include the orphans. Those that are not reaped keep
// their process IDs, so no other process is hit. Without /proc it signals none.
//
// The companion must see the end of their output. It ignores TERM, and KILL goes
// to the others one by one.
func (s *supervisor) endRest(signal unix.Signal) {
	var rest []int
	switch {
	case !isInit():
		rest = children()
	case s.companion > 0 && signal == unix.SIGKILL && ownProc():
		rest = numbers("/proc")
	default:
		rest = []int{-1}
	}
	for _, pid := range rest {
		group, _ := unix.Getpgid(pid)
		told := s.signaled[pid] || group == s.handler && !isInit()
		if pid != s.companion && pid != os.Getpid() && (!told || signal == unix.SIGKILL) {
			s.signaled[pid] = true
			s.end(pid, signal)
		}
	}
}

// end signals a process or group, and continues it if it was stopped.
func (s *supervisor) end(pid int, signal unix.Signal) {
	_ = unix.Kill(pid, signal)
	_ = unix.Kill(pid, unix.SIGCONT)
}
