package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/seed45446ece/launcher/launcher"
	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/file"
)

// maxTask is the most that is read of a task from standard input, in bytes.
const maxTask = 64 << 20

// resolved is a task with its secrets: what run and explain both start from.
type resolved struct {
	task       task.Task
	resolution resolve.Resolution
	variables  []string        // that carried secrets in
	environ    resolve.Environ // with the task's own variable made safe
}

// prepare reads the task and resolves its secrets. Where some are missing the
// error says so and the rest is there, for explain.
func (p *program) prepare(s settings) (resolved, error) {
	ctx, cancel := deadline(s.timeout)
	defer cancel()
	r := resolved{environ: p.environ}
	var err error
	if r.task, err = p.readTask(ctx, s, &r); err != nil {
		return r, err
	}
	b, err := bind(r.task.Sources, surroundings{p.environ, s.local}, s)
	if err != nil {
		return r, err
	}
	r.variables = b.variables
	r.resolution, err = resolve.Resolve(ctx, b.sources)
	for _, row := range r.resolution.Rows {
		p.report.detail("secret %q: %s, %s: %s", row.Key, row.Provider, row.Where, row.State)
	}
	stop, warning := split(err, s.warnMissing)
	p.report.warn(warning)
	return r, stop
}

func deadline(timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout == 0 {
		return context.WithCancel(context.Background())
	}
	return context.WithTimeout(context.Background(), timeout)
}

// readTask reads the task with what -s and -p add to it.
func (p *program) readTask(ctx context.Context, s settings, r *resolved) (task.Task, error) {
	execConfig, execErr := p.execConfig(r)
	var problems document.Problems
	t := task.Empty()
	switch {
	case s.task != "":
		node, err := readDocument(ctx, s.task)
		if err != nil {
			return t, err
		}
		t, err = task.Parse(node)
		problems.Join(err)
		if execErr != nil {
			p.report.warn(errors.New("variable " + launcher.ExecConfig + " holds no task and is not passed on"))
		}
	case execErr != nil:
		problems.Join(execErr)
	case execConfig != nil:
		t = *execConfig
	}
	for _, flag := range s.secrets {
		d, err := task.ParseSource("--secrets", flag)
		problems.Join(err)
		if err == nil {
			t.Sources = append(t.Sources, d)
		}
	}
	if t.Spec != nil {
		problems.Join(setParameters(&t, s.params))
	}
	return t, problems.Err()
}

func setParameters(t *task.Task, params []string) error {
	var problems document.Problems
	for _, param := range params {
		name, text, ok := strings.Cut(param, "=")
		if !ok || name == "" {
			problems.Add(document.Position{Origin: "--param"}, "for instance --param rate=0.5", "is not NAME=VALUE")
			continue
		}
		value, err := parameter("--param "+name, text)
		problems.Join(err)
		if err == nil {
			t.SetParameter(name, value)
		}
	}
	return problems.Err()
}

// parameter reads a value as YAML; nothing at all is the empty string.
func parameter(origin, text string) (*document.Node, error) {
	if strings.TrimSpace(text) == "" {
		return &document.Node{Kind: document.String, Text: text, At: document.Position{Origin: origin}}, nil
	}
	return document.Parse(origin, []byte(text))
}

// readDocument reads the file, or standard input for "-".
func readDocument(ctx context.Context, path string) (*document.Node, error) {
	if path != "-" {
		text, err := file.Read(ctx, path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, advised{errors.New("--task: " + path + ": no such file"), "check the path and the volume that it is on"}
		}
		if err != nil {
			return nil, err
		}
		return document.Parse(path, text)
	}
	text, err := io.ReadAll(io.LimitReader(os.Stdin, maxTask+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxTask {
		return nil, errors.New("--task -: standard input is longer than 64 MiB")
	}
	return document.Parse("standard input", text)
}

// execConfig reads MLRun's variable, nil where it is not set or empty, and
// makes the handler's copy of it one without inline values. One that holds no
// task is not passed on: nobody can say what is in it.
func (p *program) execConfig(r *resolved) (*task.Task, error) {
	text := p.environ[launcher.ExecConfig]
	if text == "" {
		return nil, nil
	}
	node, err := document.Parse(launcher.ExecConfig, []byte(text))
	var t task.Task
	if err == nil {
		t, err = task.Parse(node)
	}
	var safe []byte
	if err == nil {
		safe, err = task.WithoutInline(node).AppendJSON(nil)
	}
	r.environ = make(resolve.Environ, len(p.environ))
	for name, value := range p.environ {
		r.environ[name] = value
	}
	if err != nil {
		delete(r.environ, launcher.ExecConfig)
		return nil, err
	}
	r.environ[launcher.ExecConfig] = string(safe)
	return &t, nil
}
