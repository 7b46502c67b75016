//go:debug containermaxprocs=0
//go:debug updatemaxprocs=0

// Command launcher is a job's entrypoint: it reads the task, resolves the
// secrets that the task declares, and becomes the handler.
//
// It owns the command line, the configuration variables, the exit status and
// the messages; only here are they read or made.
package main

import (
	"cmp"
	"errors"
	"os"
	"runtime"
	"slices"
	"sync"

	urfave "github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/launcher"
	"github.com/seed45446ece/launcher/launcher/sigstate"
	"github.com/seed45446ece/launcher/launcher/supervise"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/exec"
	"github.com/seed45446ece/launcher/resolve/file"
)

// init keeps a program that should end with its parent (PR_SET_PDEATHSIG) on its
// first thread, which alone passes that on by execve(2).
func init() {
	if launcher.EndsWithParent() {
		runtime.LockOSThread()
	}
}

// inCluster is a variable that Kubernetes sets in every pod.
const inCluster = "KUBERNETES_SERVICE_HOST"

func main() { os.Exit(start()) }

// start runs the whole program and returns the exit status.
func start() int {
	if status := becomeProgram(os.Args); status != 0 {
		return status
	}
	p := program{args: os.Args, environ: resolve.NewEnviron(os.Environ()), signals: sigstate.Inherited()}
	var err error
	p.descriptor, err = launcher.Reserve()
	err = errors.Join(err, launcher.Protect(), p.loadChild())
	p.report = newReport(p.environ[inCluster] != "")
	if err == nil {
		err = p.acceptSignals()
	}
	if err == nil {
		err = cmp.Or(p.run(), p.output.err)
	}
	return p.end(err)
}

// program holds the state of one process of the launcher.
type program struct {
	args    []string
	environ resolve.Environ
	signals sigstate.State   // for the handler
	child   *supervise.Child // nil unless a supervisor started this process
	report  cli.Report
	output  standardOutput
	pipes   file.Pipes // what was read from FIFOs

	descriptor int            // reserved for the context
	programs   *exec.Programs // of exec sources
	ending     sync.Mutex     // locked for good when a signal ends this process
}

// loadChild takes over what the supervisor was started with, if this process is
// its child.
func (p *program) loadChild() (err error) {
	p.child, err = supervise.NewChild(p.args)
	if p.child == nil || err != nil {
		return err
	}
	p.args, p.signals, p.environ = p.child.Args, p.child.Signals, resolve.NewEnviron(p.child.Environ)
	for name, value := range p.environ { // for the libraries
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}

func (p *program) app(args []string) *urfave.App {
	// Flags cost time to make: only the commands that are spoken of get theirs.
	flags := func(command string, more ...cli.Flag) []urfave.Flag {
		if !slices.Contains(args, command) && !slices.Contains(args, "completion") && !slices.Contains(args, "man") {
			return nil
		}
		return cli.Flags(p.environ, append(sharedFlags, more...)...)
	}

	return cli.App(&urfave.App{
		Name:        "launcher",
		HelpName:    "launcher",
		Writer:      &p.output,
		Usage:       "Resolve a task's secrets and run a job's handler with them.",
		Description: statusHelp,
		Commands: []*urfave.Command{
			command("run", "[flags] [--] COMMAND [ARG...]", "Resolve the secrets, deliver them, and run the handler", p.runHandler, flags("run")...),
			command("explain", "[flags]", "Show where each key comes from, never a value", p.explain, flags("explain", cli.JSONFlag)...),
			command("check", "--handler FILE[:FUNCTION]", "List which of MLRun's names a Python handler uses", p.check, cli.Flags(p.environ, checkFlag)...),
			command("get-secret", "KEY", "Inside a handler: print a secret; status 1 if it is missing", p.getSecret),
			command("get-param", "[NAME]", "Inside a handler: print a parameter, or all as JSON", p.getParam),
			command("get-metadata", "[NAME]", "Inside a handler: print name, uid, project, labels …", p.getMetadata),
			command("render", "[--output FILE] TEMPLATE", "Inside a handler: fill in a Go template with secrets", p.render, cli.Flags(nil, outputFlag)...),
			command("install", "DIR", "Copy this program to DIR/launcher", p.install),
		},
	}, version, commit, "start a handler with launcher run -- COMMAND, or see launcher --help")
}

// version and commit are set by the linker, -X main.version=V.
var version, commit string

func command(name, arguments, usage string, action urfave.ActionFunc, flags ...urfave.Flag) *urfave.Command {
	return &urfave.Command{Name: name, ArgsUsage: arguments, Usage: usage, Flags: flags, Action: action}
}

const statusHelp = `The exit status is the handler's own, 128+n if signal n ended it, or
   124  a temporary failure to resolve: retrying may help
   125  a permanent failure: bad flags or task, missing secret
   126  the command cannot be run
   127  the command does not exist
   143  ended by TERM while resolving; the handler was never started`
