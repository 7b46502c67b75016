//go:build linux && (amd64 || arm64) && !portable

package main

import (
	"os"

	urfave "github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/launcher/sigstate"
	"github.com/seed45446ece/launcher/launcher/supervise"
)

// run runs the command, or becomes the handler that the companion prepared.
func (p *program) run() error {
	if p.child != nil && p.child.Role == supervise.HandlerProcess && p.child.HasCompanion {
		return p.awaitCompanion()
	}
	return p.app(p.args).Run(p.args)
}

// stay runs this process if it does not become the handler, and reports whether it
// did: as the parent of a process that does, or as the companion.
func (p *program) stay(c *urfave.Context, s settings) (bool, error) {
	switch {
	case p.child == nil && s.supervised():
		return true, p.supervise(s)
	case p.child != nil && p.child.Role == supervise.CompanionProcess:
		return true, p.runCompanion(c, s)
	}
	return false, nil
}

// checkPlatform returns nil: this platform has everything.
func (settings) checkPlatform() []error { return nil }

// acceptSignals lets HUP, INT, QUIT, ABRT and TERM end this process, which has
// all signals blocked from its start. PID 1 cannot be ended by them: it watches
// for them, or forwards them. The companion ignores them: they are meant for the
// handler.
func (p *program) acceptSignals() error {
	switch {
	case os.Getpid() == 1:
		return nil
	case p.child != nil && p.child.Role == supervise.CompanionProcess:
		return sigstate.IgnoreAll()
	}
	return p.signals.AcceptTermination()
}
