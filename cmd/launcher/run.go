package main

import (
	"github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/launcher"
	"github.com/seed45446ece/launcher/launcher/attendant"
	"github.com/seed45446ece/launcher/launcher/inherit"
	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/launcher/tmpfs"
)

// run resolves the task's secrets and becomes the handler.
func (p *program) run(c *cli.Context) error {
	s, err := p.read(c)
	if err != nil {
		return err
	}
	switch {
	case s.stays():
		return p.stay(s)
	case inherit.Now().Part == inherit.Attendant:
		return p.attend(s)
	}
	interrupt := p.watch()
	ctx, cancel := deadline(s.timeout)
	defer cancel()
	resolves := s.deliver != launcher.Socket // else the process that answers does
	r, err := p.prepare(ctx, s, resolves)
	if err != nil {
		return err
	}
	if err := s.user.Check(p.credentialFiles(s, r.task)); err != nil {
		return err
	}
	command, err := p.lookUp(c, &r.task)
	if err != nil {
		return err
	}
	if resolves {
		if err := p.resolve(ctx, s, &r); err != nil {
			return err
		}
	}
	job := r.job(s, command)
	if job.Directory, err = tmpfs.Find(inherit.Now().Directory); err != nil {
		return err
	}
	if s.attended() {
		if err := job.Check(); err != nil {
			return err
		}
		if err := p.tell(r.message()); err != nil {
			return err
		}
	}
	p.report.detail("exec %s, context by %s", command.Path, s.deliver)
	return job.Exec(interrupt.end)
}

// message is what the process beside the handler has to know.
func (r prepared) message() attendant.Message {
	m := attendant.Message{Input: r.input}
	for _, s := range r.resolution.Secrets {
		m.Values = append(m.Values, s.Value.Reveal())
	}
	return m
}

// job is the handler with all that it is to be given.
func (r prepared) job(s settings, command launcher.Command) launcher.Job {
	return launcher.Job{
		Command: command,
		Context: launcher.Context{Task: r.task, Secrets: r.resolution.Secrets},
		Deliver: s.deliver, Options: s.env,
		Environ: r.environ, Withhold: append(r.variables, command.Needless...), User: s.user,
	}
}

// lookUp finds the command, or what calls the function of --handler, before
// any secret is resolved.
func (p *program) lookUp(c *cli.Context, t *task.Task) (launcher.Command, error) {
	handler := c.String("handler")
	switch {
	case handler != "" && c.Args().Present():
		return launcher.Command{}, errUsage{message: "give a command or --handler, not both"}
	case handler != "":
		return launcher.FindHandler(p.environ, handler, t.Handler())
	case c.Args().Present():
		return launcher.Find(p.environ["PATH"], c.Args().Slice())
	case p.environ[launcher.ExecCode] != "": // a pod of MLRun's
		return launcher.FindHandler(p.environ, ":", t.Handler())
	}
	return launcher.Command{}, errUsage{message: "no command: launcher run [flags] [--] COMMAND [ARG...]"}
}
