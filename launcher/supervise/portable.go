//go:build !linux || !(amd64 || arm64) || portable

// Package supervise waits for a handler, forwards signals to it and deletes its
// directory. The full one, for Linux on amd64 and arm64, is an init.
//
// It owns the parent process. It resolves no secret: its child, this program
// again, reads the task and becomes the handler. Data flows Config -> child ->
// exit status.
package supervise

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/sigstate"
)

// Config says how to wait for a handler.
type Config struct {
	Directory func() (Directory, error)   // makes the delivery's directory
	Report    func(level, message string) // reports a warning
}

// Directory holds secrets and is deleted when the handler has ended.
type Directory interface {
	Path() string
	Reference() string // by which a child finds it
	Remove() error
}

// forwarded lists the signals that the handler gets when this process gets them.
var forwarded = [...]syscall.Signal{
	syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGABRT, syscall.SIGALRM, syscall.SIGTERM,
	syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH,
}

// Run starts this program again as a child that becomes the handler, and waits for
// it. It returns the child's exit status, 128+n if signal n ended it. It fails if
// it cannot start the child.
func (c Config) Run() (status int, err error) {
	signals := make(chan os.Signal, len(forwarded))
	signal.Reset(syscall.SIGQUIT, syscall.SIGABRT) // sigstate ends this process by them
	for _, s := range forwarded {
		if !signal.Ignored(s) { // as nohup(1) has it; the handler inherits that
			signal.Notify(signals, s)
		}
	}
	directory, err := c.Directory()
	if err != nil {
		return 0, err
	}
	defer func() {
		if err := directory.Remove(); err != nil {
			c.Report("warning", fmt.Sprintf("directory %s, which holds secrets, was not deleted: %v", directory.Path(), err))
		}
	}()
	child, err := start(directory)
	if err != nil {
		return 0, fmt.Errorf("start the handler's process: %w", err)
	}
	return wait(child, signals)
}

// start starts this program as the child. It inherits all that this process
// inherited.
func start(directory Directory) (*os.Process, error) {
	program, err := Self()
	if err != nil {
		return nil, err
	}
	args := append([]string{handlerName, strconv.Itoa(os.Getpid()), directory.Reference()}, os.Args...)
	pid, err := syscall.ForkExec(program, args, &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}})
	if err != nil {
		return nil, err
	}
	return os.FindProcess(pid)
}

// Self returns a path of this program.
func Self() (string, error) { return os.Executable() }

// wait forwards signals until the child has ended.
func wait(child *os.Process, signals <-chan os.Signal) (int, error) {
	var state *os.ProcessState
	var err error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		state, err = child.Wait()
	}()
	for {
		select {
		case s := <-signals:
			if !sentByTerminal(s, child.Pid) {
				_ = child.Signal(s) // it may have ended
			}
		case <-ended:
			if err != nil {
				return 0, fmt.Errorf("wait for the handler: %w", err)
			}
			status := state.Sys().(syscall.WaitStatus)
			if status.Signaled() {
				return 128 + int(status.Signal()), nil
			}
			return status.ExitStatus(), nil
		}
	}
}

// sentByTerminal reports whether the child has got the signal too: a terminal sends
// it to its whole foreground group.
func sentByTerminal(s os.Signal, child int) bool {
	if s != syscall.SIGINT && s != syscall.SIGQUIT && s != syscall.SIGWINCH {
		return false
	}
	if group, err := unix.Getpgid(child); err != nil || group != unix.Getpgrp() {
		return false
	}
	terminal, err := unix.Open("/dev/tty", unix.O_RDONLY|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer func() { _ = unix.Close(terminal) }()
	group, err := unix.IoctlGetInt(terminal, unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// handlerName is the name of the child, as its first argument.
const handlerName = "launcher: start"

// Child is the child of this program, and what it was told.
type Child struct {
	Signals       sigstate.State // for the handler
	Directory     string         // refers to that of the delivery
	Args, Environ []string       // of the parent
	parent        int
}

// ErrParentEnded says that the parent ended first.
var ErrParentEnded = errors.New("the launcher's parent process has ended; the handler was not started")

// NewChild returns nil if this process is no child of this program. It fails if
// somebody else started it under the child's name, or if the parent has ended.
func NewChild(args []string) (*Child, error) {
	if len(args) == 0 || args[0] != handlerName {
		return nil, nil
	}
	if len(args) < 4 {
		return nil, fmt.Errorf("%q is the name of a process that only the launcher starts", handlerName)
	}
	if args[1] != strconv.Itoa(os.Getppid()) {
		return nil, ErrParentEnded
	}
	return &Child{Directory: args[2], Args: args[3:], Environ: os.Environ(), parent: os.Getppid()}, nil
}

// BeforeExec fails if the parent has ended: nobody would delete the directory.
func (c *Child) BeforeExec() error {
	if os.Getppid() != c.parent {
		return ErrParentEnded
	}
	return nil
}
