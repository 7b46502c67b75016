package supervise

import (
	"errors"

	"golang.org/x/sys/unix"
)

// WriteAll writes all of text, also if somebody made the descriptor one that
// does not block.
func WriteAll(fd int, text []byte) error {
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
