//go:build linux && (amd64 || arm64) && !portable

package main

import (
	"context"
	"fmt"

	urfave "github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/launcher"
	"github.com/seed45446ece/launcher/launcher/companion"
	"github.com/seed45446ece/launcher/launcher/supervise"
)

// handover carries what the companion prepared to the handler's process.
type handover struct {
	Status    int // with which the handler's process ends if the companion has reported an error
	Execution launcher.Execution
	Report    cli.Options
}

// runCompanion resolves, lets the handler start, and then answers on the socket or
// redacts output until the supervisor ends it.
func (p *program) runCompanion(c *urfave.Context, s settings) error {
	supervise.ReserveThreads(8) // for two streams, the link, and the Go runtime
	p.programs = p.newPrograms(s)
	defer func() {
		p.ending.Lock() // what the programs' end leads to is not reported
		p.programs.End()
	}()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.child.Wait()
	}()
	var redactor *redactor
	if s.mask {
		redactor = newRedactor()
	}
	ready := make(chan handover)
	go func() { ready <- p.prepareHandover(c, s, redactor) }()
	select {
	case h := <-ready:
		if err := companion.Send(p.child.Peer, h); err != nil || h.Status != 0 {
			return err
		}
	case <-ended: // the handler will not start
		return nil
	}
	if s.mask {
		companion.Pass(p.child.Output, p.child.Messages, redactor.stream, func(err error) { p.report.Problems(cli.LevelError, err) })
	}
	<-ended
	return nil
}

// prepareHandover resolves the task's secrets, and reports what is wrong.
func (p *program) prepareHandover(c *urfave.Context, s settings, redactor *redactor) handover {
	e, err := p.prepareExecution(c, s, redactor)
	if err != nil {
		return handover{Status: p.end(err)}
	}
	p.report.Detail("exec %s, context by %s", e.Path, s.deliver)
	return handover{Execution: e, Report: p.report.Options}
}

// prepareExecution resolves and returns what the handler starts with. It closes the
// descriptors that this process inherited: a pipe that it held open would not end
// with the handler.
func (p *program) prepareExecution(c *urfave.Context, s settings, redactor *redactor) (e launcher.Execution, err error) {
	ctx, cancel := cli.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	r, err := p.loadTask(ctx, c, s)
	if err != nil {
		return e, err
	}
	if s.deliver == launcher.Socket {
		err = p.serveSocket(ctx, s, &r, redactor)
	} else {
		err = p.resolve(ctx, s, &r)
	}
	if err != nil {
		return e, err
	}
	for _, secret := range r.resolution.Secrets {
		redactor.add(secret.Value.Reveal())
	}
	if e, err = r.job(s).Prepare(); err != nil {
		return e, err
	}
	supervise.CloseInherited()
	return e, supervise.Release(0)
}

// awaitCompanion becomes the handler that the companion prepared.
func (p *program) awaitCompanion() error {
	var h handover
	if err := companion.Receive(p.child.Peer, &h); err != nil {
		return fmt.Errorf("start the handler: %w", err)
	}
	if h.Status != 0 {
		return cli.ExitStatus(h.Status)
	}
	p.report.Options = h.Report
	return p.exec(h.Execution, nil)
}
