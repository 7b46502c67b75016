//go:build !windows

package exec

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// maxOutput is the largest value, in bytes. A final newline is not counted.
	maxOutput = 1 << 20
	// maxMessages is how much of standard error is kept.
	maxMessages = 64 << 10
	// afterTERM is how long a process group has from TERM to KILL.
	afterTERM = time.Second
)

// result is what a program wrote, and how it ended.
type result struct {
	status   syscall.WaitStatus
	output   []byte
	messages messages
	tooLong  bool // it wrote more than maxOutput
}

// process is a program that runs. It leads a session, and so a process group.
type process struct {
	pid            int
	stdout, stderr *os.File // what it writes

	mu     sync.Mutex
	reaped bool
	killer *time.Timer
}

// start starts a program with standard input from /dev/null and its output into
// two pipes.
func start(path string, args, environ []string) (*process, error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	defer func() { _ = null.Close() }()
	stdout, out, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = out.Close() }()
	stderr, messages, err := os.Pipe()
	if err != nil {
		_ = stdout.Close()
		return nil, err
	}
	defer func() { _ = messages.Close() }()
	pid, err := syscall.ForkExec(path, args, &syscall.ProcAttr{
		Env: environ, Files: []uintptr{null.Fd(), out.Fd(), messages.Fd()},
		Sys: attributes(),
	})
	if err != nil {
		_, _ = stdout.Close(), stderr.Close()
		return nil, err
	}
	return &process{pid: pid, stdout: stdout, stderr: stderr}, nil
}

// end sends the process group TERM, and KILL if the program is still there later.
func (p *process) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reaped || p.killer != nil {
		return
	}
	p.signal(unix.SIGTERM)
	p.killer = time.AfterFunc(afterTERM, p.kill)
}

func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		p.signal(unix.SIGKILL)
	}
}

// signal signals the process group, and continues it if it was stopped.
func (p *process) signal(signal unix.Signal) {
	_ = unix.Kill(-p.pid, signal)
	_ = unix.Kill(-p.pid, unix.SIGCONT)
}

// reap waits for the program and returns its status.
func (p *process) reap() (status syscall.WaitStatus) {
	for {
		if _, err := syscall.Wait4(p.pid, &status, 0, nil); !errors.Is(err, syscall.EINTR) {
			return status
		}
	}
}

// signalName returns the name of a signal, "" if it has none.
func signalName(signal syscall.Signal) string { return unix.SignalName(signal) }

// forget keeps end and kill from signaling the process group. Call it with p.mu locked.
func (p *process) forget() {
	p.reaped = true
	if p.killer != nil {
		p.killer.Stop()
	}
}

// run returns what a program wrote when it has ended. It ends the program's process
// group when ctx does, and when the program has written too much.
func (p *process) run(ctx context.Context) (r result) {
	defer func() { _, _ = p.stdout.Close(), p.stderr.Close() }()
	stop := context.AfterFunc(ctx, p.end)
	defer stop()
	output := limited{limit: maxOutput + 1, full: p.end}
	var readers sync.WaitGroup
	readers.Go(func() { _, _ = io.Copy(&output, p.stdout) })
	readers.Go(func() { _, _ = io.Copy(&r.messages, p.stderr) })
	r.status = p.wait()
	for _, pipe := range []*os.File{p.stdout, p.stderr} {
		_ = pipe.SetReadDeadline(time.Unix(1, 0)) // a process outside of the group may hold it open
	}
	readers.Wait()
	drain(p.stdout, &output)
	drain(p.stderr, &r.messages)
	r.output, r.tooLong = output.text, output.over
	return r
}

// drain reads what a pipe still holds, and does not wait for more.
func drain(pipe *os.File, to io.Writer) {
	raw, err := pipe.SyscallConn()
	if err != nil {
		return
	}
	_ = pipe.SetReadDeadline(time.Time{})
	chunk := make([]byte, 32<<10)
	_ = raw.Read(func(fd uintptr) bool {
		for {
			n, err := unix.Read(int(fd), chunk)
			switch {
			case errors.Is(err, unix.EINTR):
			case err != nil || n == 0:
				return true
			default:
				_, _ = to.Write(chunk[:n])
			}
		}
	})
}

// limited keeps a text up to a limit, and calls full once if there is more.
type limited struct {
	text  []byte
	limit int
	over  bool
	full  func()
}

func (l *limited) Write(chunk []byte) (int, error) {
	room := min(l.limit-len(l.text), len(chunk))
	l.text = append(l.text, chunk[:room]...)
	if room < len(chunk) && !l.over {
		l.over = true
		l.full()
	}
	return len(chunk), nil
}

// messages counts the lines of standard error, and keeps the first of them.
type messages struct {
	text  []byte
	lines int
	open  bool // the last line has no end yet
}

func (m *messages) Write(chunk []byte) (int, error) {
	m.text = append(m.text, chunk[:min(maxMessages-len(m.text), len(chunk))]...)
	for _, c := range chunk {
		if !m.open {
			m.lines++
		}
		m.open = c != '\n'
	}
	return len(chunk), nil
}
