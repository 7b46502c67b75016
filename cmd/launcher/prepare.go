package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/launcher"
	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
)

// loadedTask holds a task, its opened sources and the command to run, and the
// secrets once they are resolved.
type loadedTask struct {
	task task.Task
	taskSources
	resolution  resolve.Resolution
	environ     resolve.Environ // with the task's own variable made safe
	command     launcher.Command
	directory   *launcher.Directory // of the files and socket deliveries, else nil
	descriptors []int               // that carry secrets in
	warning     error
}

// resolve finds the secrets of a task. If some are missing, the error names them and
// the others are there all the same, for explain.
func (p *program) resolve(ctx context.Context, s settings, r *loadedTask) (err error) {
	r.resolution, err = resolve.Resolve(ctx, r.sources)
	p.stopIfEnding()
	return p.reportResolution(r.resolution, err, s)
}

// reportResolution reports what became of each key, and returns the part of err
// that stops the start.
func (p *program) reportResolution(r resolve.Resolution, err error, s settings) error {
	for _, row := range r.Rows {
		p.report.Detail("secret %q: %s, %s: %s", row.Key, row.Provider, row.Where, row.State)
		if row.Detail != "" && row.State == resolve.Found {
			p.report.Detail("secret %q: %s: %s", row.Key, row.Provider, row.Detail)
		}
		if row.Note != "" && row.State == resolve.Found {
			p.report.Warn(fmt.Errorf("secret %q: %s: %s", row.Key, row.Provider, row.Note))
		}
	}
	stop, warning := separateMissing(p.adviseLocal(err, s), s.warnMissing)
	p.report.Warn(warning)
	return stop
}

// adviseLocal gives missing keys of a cluster's sources another hint if this is
// not a cluster.
func (p *program) adviseLocal(err error, s settings) error {
	if err == nil || p.environ[inCluster] != "" || s.requireConfidential {
		return err
	}
	errs := document.Unjoin(err)
	for i, e := range errs {
		key, ok := errors.AsType[*resolve.KeyError](e)
		switch {
		case !ok || !errors.Is(e, resolve.ErrAbsent) || !slices.Contains([]string{task.Kubernetes, task.AzureVault, task.Exec}, key.Provider):
		case s.local != nil:
			errs[i] = cli.WithHint(e, "add the key to the file of --local, or mark the source optional: true")
		case key.Provider == task.Kubernetes:
			errs[i] = cli.WithHint(e, "use --local FILE in place of the cluster, or mark the source optional: true")
		}
	}
	return errors.Join(errs...)
}

// readTask reads the task with what -s and -p add to it. The error holds every
// problem, in the order of the task's lines.
func (p *program) readTask(ctx context.Context, s settings) (loadedTask, error) {
	r := loadedTask{environ: p.environ}
	execConfig, execErr := p.execConfig(&r)
	var problems document.Problems
	t := task.Empty()
	switch {
	case s.task != "":
		node, err := p.readDocument(ctx, s.task)
		problems.AddErr(err)
		if node != nil {
			t, err = task.Parse(node)
			problems.AddErr(err)
		}
		if execErr != nil {
			r.warning = errors.New("variable " + task.ExecConfig + " does not hold a task, so it is not passed on")
		}
	case execConfig != nil:
		t = *execConfig
		problems.AddErr(execErr)
		problems.AddErr(s.checkPrograms(t.Sources))
	}
	for _, flag := range s.secrets {
		d, err := task.ParseSource("--secrets", flag)
		problems.AddErr(err)
		if err == nil {
			t.Sources = append(t.Sources, d)
		}
	}
	if t.Spec != nil {
		problems.AddErr(setParameters(&t, s.params))
	}
	var err error
	r.taskSources, err = openSources(t.Sources, p.deps(s))
	problems.AddErr(err)
	r.task, r.descriptors = t, carriers(s, t.Sources, p.environ)
	if s.deliver == launcher.Socket {
		problems.AddErr(refuseVariables(t.Sources))
	}
	if t.Spec != nil {
		r.warning = errors.Join(r.warning, p.warnUnlisted(t, r.taskSources, s.listed))
	}
	return r, problems.Err()
}

func (p *program) deps(s settings) deps {
	return deps{p.environ, &p.pipes, newLocal(s.local, &p.pipes), s.realm, newVaults(p.environ, s), p.programs, s.requireConfidential, s.listed}
}

func setParameters(t *task.Task, params []string) error {
	var problems document.Problems
	for _, param := range params {
		name, value, err := task.ParseParameter("--param", param)
		problems.AddErr(err)
		if err == nil {
			t.SetParameter(name, value)
		}
	}
	return problems.Err()
}

// readDocument reads the file of --task, or standard input for "-".
func (p *program) readDocument(ctx context.Context, path string) (*document.Node, error) {
	origin, text, err := cli.ReadText(ctx, &p.pipes, "--task", path, os.Stdin)
	var node *document.Node
	if err == nil {
		node, err = cli.ParseDocument(ctx, origin, text)
	}
	switch {
	case ctx.Err() != nil:
		return nil, resolve.Unavailable("--task: " + origin + " was not read before the deadline")
	case errors.Is(err, cli.ErrNoFile):
		return nil, cli.WithHint(err, "check the path and its volume")
	}
	return node, err
}

// execConfig reads MLRun's variable, and removes the inline values from the
// handler's copy of it. It returns nil if the variable is empty or not set. One
// that holds no task is not passed on: it may hold anything.
func (p *program) execConfig(r *loadedTask) (*task.Task, error) {
	text := p.environ[task.ExecConfig]
	if text == "" {
		return nil, nil
	}
	node, err := document.ParseJSON(task.ExecConfig, []byte(text))
	var t task.Task
	if node != nil {
		var parseErr error
		t, parseErr = task.Parse(node)
		err = errors.Join(err, parseErr)
	}
	var safe []byte
	if err == nil {
		safe, err = task.WithoutValues(node).AppendJSON(nil)
	}
	r.environ = maps.Clone(p.environ)
	if err != nil {
		delete(r.environ, task.ExecConfig)
		return &t, err
	}
	r.environ[task.ExecConfig] = string(safe)
	return &t, nil
}
