package exec

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/file"
	"github.com/seed45446ece/launcher/resolve/inline"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// Options says how programs are run.
type Options struct {
	Environ  func() []string // of every program; a function, as no verb prints what it returns
	Parallel int             // how many programs run at the same time, at least 1

	// Wrap returns what is executed in place of a program, to set up its process;
	// nil for the program itself.
	Wrap func(path string, args []string) (string, []string)

	// Report is called after each run with what the program wrote on standard
	// error. It may be nil.
	Report func(Messages)
}

// Messages is what a program wrote on standard error, which may hold values.
type Messages struct {
	Program string
	Lines   int
	Text    func() []byte   // the start of it
	Values  func() [][]byte // what the program wrote on standard output
}

// Programs runs the programs of a task's exec sources.
type Programs struct {
	options func() Options
	slots   chan struct{}

	mu      sync.Mutex
	ended   bool
	running map[*process]bool
	idle    *sync.Cond
}

// New returns Programs that started none yet.
func New(o Options) *Programs {
	p := &Programs{options: func() Options { return o }, slots: make(chan struct{}, o.Parallel), running: map[*process]bool{}}
	p.idle = sync.NewCond(&p.mu)
	return p
}

// End ends all programs that run, with their process groups, waits for them, and
// has no further program start.
func (p *Programs) End() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	for process := range p.running {
		process.end()
	}
	for len(p.running) > 0 {
		p.idle.Wait()
	}
}

var errEnding = errors.New("the launcher ends")

func (p *Programs) started(process *process) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running[process] = true
	if p.ended {
		return errEnding
	}
	return nil
}

func (p *Programs) finished(process *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.running, process)
	p.idle.Broadcast()
}

// Source returns the source of a specification, whose program is at path. It is
// resolve.Keyed if the program is asked for one key at a time.
func (p *Programs) Source(spec Spec, path string) resolve.Source {
	if spec.Format != "" {
		return listSource{p, spec, path}
	}
	return keyedSource{p, spec, path}
}

// keyedSource runs its program once for each identifier.
type keyedSource struct {
	programs *Programs
	spec     Spec
	path     string
}

// Defaults implements resolve.Defaulted.
func (s keyedSource) Defaults() []resolve.Default { return s.spec.Defaults() }

// Keys implements resolve.Keyed.
func (s keyedSource) Keys() []string { return s.spec.Keys() }

// Only implements resolve.Keyed.
func (s keyedSource) Only(key string) resolve.Source {
	return keyedSource{s.programs, s.spec.Only(key), s.path}
}

// Find runs the program once for each distinct identifier, several at the same
// time, and returns a Finding for each key. No program runs when it returns.
func (s keyedSource) Find(ctx context.Context) ([]resolve.Finding, error) {
	answers := map[string]*resolve.Finding{}
	var runs sync.WaitGroup
	for _, secret := range s.spec.Secrets {
		if answers[secret.Name] != nil {
			continue
		}
		answer := &resolve.Finding{Where: fmt.Sprintf("program %s, %s", keyname.Plain(s.spec.Name()), keyname.Quote(secret.Name))}
		answers[secret.Name] = answer
		runs.Go(func() {
			output, err := s.programs.output(ctx, s.spec, s.path, secret.Name)
			if answer.Err = err; err == nil {
				answer.Value = resolve.NewValue(output)
			}
		})
	}
	runs.Wait()
	found := make([]resolve.Finding, len(s.spec.Secrets))
	for i, secret := range s.spec.Secrets {
		found[i] = *answers[secret.Name]
		found[i].Key = secret.Key
	}
	return found, nil
}

// listSource runs its program once, for all keys that it prints.
type listSource struct {
	programs *Programs
	spec     Spec
	path     string
}

// Find runs the program, and returns a Finding for each key of its output.
func (s listSource) Find(ctx context.Context) ([]resolve.Finding, error) {
	output, err := s.programs.output(ctx, s.spec, s.path)
	if err != nil {
		return nil, err
	}
	origin := "the output of " + keyname.Plain(s.spec.Name())
	if s.spec.Format == "json" {
		node, err := document.ParseJSON(origin, output)
		if err != nil {
			return nil, err
		}
		if node.Kind != document.Map {
			return nil, fmt.Errorf("%s is not a JSON object", origin)
		}
		source, err := inline.New(resolve.Declaration{Source: node})
		if err != nil {
			return nil, err
		}
		return source.Find(ctx)
	}
	entries, err := file.Parse(origin, output, file.Format(s.spec.Format))
	if err != nil {
		return nil, err
	}
	found := make([]resolve.Finding, len(entries))
	for i, e := range entries {
		found[i] = resolve.Finding{Key: e.Key, Where: origin + ":" + strconv.Itoa(e.Line), Value: e.Value}
	}
	return found, nil
}

// output runs the program with more arguments, and returns what it wrote on
// standard output, less one final newline.
func (p *Programs) output(ctx context.Context, spec Spec, path string, more ...string) ([]byte, error) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return nil, errDeadline
	}
	if ctx.Err() != nil {
		return nil, errDeadline
	}
	options := p.options()
	args := slices.Concat(spec.Command, more)
	if options.Wrap != nil {
		path, args = options.Wrap(path, args)
	}
	var running *process
	r, err := run(ctx, path, args, options.Environ(), func(started *process) error {
		running = started
		return p.started(started)
	})
	if running != nil {
		p.finished(running)
	}
	name := "program " + keyname.Quote(spec.Name())
	if err != nil {
		return nil, &problem{text: fmt.Sprintf("%s cannot be started: %v", name, err), kind: retryable(err)}
	}
	output := bytes.TrimSuffix(r.output, []byte("\n"))
	if options.Report != nil {
		options.Report(Messages{spec.Name(), r.messages.lines, func() []byte { return r.messages.text }, func() [][]byte { return [][]byte{output} }})
	}
	if err := r.problem(ctx, spec, name, len(output)); err != nil {
		return nil, err
	}
	return output, nil
}

var errDeadline = resolve.Unavailable("no answer before the deadline")

// retryable returns ErrUnavailable for a limit that another try may not meet.
func retryable(err error) error {
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.ENOMEM) || errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) {
		return resolve.ErrUnavailable
	}
	return nil
}

// problem returns what is wrong with the run, nil for nothing.
func (r result) problem(ctx context.Context, spec Spec, name string, size int) error {
	status := r.status.ExitStatus()
	switch {
	case r.tooLong || size > maxOutput:
		return &problem{text: name + " wrote more than 1 MiB on standard output"}
	case r.status.Exited() && status == 0:
		return nil
	case ctx.Err() != nil:
		return resolve.Unavailable(name + " did not end before the deadline")
	case r.status.Signaled():
		return &problem{text: fmt.Sprintf("%s was ended by %s", name, cmp.Or(unix.SignalName(r.status.Signal()), "a signal")), hint: adviseRun}
	case slices.Contains(spec.Temporary, status):
		return resolve.Unavailable(fmt.Sprintf("%s ended with status %d", name, status))
	case slices.Contains(spec.Missing, status):
		return resolve.Absent(fmt.Sprintf("%s ended with status %d: the secret is missing", name, status))
	case status == 126 || status == 127:
		return &problem{text: fmt.Sprintf("%s ended with status %d", name, status), hint: adviseStart}
	}
	return &problem{text: fmt.Sprintf("%s ended with status %d", name, status), hint: adviseRun}
}

const (
	adviseRun   = "run the program yourself, or use --exec-stderr: what it writes on standard error is not shown, as it may hold values"
	adviseStart = "check the program's #! line, and the programs that it starts: with 126 and 127 something cannot be run"
)

// problem is an error with a hint.
type problem struct {
	text, hint string
	kind       error // resolve.ErrUnavailable, or nil
}

func (p *problem) Error() string        { return p.text }
func (p *problem) Hint() string         { return p.hint }
func (p *problem) Is(target error) bool { return p.kind != nil && target == p.kind }
