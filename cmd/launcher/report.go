package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// The launcher's own exit statuses; docker run and env have 125 to 127.
const (
	statusAbsent      = 1   // get-secret: there is no such key
	statusUnavailable = 124 // a retry may help
	statusRefused     = 125 // a retry will not help
	statusCannotRun   = 126
	statusNotFound    = 127
)

// report writes the launcher's own messages, one line a problem, on standard
// error. A message holds names and places, never a value.
type report struct {
	out io.Writer
	reportOptions
}

// reportOptions says how to report.
type reportOptions struct {
	JSON, Quiet, Verbose bool
	Pod                  bool // its termination log gets the messages too
}

// exitStatus is an error that has been said, or needs no words.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("status %d", int(s)) }

// hinter is an error that knows what to do about it.
type hinter interface{ Hint() string }

func hint(err error) string {
	var h hinter
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

// end says what is wrong and is the exit status for it.
func (r report) end(err error) int {
	var said exitStatus
	switch {
	case err == nil:
		return 0
	case errors.As(err, &said):
		return int(said)
	}
	r.problems("error", err)
	return status(err)
}

// status is 124 only where all that went wrong may go right another time.
func status(err error) int {
	var notFound *launcher.NotFoundError
	var cannotRun *launcher.CannotRunError
	switch {
	case errors.As(err, &notFound):
		return statusNotFound
	case errors.As(err, &cannotRun):
		return statusCannotRun
	}
	for _, e := range document.Unjoin(err) {
		if !errors.Is(e, resolve.ErrUnavailable) {
			return statusRefused
		}
	}
	return statusUnavailable
}

// problems writes each joined error, and a hint after the last of those that
// share it.
func (r report) problems(level string, err error) {
	list := document.Unjoin(err)
	for i, e := range list {
		advice := hint(e)
		if i+1 < len(list) && hint(list[i+1]) == advice {
			advice = ""
		}
		r.line(level, e.Error(), advice)
	}
}

func (r report) warn(err error) {
	if err != nil && !r.Quiet {
		r.problems("warning", err)
	}
}

func (r report) detail(format string, args ...any) {
	if r.Verbose {
		r.line("info", fmt.Sprintf(format, args...), "")
	}
}

func (r report) line(level, message, advice string) {
	if r.Quiet {
		advice = ""
	}
	if r.JSON {
		line, _ := json.Marshal(struct {
			Level   string `json:"level"`
			Message string `json:"message"`
			Hint    string `json:"hint,omitempty"`
		}{level, message, advice}) // strings have no way to fail
		r.write(level, keyname.EscapeJSON(string(line))+"\n")
		return
	}
	if level == "warning" {
		message = "warning: " + message
	}
	text := "launcher: " + oneLine(message) + "\n"
	if advice != "" {
		text += "hint: " + oneLine(advice) + "\n"
	}
	r.write(level, text)
}

// terminationLog is what Kubernetes shows of a container that has ended, by
// default the end of this file; it makes the file before the container starts.
const terminationLog = "/dev/termination-log"

func (r report) write(level, text string) {
	_, _ = io.WriteString(r.out, text)
	if !r.Pod || level == "info" {
		return
	}
	fd, err := unix.Open(terminationLog, unix.O_WRONLY|unix.O_APPEND|unix.O_NONBLOCK|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return // not a pod, or one that has the file elsewhere
	}
	_, _ = unix.Write(fd, []byte(text))
	_ = unix.Close(fd)
}

// maxLine is the longest message, in bytes.
const maxLine = 2000

// oneLine keeps a path or name that no terminal shows as itself from looking like
// a message of its own, and a long one from hiding the others.
func oneLine(s string) string {
	if len(s) > maxLine {
		s = strings.ToValidUTF8(s[:maxLine], "") + "…"
	}
	return keyname.Escape(s)
}
