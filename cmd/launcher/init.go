package main

import (
	"os"
	"slices"
	"strings"

	"github.com/seed45446ece/launcher/launcher"
	"github.com/seed45446ece/launcher/launcher/inherit"
	"github.com/seed45446ece/launcher/launcher/pid1"
	"github.com/seed45446ece/launcher/launcher/tmpfs"
)

// stays reports whether this process is to be the handler's parent. A child of
// such a one has the same settings, and never is.
func (s settings) stays() bool {
	if s.init == "never" || inherit.Now().Part != "" {
		return false
	}
	return s.init == "always" || os.Getpid() == 1 || s.deliver.Stays() || s.mask || s.newSession()
}

// newSession reports whether the handler gets a session of its own: another user
// could type into the shell that the launcher was started from (TIOCSTI).
func (s settings) newSession() bool { return s.user != nil && pid1.SharesTerminal() }

// stay returns only with an error: nothing but the flags has been read.
func (p *program) stay(s settings) error {
	stay := pid1.Start{Orders: pid1.Orders{Grace: s.grace, Report: p.report.words()}, Attend: s.attended(), Mask: s.mask, NewSession: s.newSession()}
	if s.deliver.Stays() {
		stay.MakeDirectory = func() (*tmpfs.Directory, error) { return launcher.MakeDirectory(s.user) }
	}
	return stay.Stay()
}

// words is the report's form for a process that has no environment.
func (r report) words() string {
	var words []string
	for word, set := range map[string]bool{"json": r.json, "quiet": r.quiet, "pod": r.pod} {
		if set {
			words = append(words, word)
		}
	}
	slices.Sort(words)
	return strings.Join(words, ",")
}

// reside is the whole program of the handler's parent; its result is the exit
// status, the handler's.
func reside(args []string) int {
	orders, err := pid1.ParseOrders(args)
	words := strings.Split(orders.Report, ",")
	r := report{out: standardError{}, json: slices.Contains(words, "json"), quiet: slices.Contains(words, "quiet"), pod: slices.Contains(words, "pod")}
	if err != nil {
		return r.end(errUsage{err.Error(), helpCommands})
	}
	return orders.Reside(func(level, message string) {
		if level == "error" || !r.quiet {
			r.line(level, message, "")
		}
	})
}
