package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	urfave "github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/cluster"
	"github.com/seed45446ece/launcher/cluster/job"
	"github.com/seed45446ece/launcher/cluster/manifest"
	"github.com/seed45446ece/launcher/internal/cli"
)

// runCommand returns the command that runs a task's Job like a local process.
func (p *program) runCommand() *urfave.Command {
	return &urfave.Command{
		Name: "run", Usage: "Run a task's Job, with its logs and exit status",
		UsageText: p.name + " run --task FILE --image IMAGE [flags] [--] COMMAND...\n" +
			p.name + " run --task FILE --into FILE [flags] [-- COMMAND...]",
		Description: "The first INT, TERM, HUP or QUIT ends the Job: its pods get TERM, and KILL\n" +
			"after their grace period. The second signal ends only this program. The Job\n" +
			"is deleted at the end, with everything that it owns.",
		Flags: flags(taskFlags, podFlags, intoFlags, connectFlags, runFlags), Action: p.runJob,
	}
}

// leftoverTTL is how long a finished Job stays if this program was killed and could
// not delete it.
const leftoverTTL = time.Hour

// runJob creates the Job, and waits for its end unless --detach is set.
func (p *program) runJob(c *urfave.Context) error {
	ctx := cluster.Quiet(c.Context)
	m, err := p.jobManifest(ctx, c)
	if err != nil {
		return err
	}
	target, err := p.connect(c)
	if err != nil {
		return err
	}
	target.Namespace = cmp.Or(m.Job.Namespace, target.Namespace)
	p.report.Warn(errors.Join(m.Warnings...))
	if c.Bool("embed-values") { // the Job has them, and a message about it may repeat them
		ctx = cluster.CarryingValues(ctx)
	}
	r := run{program: p, Context: c, signals: watchSignals(), Job: job.New(target, m.Job, m.Values, !c.IsSet("name"))}
	r.Container, r.Detached = m.Container, c.Bool("detach")
	if err := r.create(ctx); err != nil {
		return err
	}
	if c.Bool("detach") {
		_, err := fmt.Fprintf(p.stdout, "job.batch/%s\n", r.Manifest.Name)
		return err
	}
	return r.wait(ctx)
}

// jobManifest returns the manifest of the flags, for a Job that is deleted after it
// has ended.
func (p *program) jobManifest(ctx context.Context, c *urfave.Context) (manifest.Manifest, error) {
	task, err := p.readTask(ctx, c)
	options, optionsErr := p.podOptions(c)
	if err := errors.Join(err, optionsErr); err != nil {
		return manifest.Manifest{}, err
	}
	if !c.IsSet("ttl") && !c.Bool("detach") && !c.Bool("keep") {
		options.KeepFor = leftoverTTL
	}
	if c.String("into") == "" {
		return manifest.New(ctx, task, options)
	}
	base, err := p.readBase(ctx, c)
	if err != nil {
		return manifest.Manifest{}, err
	}
	return manifest.IntoJob(ctx, base, task, options)
}

// run holds one run of a Job.
type run struct {
	*program
	*urfave.Context
	*job.Job
	signals chan os.Signal
}

// watchSignals returns the signals that end a program, except those that it was
// started to ignore. PIPE is one, once: nobody reads the logs any more, and every
// further write would say so again.
func watchSignals() chan os.Signal {
	signals, pipe := make(chan os.Signal, 2), make(chan os.Signal, 1)
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	if !signal.Ignored(syscall.SIGPIPE) {
		signal.Notify(pipe, syscall.SIGPIPE)
		go func() { signals <- <-pipe }()
	}
	return signals
}

// create creates the Job within --timeout. A signal stops it and deletes what was
// created.
func (r run) create(ctx context.Context) error {
	ctx, cancel := withTimeout(ctx, r.Context)
	defer cancel()
	created := make(chan error, 1)
	go func() { created <- r.Create(ctx) }()
	select {
	case err := <-created:
		return err
	case s := <-r.signals:
		cancel()
		err := <-created
		if err == nil {
			err = r.remove(context.WithoutCancel(ctx))
		} else if errors.Is(err, context.Canceled) {
			err = nil
		}
		r.report.Warn(err)
		return cli.ExitStatus(128 + signalNumber(s))
	}
}

func signalNumber(s os.Signal) int {
	n, _ := s.(syscall.Signal)
	return int(n)
}

// wait shows the Job's logs and progress until it has ended, takes it away, and
// ends with its status.
func (r run) wait(ctx context.Context) error {
	progress := newProgress(r.stdout, r.stderr)
	r.report.Out = progress.messages()
	out := &outputs{to: progress.logs(), paths: map[string]string{}}
	o, err := r.Wait(ctx, job.Wait{
		Logs: out, Signals: r.signals, StartTimeout: r.Duration("start-timeout"),
		Warn: r.report.Warn, Progress: func(line string) { progress.setLine(line); r.report.Detail("%s", line) },
	})
	progress.setLine("")
	var removeErr error
	if (!r.Bool("keep") || err != nil || o.Goes) && !o.Left {
		removeErr = r.remove(ctx)
	}
	if err != nil {
		return errors.Join(err, removeErr)
	}
	r.report.Warn(removeErr) // the status is the handler's all the same
	if o.Why != "" {
		r.report.Message(cli.LevelInfo, o.Why, "")
	}
	for _, line := range o.Lines {
		r.report.Message(cli.LevelInfo, "in the pod: "+line, "")
	}
	if o.Advice != "" {
		_, _ = fmt.Fprintf(r.report.Out, "hint: %s\n", o.Advice)
	}
	r.showResults(out, o.Pod)
	if o.Status == 0 {
		return nil
	}
	return cli.ExitStatus(o.Status)
}

// remove deletes the Job. A signal stops it.
func (r run) remove(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	removed := make(chan error, 1)
	go func() { removed <- r.Remove(ctx) }()
	select {
	case err := <-removed:
		return err
	case <-r.signals:
		cancel()
		return <-removed
	}
}
