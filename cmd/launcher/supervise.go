//go:build linux && (amd64 || arm64) && !portable

package main

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/launcher"
	"github.com/seed45446ece/launcher/launcher/supervise"
)

// supervised reports whether the handler needs a parent that stays.
func (s settings) supervised() bool {
	return s.init == "always" || s.init != "never" && (os.Getpid() == 1 || s.deliver.Stays() || s.mask || s.newSession())
}

// newSession reports whether the handler gets a session of its own: another user
// could type into the shell that the launcher was started from (TIOCSTI).
func (s settings) newSession() bool { return s.user != nil && supervise.SharesTerminal() }

// hasCompanion reports whether the handler needs a process beside it.
func (s settings) hasCompanion() bool { return s.mask || s.deliver == launcher.Socket }

// supervise stays as the handler's parent. Only the flags have been read: the
// children read the task.
func (p *program) supervise(s settings) error {
	r := p.report
	c := supervise.Config{
		Signals: p.signals, Grace: s.grace, Companion: s.hasCompanion(), Redact: s.mask,
		NewSession: s.newSession(), GiveDescriptor: s.user.GiveDescriptor,
		Report: func(level, message string) {
			if level == cli.LevelError || !r.Quiet {
				r.Message(level, message, "")
			}
		},
	}
	if s.deliver.Stays() {
		c.Directory = func() (supervise.Directory, error) {
			d, err := launcher.MakeDirectory(s.user)
			if err != nil {
				return nil, err
			}
			return d, nil
		}
	}
	status, err := c.Run()
	switch {
	case errors.Is(err, unix.EAGAIN):
		return cli.WithHint(err, "raise the limit of processes: the launcher needs 16 besides the handler's, or 32 with --mask or --deliver socket")
	case err != nil:
		return err
	}
	return cli.ExitStatus(status)
}
