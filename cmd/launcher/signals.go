package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/inherit"
)

// standardError writes to descriptor 2 without os.File, whose write to a pipe
// that nobody reads ends the program by SIGPIPE and so changes its status.
type standardError struct{}

func (standardError) Write(text []byte) (int, error) { return unix.Write(2, text) }

// interrupt watches for the signals that end a program, until the handler
// starts.
type interrupt struct {
	signals     chan os.Signal
	stop, ended chan struct{}
}

// watch ends the program with 128 + the signal's number at the first of them;
// the handler is then never started. A signal that the launcher was started to
// ignore (nohup) stays ignored.
//
// It is needed as PID 1 only, for which a signal's default is nothing,
// pid_namespaces(7); any other process is ended by the system, with the same
// status and without the two threads that watching costs. It is nil there.
func (p *program) watch() *interrupt {
	if os.Getpid() != 1 {
		return nil
	}
	i := &interrupt{make(chan os.Signal, 1), make(chan struct{}), make(chan struct{})}
	for _, s := range []os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGABRT} {
		if !signal.Ignored(s) {
			signal.Notify(i.signals, s)
		}
	}
	inherit.LeaveSignals()
	go func() {
		defer close(i.ended)
		select {
		case s := <-i.signals:
			p.interrupted(s)
		case <-i.stop:
			select {
			case s := <-i.signals:
				p.interrupted(s)
			default:
			}
		}
	}()
	return i
}

func (p *program) interrupted(s os.Signal) {
	number, _ := s.(syscall.Signal)
	p.report.line("error", fmt.Sprintf("ended by %s while resolving; the handler was not started", unix.SignalName(number)), "")
	os.Exit(128 + int(number))
}

// end gives the signals back their default after those that came were seen to.
func (i *interrupt) end() {
	if i == nil {
		return
	}
	signal.Stop(i.signals)
	close(i.stop)
	<-i.ended
}
