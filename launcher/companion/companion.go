//go:build linux && (amd64 || arm64) && !portable

// Package companion is the process beside a handler that resolves its secrets,
// and then answers for them on a socket or redacts them in its output.
//
// It owns what the companion and the handler's process say to each other, and
// the copying of output. It refuses to let output pass before it knows what to
// redact. Data flows companion -> Send -> Receive -> handler. It knows no task
// and no source.
package companion

import (
	"encoding/json"
	"errors"
	"io"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/supervise"
)

// ErrEnded says that the other process ended without a word.
var ErrEnded = errors.New("the companion process has ended; the handler was not started")

// Send sends the other process one message, as JSON. A process that has ended
// needs none.
func Send(fd int, message any) error {
	text, err := json.Marshal(message)
	if err == nil {
		err = supervise.WriteAll(fd, text)
	}
	if err == nil {
		err = unix.Shutdown(fd, unix.SHUT_WR)
	}
	if errors.Is(err, unix.EPIPE) || errors.Is(err, unix.ENOTCONN) {
		return nil
	}
	return err
}

// Receive waits for the other process's message. It fails with ErrEnded if that
// process ends first.
func Receive(fd int, message any) error {
	text, err := io.ReadAll(supervise.Descriptor(fd))
	if err != nil || len(text) == 0 {
		return ErrEnded
	}
	return json.Unmarshal(text, message)
}
