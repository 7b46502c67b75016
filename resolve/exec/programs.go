package exec

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"syscall"

	"github.com/seed45446ece/launcher/resolve"
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
	Text    func() []byte // the start of it
	Output  func() []byte // what the program wrote on standard output
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

// End ends all programs that run, with their process groups, and waits for them. No
// program starts after it.
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

var errEnding = resolve.Unavailable("the launcher is stopping")

// start starts a program, unless the Programs were ended.
func (p *Programs) start(spec Spec, path string, more []string) (*process, error) {
	options := p.options()
	args := slices.Concat(spec.Command, more)
	if options.Wrap != nil {
		path, args = options.Wrap(path, args)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return nil, errEnding
	}
	process, err := start(path, args, options.Environ())
	if err != nil {
		return nil, &problem{text: fmt.Sprintf("program %s cannot be started: %v", keyname.Quote(spec.Name()), err), kind: retryable(err)}
	}
	p.running[process] = true
	return process, nil
}

func (p *Programs) finished(process *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.running, process)
	p.idle.Broadcast()
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
	runtime.LockOSThread() // the kernel ends the program with the thread that started it
	defer runtime.UnlockOSThread()
	process, err := p.start(spec, path, more)
	if err != nil {
		return nil, err
	}
	defer p.finished(process)
	r := process.run(ctx)
	output := bytes.TrimSuffix(r.output, []byte("\n"))
	if report := p.options().Report; report != nil {
		report(Messages{spec.Name(), r.messages.lines, func() []byte { return r.messages.text }, func() []byte { return output }})
	}
	if err := r.problem(ctx, spec, more, len(output)); err != nil {
		return nil, err
	}
	return output, nil
}

var errDeadline = resolve.Unavailable("no answer before the deadline")

// retryable returns ErrUnavailable for a limit that another try may not meet.
func retryable(err error) error {
	if errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.ENOMEM) || errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		return resolve.ErrUnavailable
	}
	return nil
}
