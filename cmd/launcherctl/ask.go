//go:build !windows

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/internal/cli"
)

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), getTerminal)
	return err == nil
}

// askTerminal prompts on the controlling terminal and reads one line without
// echoing it. It always restores the terminal. A signal n that ends the program is
// cli.ExitStatus 128+n.
//
// The terminal's own line editing is off, as it cuts a line after 4,095 bytes,
// termios(3); backspace and Ctrl-U work all the same.
func askTerminal(prompt string) ([]byte, error) {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil, cli.Usage("no terminal to prompt on", "")
	}
	defer func() { _ = tty.Close() }() // nothing is lost by it
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer signal.Stop(signals)
	signal.Ignore(syscall.SIGTSTP) // a shell may show what is typed once the program goes on
	defer signal.Reset(syscall.SIGTSTP)
	restore, err := hideInput(tty)
	if err != nil {
		return nil, err
	}
	defer restore()
	if _, err := io.WriteString(tty, prompt); err != nil {
		return nil, err
	}
	answers := make(chan answer, 1)
	go func() { answers <- readAnswer(tty) }() // a signal leaves it behind
	select {
	case a := <-answers:
		return a.text, a.err
	case s := <-signals:
		return nil, cli.ExitStatus(128 + signalNumber(s))
	}
}

// hideInput stops the terminal from echoing what is typed, until restore.
func hideInput(tty *os.File) (restore func(), err error) {
	fd := int(tty.Fd())
	before, err := unix.IoctlGetTermios(fd, getTerminal)
	if err == nil {
		err = unix.IoctlSetTermios(fd, setTerminal, hiddenMode(*before))
	}
	if err != nil {
		return nil, fmt.Errorf("turn the terminal's echo off: %w", err)
	}
	return func() { // what was typed ahead is not left to the shell
		_ = unix.IoctlSetTermios(fd, setTerminal, before)
		_, _ = io.WriteString(tty, "\n")
	}, nil
}

type answer struct {
	text []byte
	err  error
}

// readAnswer reads one line. It fails if more than that was typed.
func readAnswer(tty *os.File) answer {
	text, err := readLine(tty)
	if err == nil && hasInput(int(tty.Fd())) {
		err = cli.Usage("more than one line was typed or pasted", "use --from-file KEY=FILE for a value of several lines")
	}
	return answer{text, err}
}

// hiddenMode returns the mode without echo and line editing. The keys for signals
// still work.
func hiddenMode(mode unix.Termios) *unix.Termios {
	mode.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.IEXTEN
	mode.Iflag &^= unix.IXON | unix.ISTRIP
	mode.Iflag |= unix.ICRNL
	mode.Cc[unix.VMIN], mode.Cc[unix.VTIME] = 1, 0
	return &mode
}

// hasInput reports whether there is more to read already.
func hasInput(fd int) bool {
	n, err := unix.IoctlGetInt(fd, countTyped)
	return err == nil && n > 0
}

// The keys that edit a line, as terminals send them.
const (
	keyEnd       = 0x04 // Ctrl-D
	keyBackspace = 0x08
	keyKill      = 0x15 // Ctrl-U
	keyDelete    = 0x7f
)

var errNoAnswer = errors.New("no answer")

// maxAnswer is the longest line, in bytes: the size of a Secret.
const maxAnswer = 1 << 20

// readLine reads up to the end of the line.
func readLine(r io.Reader) ([]byte, error) {
	var line []byte
	key := make([]byte, 1)
	for len(line) <= maxAnswer {
		if _, err := io.ReadFull(r, key); err != nil {
			return nil, err
		}
		switch key[0] {
		case '\n':
			return line, nil
		case keyEnd:
			if len(line) == 0 {
				return nil, errNoAnswer
			}
			return line, nil
		case keyBackspace, keyDelete:
			_, size := utf8.DecodeLastRune(line)
			line = line[:len(line)-size]
		case keyKill:
			line = line[:0]
		default:
			line = append(line, key[0])
		}
	}
	return nil, errors.New("the line is longer than a Secret can be")
}
