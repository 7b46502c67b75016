package main

import (
	"fmt"

	urfave "github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/launcher"
	"github.com/seed45446ece/launcher/launcher/companion"
	"github.com/seed45446ece/launcher/launcher/supervise"
)

// handover is what the companion gives the handler's process when it has
// resolved the secrets.
type handover struct {
	Status    int // with which the handler's process ends if the companion has reported an error
	Execution launcher.Execution
	Report    cli.Options
}

// serve is the companion's run: it resolves, starts the handler, and then answers
// on the socket or redacts output until its supervisor ends it.
func (p *program) serve(c *urfave.Context, s settings) error {
	supervise.ReserveThreads(8) // for two streams, the link, and the Go runtime
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.child.Wait()
	}()
	var hidden *masked
	if s.mask {
		hidden = newMasked(nil)
	}
	begun := make(chan handover)
	go func() { begun <- p.begin(c, s, hidden) }()
	select {
	case h := <-begun:
		if err := companion.Send(p.child.Peer, h); err != nil || h.Status != 0 {
			return err
		}
	case <-ended: // the handler will not start
		return nil
	}
	if s.mask {
		companion.Pass(p.child.Output, p.child.Messages, hidden.stream, func(err error) { p.report.Problems(cli.LevelError, err) })
	}
	<-ended
	return nil
}

// begin resolves the task's secrets, and reports what is wrong.
func (p *program) begin(c *urfave.Context, s settings, hidden *masked) handover {
	e, err := p.prepareBeside(c, s, hidden)
	if err != nil {
		return handover{Status: p.end(err)}
	}
	p.report.Detail("exec %s, context by %s", e.Path, s.deliver)
	return handover{Execution: e, Report: p.report.Options}
}

// prepareBeside resolves and returns what the handler starts with. It lets go of
// what this process was started with: a pipe that it held open would not end
// with the handler.
func (p *program) prepareBeside(c *urfave.Context, s settings, hidden *masked) (e launcher.Execution, err error) {
	ctx, cancel := deadline(s.timeout)
	defer cancel()
	r, err := p.load(ctx, c, s)
	if err != nil {
		return e, err
	}
	if s.deliver == launcher.Socket {
		err = p.listen(ctx, s, &r, hidden)
	} else {
		err = p.resolve(ctx, s, &r)
	}
	if err != nil {
		return e, err
	}
	for _, secret := range r.resolution.Secrets {
		hidden.add(secret.Value.Reveal())
	}
	if e, err = r.job(s).Prepare(); err != nil {
		return e, err
	}
	supervise.CloseInherited()
	return e, supervise.Release(0)
}

// awaitCompanion becomes the handler as the companion says.
func (p *program) awaitCompanion() error {
	var h handover
	if err := companion.Receive(p.child.Peer, &h); err != nil {
		return fmt.Errorf("start the handler: %w", err)
	}
	if h.Status != 0 {
		return cli.ExitStatus(h.Status)
	}
	p.report.Options = h.Report
	return h.Execution.Exec(p.signals, func() error { return p.beforeExec(nil) })
}
