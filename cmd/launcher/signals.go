package main

import (
	"errors"
	"os"

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
	return p.signals.WatchTermination(p.endBySignal)
}

// watchForPrograms returns a watch that ends the programs of exec sources before
// this process, if the task has some. An earlier watch does so too.
func (p *program) watchForPrograms(watch *sigstate.Watch, r loadedTask) *sigstate.Watch {
	if watch != nil || !r.runsPrograms() {
		return watch
	}
	return p.signals.WatchTermination(p.endBySignal)
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
