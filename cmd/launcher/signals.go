package main

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/launcher"
	"github.com/seed45446ece/launcher/launcher/sigstate"
	"github.com/seed45446ece/launcher/launcher/supervise"
)

// watchSignals ends PID 1 with 128+n at the first of those signals. It returns nil
// in any other process.
func (p *program) watchSignals() *sigstate.Watch {
	if os.Getpid() != 1 {
		return nil
	}
	return p.signals.WatchTermination(func(s unix.Signal) {
		p.report.Message(cli.LevelError, fmt.Sprintf("ended by %s while resolving; the handler was not started", unix.SignalName(s)), "")
		os.Exit(128 + int(s))
	})
}

// exec becomes the handler.
func (p *program) exec(e launcher.Execution, watch *sigstate.Watch) error {
	start := launcher.Start{Signals: p.signals, Descriptor: p.descriptor, Before: func() error { return p.beforeExec(watch) }}
	if p.child != nil {
		start.Parent = os.Getppid()
	}
	return e.Exec(start)
}

// beforeExec runs just before this process becomes the handler.
func (p *program) beforeExec(watch *sigstate.Watch) error {
	var err error
	if watch != nil {
		watch.Stop()
	}
	if p.child != nil {
		err = p.child.BeforeExec()
	}
	if errors.Is(err, supervise.ErrParentEnded) {
		return cli.ExitStatus(cli.StatusRefused) // nobody is left to read a message
	}
	return err
}
