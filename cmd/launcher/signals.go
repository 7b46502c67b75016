package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// ignoreBrokenPipes turns a write to a closed pipe into an error, so that a
// reader of standard error that went away does not change the exit status. It
// ends with execve, which leaves a caught signal at its default.
func ignoreBrokenPipes() {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
}

// interrupt watches for the signals that end a program, until the handler
// starts.
type interrupt struct {
	signals     chan os.Signal
	stop, ended chan struct{}
}

// watch ends the program with 128 + the signal's number at the first of them;
// the handler is then never started. A signal that the launcher was started to
// ignore (nohup) stays ignored.
func (p *program) watch() *interrupt {
	i := &interrupt{make(chan os.Signal, 1), make(chan struct{}), make(chan struct{})}
	for _, s := range []os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT} {
		if !signal.Ignored(s) {
			signal.Notify(i.signals, s)
		}
	}
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

// end gives the signals back their default, under which one that comes before
// execve ends the program too, after those that came were seen to.
func (i *interrupt) end() error {
	signal.Stop(i.signals)
	close(i.stop)
	<-i.ended
	return nil
}
