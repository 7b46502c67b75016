// Command launcher is a job's entrypoint: it reads the task, resolves the
// secrets that the task declares, and becomes the handler.
//
// It owns the command line, the configuration variables, the exit status and
// the messages; only here are they read or made.
package main

import (
	"errors"
	"os"
	"runtime"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/launcher"
	"github.com/seed45446ece/launcher/launcher/inherit"
	"github.com/seed45446ece/launcher/launcher/pid1"
	"github.com/seed45446ece/launcher/resolve"
)

// The house has no init but this: here alone is the program certain to be on
// its first thread, to which runtime.LockOSThread then keeps it.
func init() {
	if launcher.EndsWithParent() { // asked for, as it costs a tenth of the start
		runtime.LockOSThread()
	}
	if err := errors.Join(inherit.EndBySignals(), inherit.Unblock()); err != nil {
		os.Exit(report{out: standardError{}}.end(err))
	}
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == pid1.Command {
		os.Exit(reside(os.Args[2:]))
	}
	if inherit.Now().Part == inherit.Attendant {
		inherit.HideEnviron()
	}
	os.Exit(run(os.Args, resolve.NewEnviron(os.Environ())))
}

// run is the whole program; its result is the exit status.
func run(args []string, environ resolve.Environ) int {
	p := program{environ: environ, report: report{out: standardError{}, pod: environ["KUBERNETES_SERVICE_HOST"] != ""}}
	if err := errors.Join(launcher.Reserve(), launcher.Protect()); err != nil {
		return p.report.end(err)
	}
	return p.report.end(p.app(args).Run(args))
}

// program is one run of the launcher.
type program struct {
	environ resolve.Environ
	report  report
	input   []byte // of standard input, where it was handed over; nil for nothing
}

func (p *program) app(args []string) *cli.App {
	// Flags cost time to make: only the commands that are spoken of get theirs.
	flags := func(command string, more ...setting) []cli.Flag {
		if !slices.Contains(args, command) {
			return nil
		}
		return append(p.sharedFlags(), p.flags(more...)...)
	}
	asJSON := setting{"json", "", "", false, "print JSON in place of a table"}
	return &cli.App{
		Name:           "launcher",
		Usage:          "give a job its secrets: resolve the task's secret sources and run the handler with them",
		UsageText:      "launcher COMMAND [flags] ...",
		Description:    statusHelp,
		HideVersion:    true,
		OnUsageError:   usageError,
		ExitErrHandler: func(*cli.Context, error) {}, // the status is run's
		Action:         p.noCommand,
		Flags:          []cli.Flag{&cli.BoolFlag{Name: "version", Usage: "print version, commit and Go version"}},
		Commands: []*cli.Command{
			command("run", "[flags] [--] COMMAND [ARG...]", "resolve, deliver, become the handler", p.run, flags("run")...),
			command("explain", "[flags]", "show where each key is looked for, found or missing; never a value", p.explain, flags("explain", asJSON)...),
			command("get-secret", "KEY", "inside a handler: print one value, nothing added; status 1 where there is none", p.getSecret),
			command("get-param", "[NAME]", "inside a handler: print a parameter, a string as it is, else JSON; status 1 where there is none; without NAME all, as JSON", p.getParam),
			command("get-metadata", "[NAME]", "the same of the metadata: name, uid, project, iteration, labels, annotations", p.getMetadata),
			command("install", "DIR", "copy this program to DIR/launcher", p.install),
			command("version", "", "print version, commit and Go version", p.version),
		},
	}
}

func command(name, arguments, usage string, action cli.ActionFunc, flags ...cli.Flag) *cli.Command {
	return &cli.Command{
		Name: name, UsageText: "launcher " + name + " " + arguments, Usage: usage, Flags: flags, Action: action,
		OnUsageError: usageError, HideHelpCommand: true,
	}
}

const statusHelp = `The status is the handler's own (128+n where signal n ended it), or
   124  could not resolve for now: a retry may help
   125  could not resolve: bad flags or task, missing secret
   126  the command cannot be run
   127  the command is not there
   143  ended by TERM while resolving; the handler was never started`
