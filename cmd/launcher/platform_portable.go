//go:build !linux || !(amd64 || arm64) || portable

package main

import (
	"os"
	"runtime"

	urfave "github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/launcher"
	"github.com/seed45446ece/launcher/launcher/supervise"
)

// This file has what the portable program does in another way than the full one, for
// Linux on amd64 and arm64, and what it refuses.

func (p *program) run() error { return p.app(p.args).Run(p.args) }

// newSession reports false: it is for --user.
func (settings) newSession() bool { return false }

// checkPlatform returns an error for each setting that this platform does not have.
func (s settings) checkPlatform() []error {
	var errs []error
	for _, setting := range []struct {
		given bool
		name  string
	}{
		{s.deliver == launcher.Socket, "--deliver socket"},
		{s.init == "always", "--init always"},
		{s.mask, "--mask"},
		{s.user != nil, "--user"},
		{s.grace > 0, "--grace"},
	} {
		if setting.given {
			errs = append(errs, missingHere(setting.name))
		}
	}
	return errs
}

// missingHere returns the error for something that only the full program has.
func missingHere(what string) error {
	return cli.Usage(what+" is not available on "+platform(),
		"use the launcher for Linux on amd64 or arm64, on macOS in a container")
}

// platform returns the name of this platform.
func platform() string {
	name := runtime.GOOS + "/" + runtime.GOARCH
	if name == "linux/amd64" || name == "linux/arm64" {
		name += " with the build tag portable" // as the tests build it
	}
	return name
}

// stay waits for the handler of the files delivery in a process that resolves
// nothing, and reports whether it did. It refuses to be PID 1, which must be an
// init.
func (p *program) stay(_ *urfave.Context, s settings) (bool, error) {
	switch {
	case p.child != nil:
		return false, nil
	case os.Getpid() == 1 && s.init != "never":
		return true, cli.WithHint(missingHere("an init for PID 1"), "start an init such as tini before the launcher (docker run --init), or set --init never")
	case !s.deliver.Stays():
		return false, nil
	}
	status, err := supervise.Config{
		Directory: func() (supervise.Directory, error) { return launcher.MakeDirectory(nil) },
		Report: func(level, message string) {
			if !p.report.Quiet {
				p.report.Message(level, message, "")
			}
		},
	}.Run()
	if err != nil {
		return true, err
	}
	return true, cli.ExitStatus(status)
}

// acceptSignals lets signals end this process. PID 1 cannot be ended by them: it
// watches for them.
func (p *program) acceptSignals() error {
	if os.Getpid() == 1 {
		return nil
	}
	return p.signals.AcceptTermination()
}
