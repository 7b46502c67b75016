package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/launcher"
	"github.com/seed45446ece/launcher/launcher/sigstate"
	"github.com/seed45446ece/launcher/launcher/supervise"
	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/exec"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// openExec opens an exec source, whose program must exist. Without it an optional
// source has no key.
func openExec(d resolve.Declaration, deps deps) (openedSource, error) {
	spec, err := exec.Parse(d.Source)
	if err != nil {
		return openedSource{}, err
	}
	if deps.local != nil {
		return openedSource{Source: deps.local.Source(spec.Secrets, len(spec.Secrets) == 0, d.Prefix)}, nil
	}
	command, err := launcher.Find(deps.environ["PATH"], spec.Command)
	if _, notFound := errors.AsType[*launcher.NotFoundError](err); notFound && d.Optional {
		return openedSource{Source: missingProgram{spec, err.Error()}}, nil
	}
	if err != nil { // not as it is: its exit status is for the handler's command
		return openedSource{}, &document.Problem{At: d.At, Message: "exec: " + err.Error(), Advice: cli.Hint(err)}
	}
	return openedSource{Source: deps.programs.Source(spec, command.Path)}, nil
}

// missingProgram is an optional source whose program does not exist.
type missingProgram struct {
	exec.Spec // for its defaults
	text      string
}

// Find fails with resolve.ErrAbsent.
func (m missingProgram) Find(context.Context) ([]resolve.Finding, error) {
	return nil, resolve.Absent(m.text)
}

// runsProgram reports whether a source runs a program.
func runsProgram(d resolve.Declaration) bool {
	kind, _ := task.FindKind(d.Kind)
	return kind.RunsProgram
}

// runsPrograms reports whether one of the sources runs a program.
func (t taskSources) runsPrograms() bool {
	return slices.ContainsFunc(t.sources, func(b resolve.Bound) bool { return runsProgram(b.Declaration) })
}

// checkPrograms refuses sources that run a program unless --allow-exec is given, or
// --local stands in for them. The task is in a variable: who writes it may not be
// who made the image.
func (s settings) checkPrograms(sources []resolve.Declaration) error {
	var problems document.Problems
	for _, d := range sources {
		if runsProgram(d) && !s.allowExec && s.local == nil {
			problems.Add(d.At, "use --task FILE, or --allow-exec", "a task in the variable %s may not run a program", task.ExecConfig)
		}
	}
	return problems.Err()
}

// maxParallel limits --exec-parallel: each program takes a thread of the launcher.
const maxParallel = 256

// newPrograms returns what runs the programs of exec sources.
func (p *program) newPrograms(s settings) *exec.Programs {
	return exec.New(exec.Options{
		Environ: p.programEnviron, Parallel: s.execParallel, Wrap: p.wrapProgram,
		Report: func(m exec.Messages) { p.reportMessages(m, s.execStderr) },
	})
}

// programEnviron returns the launcher's environment without what is only for the
// launcher: its settings, the task, and the secrets of MLRun's project.
func (p *program) programEnviron() []string {
	withheld := append(strings.Fields(launcher.Settings), task.ExecConfig)
	var environ []string
	for name, value := range p.environ {
		if !slices.Contains(withheld, name) && !strings.HasPrefix(name, keyname.MLRunPrefix) {
			environ = append(environ, name+"="+value)
		}
	}
	return environ
}

// programRole is the name under which this program sets up the process of another
// one. The Go runtime cannot start a program with a signal mask, nor with
// descriptors that it did not open itself closed.
const programRole = "launcher: program"

// wrapProgram returns the command that becomes the program, with the signal mask
// and the ignored signals that the launcher was started with.
func (p *program) wrapProgram(path string, args []string) (string, []string) {
	self, err := supervise.Self()
	if err != nil {
		return path, args
	}
	number := func(set uint64) string { return strconv.FormatUint(set, 16) }
	return self, append([]string{programRole, number(p.signals.Mask), number(p.signals.Ignored), path}, args...)
}

// becomeProgram becomes the program that wrapProgram was given. It returns 0 if
// this process is not for that, and an exit status if the program cannot be run.
func becomeProgram(args []string) int {
	if len(args) < 5 || args[0] != programRole {
		return 0
	}
	mask, _ := strconv.ParseUint(args[1], 16, 64)
	ignored, _ := strconv.ParseUint(args[2], 16, 64)
	err := launcher.ExecProgram(args[3], args[4:], sigstate.State{Mask: mask, Ignored: ignored})
	_, _ = fmt.Fprintf(standardError{}, "launcher: command %s: %v\n", keyname.Quote(args[3]), err)
	if errors.Is(err, unix.ENOENT) {
		return cli.StatusNotFound
	}
	return cli.StatusCannotRun
}

// stopIfEnding does not return if a signal ends this process.
func (p *program) stopIfEnding() {
	p.ending.Lock()
	defer p.ending.Unlock()
}

// endBySignal ends the programs that run, and then this process, as the signal
// would: PID 1 exits with its status.
func (p *program) endBySignal(s unix.Signal) {
	p.ending.Lock() // what the programs' end leads to is not reported
	p.programs.End()
	if os.Getpid() != 1 {
		sigstate.EndBy(s)
	}
	p.report.Message(cli.LevelError, fmt.Sprintf("ended by %s while resolving; the handler was not started", unix.SignalName(s)), "")
	os.Exit(128 + int(s))
}
