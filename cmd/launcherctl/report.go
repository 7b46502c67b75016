package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// The exit statuses that are not a handler's; the launcher has the same.
const (
	statusUnavailable = 124 // a retry may help
	statusRefused     = 125 // a retry will not help
)

// exitStatus is an error that has been said, or needs no words.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("status %d", int(s)) }

// errUsage is a command line that means nothing.
type errUsage struct{ message, advice string }

func (e errUsage) Error() string { return e.message }
func (e errUsage) Hint() string  { return e.advice }

// hint is the advice of an error that knows what to do about it: one line.
func hint(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

// paste is what an error has for the user to copy: lines of YAML.
func paste(err error) string {
	var p interface{ Paste() string }
	if errors.As(err, &p) {
		return p.Paste()
	}
	return ""
}

// end says what is wrong and is the exit status for it.
func (p *program) end(err error) int {
	var said exitStatus
	switch {
	case err == nil:
		return 0
	case errors.As(err, &said):
		return int(said)
	}
	p.problems("", err)
	return status(err)
}

// status is 124 only where all that went wrong may go right another time.
func status(err error) int {
	for _, e := range document.Unjoin(err) {
		if !errors.Is(e, resolve.ErrUnavailable) {
			return statusRefused
		}
	}
	return statusUnavailable
}

// problems writes each joined error, and a hint after the last of those that
// share it.
func (p *program) problems(level string, err error) {
	list := document.Unjoin(err)
	for i, e := range list {
		advice := hint(e)
		if i+1 < len(list) && hint(list[i+1]) == advice {
			advice = ""
		}
		p.say(level+e.Error(), advice)
		if yaml := paste(e); yaml != "" {
			_, _ = io.WriteString(p.stderr, yaml)
		}
	}
}

func (p *program) warn(err error) {
	if err != nil {
		p.problems("warning: ", err)
	}
}

// detail is a message for --verbose alone: names and places, never a value.
func (p *program) detail(format string, args ...any) {
	if p.verbose {
		p.say(fmt.Sprintf(format, args...), "")
	}
}

// say writes one message on standard error, which holds names and places and
// never a value; standard output has what the user asked for.
func (p *program) say(message, advice string) {
	text := p.name + ": " + oneLine(message) + "\n"
	if advice != "" {
		text += "hint: " + oneLine(advice) + "\n"
	}
	_, _ = io.WriteString(p.stderr, text)
}

// maxLine is the longest message, in bytes.
const maxLine = 2000

// oneLine returns a message as one line of printable characters: a name with
// others in it can neither look like a message of its own nor speak to the
// terminal.
func oneLine(s string) string {
	if len(s) > maxLine {
		s = strings.ToValidUTF8(s[:maxLine], "") + "…"
	}
	return keyname.Escape(s)
}

// usageError is the library's message for a flag, in the house's form.
func (p *program) usageError(c *cli.Context, err error, _ bool) error {
	message := strings.Replace(err.Error(), "flag provided but not defined: -", "unknown flag: --", 1)
	return errUsage{strings.Replace(message, "for flag -", "for flag --", 1), c.Command.HelpName + " --help lists the flags"}
}

func (p *program) noCommand(c *cli.Context) error {
	if c.Args().Present() {
		return errUsage{fmt.Sprintf("unknown command %s", keyname.Quote(c.Args().First())), p.name + " --help lists the commands"}
	}
	return cli.ShowAppHelp(c)
}
