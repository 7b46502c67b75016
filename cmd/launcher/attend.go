package main

import (
	"fmt"

	"github.com/seed45446ece/launcher/launcher"
	"github.com/seed45446ece/launcher/launcher/attendant"
	"github.com/seed45446ece/launcher/launcher/inherit"
)

// attended reports whether the handler needs a process beside it.
func (s settings) attended() bool { return s.mask || s.deliver == launcher.Socket }

// attend is the whole run of that process: it serves until its parent tells it
// to end.
func (p *program) attend(s settings) error {
	if err := inherit.IgnoreSignals(); err != nil {
		return err
	}
	if s.deliver == launcher.Socket {
		return p.serve(s)
	}
	message, _, err := attendant.Listen()
	if err != nil {
		return err
	}
	masked := newMasked(message.Values)
	if err := attendant.Answer(0); err != nil {
		return err
	}
	attendant.Pass(masked.stream, p.sayLost)
	attendant.Life()
	return nil
}

// sayLost is for output that could not be passed on: the status is the handler's
// all the same.
func (p *program) sayLost(err error) { p.report.problems("error", err) }

// tell gives the attendant what it needs, and ends this process where that could
// not begin to serve.
func (p *program) tell(m attendant.Message) error {
	status, err := attendant.Tell(m)
	if err != nil {
		return fmt.Errorf("%w; the handler was not started", err)
	}
	if status != 0 {
		return exitStatus(status)
	}
	return nil
}
