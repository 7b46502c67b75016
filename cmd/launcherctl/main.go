// Command launcherctl does what happens before a job's pod starts: it fills a
// project's Kubernetes Secret, writes tasks and the manifests that carry them,
// and runs them. As kubectl-launcher it is kubectl's plugin "kubectl launcher".
//
// It owns its command line, its exit status and its messages. It is a program
// of its own so that no Kubernetes client is linked into the one in the pod.
package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	urfave "github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/file"
)

func main() {
	debug.SetMemoryLimit(memoryLimit)
	p := program{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		environ: resolve.NewEnviron(os.Environ()), name: commandName(os.Args[0]),
	}
	os.Exit(p.run(context.Background(), os.Args))
}

// memoryLimit is the heap, in bytes, above which the collector works harder. A file
// of 1 MiB may unfold to 60 MB, and the collector would wait for twice as much.
const memoryLimit = 64 << 20

// program holds the state of one run of launcherctl.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	environ        map[string]string // read once; a resolve.Environ where it is printed
	name           string            // as the user calls it: launcherctl, or kubectl launcher
	report         cli.Report
	inputRead      bool       // standard input is there once
	pipes          file.Pipes // what was read from FIFOs
}

// commandName returns the name that messages use. kubectl finds a plugin by the name
// of its file.
func commandName(arg string) string {
	base := strings.TrimSuffix(filepath.Base(arg), ".exe")
	if plugin, ok := strings.CutPrefix(base, "kubectl-"); ok {
		return "kubectl " + plugin
	}
	return "launcherctl"
}

// run runs the whole program and returns the exit status.
func (p *program) run(ctx context.Context, args []string) int {
	p.report = cli.Report{Program: p.name, Out: p.stderr}
	return p.report.End(p.app().RunContext(ctx, args))
}

func (p *program) app() *urfave.App {
	return cli.App(&urfave.App{
		Name:        "launcherctl",
		HelpName:    p.name,
		Usage:       "Manage a project's secrets, tasks and jobs on a Kubernetes cluster.",
		Description: statusHelp,
		Reader:      p.stdin,
		Writer:      p.stdout,
		ErrWriter:   p.stderr,
		Commands:    []*urfave.Command{p.secretsCommand(), p.taskCommand(), p.manifestCommand(), p.runCommand(), p.debugCommand(), p.checkCommand()},
	}, version, commit, "see "+p.name+" --help")
}

// version and commit are set by the linker, -X main.version=V.
var version, commit string

// flags returns rows of the table as the library's flags.
func flags(rows ...[]cli.Flag) []urfave.Flag { return cli.Flags(nil, slices.Concat(rows...)...) }

const statusHelp = `The exit status of run and debug is the handler's own, or
   124    a temporary failure: the cluster is unreachable or too busy
   125    a permanent failure: bad flags, a missing permission, a bad Job
   128+n  ended by signal n

The exit status of check is 1 if there is something to change.`
