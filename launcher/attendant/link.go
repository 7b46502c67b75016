// Package attendant is the process beside a handler that answers for its secrets
// or masks them in what it writes.
//
// It owns the link by which the process that becomes the handler tells the
// attendant what it needs, and the passing on of output. It refuses to begin
// without that word, so that no output goes by unmasked. Data flows Message ->
// attendant; it knows no task and no source.
package attendant

import (
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/pid1"
)

// Message is what the attendant is told, once. It is made to be sent, and never
// printed.
type Message struct {
	Input  []byte   // what was read of standard input; nil for nothing
	Values [][]byte // to mask
}

// ErrNoAnswer says that the attendant ended before it could serve.
var ErrNoAnswer = errors.New("the process that serves the handler has ended")

// Tell gives the attendant its message, and waits until it serves. The answer is
// 0, or the exit status with which it has said what is wrong.
//
// The link stays open: it goes on execve, and until then nothing else can take
// its descriptor. It is no os.File, with which the Go runtime would wait on
// descriptors of its own.
func Tell(m Message) (status int, err error) {
	text, err := json.Marshal(m)
	if err == nil {
		err = write(pid1.LinkFD, text)
	}
	if err == nil {
		err = unix.Shutdown(pid1.LinkFD, unix.SHUT_WR)
	}
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	answer, err := readAll(pid1.LinkFD)
	if err != nil || len(answer) != 1 {
		return 0, ErrNoAnswer
	}
	return int(answer[0]), nil
}

// Listen waits for the message. It reports false where there will be none, as
// the other end was closed without a word.
func Listen() (m Message, ok bool, err error) {
	text, err := readAll(pid1.LinkFD)
	if err != nil || len(text) == 0 {
		return m, false, err
	}
	return m, true, json.Unmarshal(text, &m)
}

// Answer tells the process that becomes the handler how it went. One that has
// ended, by a signal, needs no answer.
func Answer(status int) error {
	err := write(pid1.LinkFD, []byte{byte(status)})
	if err == nil {
		err = unix.Shutdown(pid1.LinkFD, unix.SHUT_WR)
	}
	if errors.Is(err, unix.EPIPE) || errors.Is(err, unix.ENOTCONN) {
		return nil
	}
	return err
}

// Life blocks until the attendant is to end.
func Life() { _, _ = readAll(pid1.LifeFD) }

func readAll(fd int) (text []byte, err error) {
	chunk := make([]byte, 64<<10)
	for {
		n, err := unix.Read(fd, chunk)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil || n == 0:
			return text, err
		default:
			text = append(text, chunk[:n]...)
		}
	}
}

// write writes all of it, also where others have made the descriptor one that
// does not block.
func write(fd int, text []byte) error {
	for len(text) > 0 {
		n, err := unix.Write(fd, text)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN):
			_, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, -1)
		case err != nil:
			return err
		default:
			text = text[n:]
		}
	}
	return nil
}
