package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// The levels of messages.
const (
	LevelError   = "error"
	LevelWarning = "warning"
	LevelInfo    = "info"
)

// Report writes a program's own messages, one line for each problem. A message
// holds names and places, never a value.
type Report struct {
	Program string // what text messages start with
	Out     io.Writer
	Log     io.Writer // gets errors and warnings too, if not nil
	Options
}

// Options says how to report.
type Options struct{ JSON, Quiet, Verbose bool }

// End reports an error and returns the exit status for it, 0 for nil.
func (r *Report) End(err error) int {
	var status ExitStatus
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status):
		return int(status)
	}
	r.Problems(LevelError, err)
	return Status(err)
}

// Problems writes each joined error. A hint follows the last of the errors that
// share it, with others between them or not, and then the lines that an error has
// for the user to copy.
func (r *Report) Problems(level string, err error) {
	list := document.Unjoin(err)
	for i, e := range list {
		hint := Hint(e)
		if slices.ContainsFunc(list[i+1:], func(later error) bool { return Hint(later) == hint }) {
			hint = ""
		}
		r.Message(level, e.Error(), hint)
		var lines interface{ Paste() string }
		if !r.JSON && errors.As(e, &lines) {
			_, _ = io.WriteString(r.Out, lines.Paste())
		}
	}
}

// Warn writes an error as a warning, unless it is nil or the report is quiet.
func (r *Report) Warn(err error) {
	if err != nil && !r.Quiet {
		r.Problems(LevelWarning, err)
	}
}

// Detail writes a message if the report is verbose.
func (r *Report) Detail(format string, args ...any) {
	if r.Verbose {
		r.Message(LevelInfo, fmt.Sprintf(format, args...), "")
	}
}

// Message writes one message, and its hint unless that is empty or the report is
// quiet.
func (r *Report) Message(level, message, hint string) {
	if r.Quiet {
		hint = ""
	}
	text := r.text(level, message, hint)
	_, _ = io.WriteString(r.Out, text)
	if r.Log != nil && level != LevelInfo {
		_, _ = io.WriteString(r.Log, text)
	}
}

func (r *Report) text(level, message, hint string) string {
	if r.JSON {
		line, _ := json.Marshal(struct {
			Level   string `json:"level"`
			Message string `json:"message"`
			Hint    string `json:"hint,omitempty"`
		}{level, message, hint}) // strings always encode
		return keyname.EscapeJSON(string(line)) + "\n"
	}
	if level == LevelWarning {
		message = "warning: " + message
	}
	text := r.Program + ": " + OneLine(message) + "\n"
	if hint != "" {
		text += "hint: " + OneLine(hint) + "\n"
	}
	return text
}

// maxLine is the longest message, in bytes.
const maxLine = 2000

// OneLine returns text as one line of printable characters, cut after 2,000
// bytes. A name inside it can neither look like a message of its own nor control
// the terminal.
func OneLine(text string) string {
	if len(text) > maxLine {
		text = strings.ToValidUTF8(text[:maxLine], "") + "…"
	}
	return keyname.Escape(text)
}
