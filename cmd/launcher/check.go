package main

import (
	"errors"
	"fmt"
	"os/exec"

	urfave "github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/launcher"
)

// check prints which names of MLRun a Python handler uses. Python reads the
// source, and nothing of it runs.
func (p *program) check(c *urfave.Context) error {
	handler := c.String("handler")
	if handler == "" || c.Args().Present() {
		return cli.Usage("check takes only --handler FILE[:FUNCTION]", c.Command.UsageText)
	}
	command, err := launcher.FindChecker(p.environ, handler)
	if err != nil {
		return err
	}
	program := exec.Command(command.Path, command.Args[1:]...)
	program.Stdout, program.Stderr = c.App.Writer, c.App.ErrWriter
	err = program.Run()
	var ended *exec.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &ended) && ended.Exited():
		return cli.ExitStatus(ended.ExitCode())
	}
	return fmt.Errorf("check %q: %w", handler, err)
}
