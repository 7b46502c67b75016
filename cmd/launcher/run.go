package main

import (
	"context"

	urfave "github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/launcher"
	"github.com/seed45446ece/launcher/launcher/task"
)

// runHandler resolves the task's secrets and becomes the handler, or stays as the
// parent of a process that does.
func (p *program) runHandler(c *urfave.Context) error {
	s, err := p.readSettings(c)
	if err != nil {
		return err
	}
	if stays, err := p.stay(c, s); stays {
		return err
	}
	p.programs = p.newPrograms(s)
	watch := p.watchSignals()
	ctx, cancel := cli.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	r, err := p.loadTask(ctx, c, s)
	if err != nil {
		return err
	}
	watch = p.watchForPrograms(watch, r)
	if err := p.resolve(ctx, s, &r); err != nil {
		return err
	}
	e, err := r.job(s).Prepare()
	if err != nil {
		return err
	}
	p.report.Detail("exec %s, context by %s", e.Path, s.deliver)
	return p.exec(e, watch)
}

// loadTask reads the task and looks the command up, before any secret is resolved.
func (p *program) loadTask(ctx context.Context, c *urfave.Context, s settings) (loadedTask, error) {
	r, err := p.readTask(ctx, s)
	p.report.Warn(r.warning)
	if err == nil {
		err = s.user.Check(r.credentialFiles(p.environ, s.azureCredentials))
	}
	if err == nil {
		r.command, err = p.findCommand(c, &r.task)
	}
	if err == nil && p.child != nil {
		r.directory, err = launcher.FindDirectory(p.child.Directory)
	}
	return r, err
}

// job returns the handler with everything that it is given.
func (r loadedTask) job(s settings) launcher.Job {
	return launcher.Job{
		Command: r.command,
		Context: launcher.Context{Task: r.task, Secrets: r.resolution.Secrets},
		Deliver: s.deliver, Directory: r.directory, Options: s.env,
		Environ: r.environ, Pristine: s.pristine, Withhold: append(r.variables, r.command.Needless...),
		Close: r.descriptors, User: s.user,
	}
}

// findCommand finds the command, or the one that calls the function of --handler.
func (p *program) findCommand(c *urfave.Context, t *task.Task) (launcher.Command, error) {
	handler := c.String("handler")
	switch {
	case handler != "" && c.Args().Present():
		return launcher.Command{}, flagError("give a command or --handler, not both")
	case handler != "":
		return launcher.FindHandler(p.environ, handler, t.Handler(), p.report.Quiet)
	case c.Args().Present():
		return launcher.Find(p.environ["PATH"], c.Args().Slice())
	case p.environ[task.ExecCode] != "": // a pod of MLRun's
		return launcher.FindHandler(p.environ, ":", t.Handler(), p.report.Quiet)
	}
	return launcher.Command{}, flagError("no command: launcher run [flags] [--] COMMAND [ARG...]")
}
