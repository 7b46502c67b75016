package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/launcher"
)

// run resolves the task's secrets and becomes the handler.
func (p *program) run(c *cli.Context) error {
	s, err := p.read(c)
	if err != nil {
		return err
	}
	interrupt := p.watch()
	r, err := p.prepareRun(c, s)
	if err != nil {
		return err
	}
	return r.Exec(interrupt.end)
}

// prepareRun is the job, ready to be executed. A command is looked up before
// any secret is; a function may be named by the task.
func (p *program) prepareRun(c *cli.Context, s settings) (job launcher.Job, err error) {
	path := p.environ["PATH"]
	handler := c.String("handler")
	switch {
	case handler != "" && c.Args().Present():
		return job, errUsage{"give a command or --handler, not both"}
	case handler == "" && !c.Args().Present():
		return job, errUsage{"no command: launcher run [flags] [--] COMMAND [ARG...]"}
	case handler == "":
		if job.Command, err = launcher.Find(path, c.Args().Slice()); err != nil {
			return job, err
		}
	}
	r, err := p.prepare(s)
	if handler != "" && r.task.Spec != nil {
		file, function := launcher.SplitHandler(handler)
		if function == "" {
			function = r.task.Handler()
		}
		command, notFound := launcher.FindHandler(path, file, function)
		if notFound != nil {
			return job, notFound
		}
		job.Command = command
	}
	if err != nil {
		return job, err
	}
	p.report.detail("exec %s, context by %s", job.Command.Path, s.deliver)
	job.Context = launcher.Context{Task: r.task, Secrets: r.resolution.Secrets}
	job.Deliver, job.Options = s.deliver, s.env
	job.Environ, job.Withhold = r.environ, r.variables
	return job, nil
}

// version prints what this program was built from.
func (p *program) version(c *cli.Context) error {
	_, err := fmt.Fprintln(c.App.Writer, versionText())
	return err
}
