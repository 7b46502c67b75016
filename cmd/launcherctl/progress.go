package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/term"

	"github.com/seed45446ece/launcher/internal/cli"
)

// progress writes logs and messages above a last line that says how far a Job is.
// There is no such line if standard error is not a terminal.
type progress struct {
	mu       sync.Mutex
	out, err io.Writer
	width    int    // 0 for no line
	line     string // that is to be the last
	open     bool   // the text above it does not end with its line
}

func newProgress(out, err io.Writer) *progress {
	s := &progress{out: out, err: err}
	if f, ok := err.(*os.File); ok && isTerminal(err) {
		s.width = 80
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			s.width = width
		}
	}
	return s
}

// clearLine goes to the start of the line and empties it: ECMA-48, EL.
const clearLine = "\r\x1b[K"

// setLine replaces the last line; "" removes it.
func (s *progress) setLine(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.width == 0 {
		return
	}
	s.hide()
	s.line = line
	s.show()
}

func (s *progress) hide() {
	if s.line != "" && !s.open {
		_, _ = io.WriteString(s.err, clearLine)
	}
}

func (s *progress) show() {
	if s.line != "" && !s.open {
		_, _ = fmt.Fprint(s.err, cli.OneLine(s.line[:min(len(s.line), s.width-1)]))
	}
}

// writeAbove writes text above the last line.
func (s *progress) writeAbove(to io.Writer, text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hide()
	n, err := to.Write(text)
	if len(text) > 0 {
		s.open = !bytes.HasSuffix(text, []byte{'\n'})
	}
	s.show()
	return n, err
}

// writer makes a function an io.Writer.
type writer func([]byte) (int, error)

func (w writer) Write(text []byte) (int, error) { return w(text) }

func (s *progress) logs() io.Writer {
	return writer(func(text []byte) (int, error) { return s.writeAbove(s.out, text) })
}

func (s *progress) messages() io.Writer {
	return writer(func(text []byte) (int, error) { return s.writeAbove(s.err, text) })
}
