// Command launcher is a job's entrypoint: it reads the task, resolves the
// secrets that the task declares, and becomes the handler.
//
// It owns the command line, the configuration variables, the exit status and
// the messages; only here are they read or made.
package main

import (
	"os"

	"github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/launcher"
	"github.com/seed45446ece/launcher/resolve"
)

func main() {
	os.Exit(run(os.Args, resolve.NewEnviron(os.Environ())))
}

// run is the whole program; its result is the exit status.
func run(args []string, environ resolve.Environ) int {
	p := program{environ: environ, report: report{out: standardError{}}}
	if err := launcher.Protect(); err != nil {
		return p.report.end(err)
	}
	return p.report.end(p.app().Run(args))
}

// program is one run of the launcher.
type program struct {
	environ resolve.Environ
	report  report
}

func (p *program) app() *cli.App {
	return &cli.App{
		Name:                      "launcher",
		Usage:                     "give a job its secrets: resolve the task's secret sources and run the handler with them",
		Description:               statusHelp,
		HideVersion:               true,
		DisableSliceFlagSeparator: true,
		OnUsageError:              usageError,
		ExitErrHandler:            func(*cli.Context, error) {}, // the status is run's
		Action:                    noCommand,
		Commands: []*cli.Command{
			p.command("run", "[flags] [--] COMMAND [ARG...]", "resolve, deliver, become the handler", p.run, append(sharedFlags(),
				text("handler", "", "call one function of `FILE[:FUNCTION]`, .py, as MLRun does, in place of a command"))...),
			p.command("explain", "[flags]", "show where each key is looked for, found or missing; never a value", p.explain, append(sharedFlags(),
				&cli.BoolFlag{Name: "json", Usage: "print JSON in place of a table"})...),
			p.command("get-secret", "KEY", "inside a handler: print one value, nothing added; status 1 where there is none", p.getSecret),
			p.command("install", "DIR", "copy this program to DIR/launcher", p.install),
			p.command("version", " ", "print version, commit and Go version", p.version),
		},
	}
}

func (p *program) command(name, arguments, usage string, action cli.ActionFunc, flags ...cli.Flag) *cli.Command {
	return &cli.Command{
		Name: name, ArgsUsage: arguments, Usage: usage, Flags: flags, Action: action,
		OnUsageError: usageError, HideHelpCommand: true,
	}
}

const statusHelp = `The status is the handler's own (128+n where signal n ended it), or
   124  could not resolve for now: a retry may help
   125  could not resolve: bad flags or task, missing secret
   126  the command cannot be run
   127  the command is not there
   143  ended by TERM while resolving; the handler was never started`
