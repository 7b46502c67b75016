package launcher

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/internal/memfd"
)

// What a new pipe holds, and what anybody may have one hold, pipe(7). Where the
// kernel gives less, the write comes back short and the memfd serves.
const (
	pipeSize    = 64 << 10
	maxPipeSize = 1 << 20
)

// filled is a descriptor to read text and then end of file from, whatever the
// reader does: a pipe that its writer has filled and closed, or a sealed memfd
// where the text does not fit one.
func filled(text []byte) (int, error) {
	if len(text) > maxPipeSize {
		return sealed(text)
	}
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return 0, fmt.Errorf("open a pipe: %w", err)
	}
	if len(text) > pipeSize {
		_, _ = unix.FcntlInt(uintptr(ends[1]), unix.F_SETPIPE_SZ, len(text))
	}
	n, err := unix.Write(ends[1], text)
	_ = unix.Close(ends[1])
	if err != nil || n < len(text) {
		_ = unix.Close(ends[0])
		return sealed(text)
	}
	// The handler's read end blocks, as anybody's standard input does.
	return ends[0], unix.SetNonblock(ends[0], false)
}

// sealed returns a read-only descriptor of text that nobody can change.
func sealed(text []byte) (int, error) {
	fd, err := memfd.Sealed("launcher-context", text)
	if err != nil {
		return 0, &RefusedError{"", fmt.Sprintf("the context needs a memfd: %v", err), "a seccomp filter or a limit may refuse memfd_create; use --deliver files, or env"}
	}
	return fd, nil
}

// placeContext puts the context of the stdin delivery on standard input, and that
// of the fd delivery on the reserved descriptor.
func (e Execution) placeContext(reserved int) error {
	var fd, target int
	var err error
	switch e.Deliver {
	case Stdin:
		fd, err = filled(e.Context)
	case FD:
		target = reserved
		fd, err = sealed(e.Context)
	default:
		return nil
	}
	if err == nil {
		err = e.User.GiveDescriptor(fd) // so that the handler can open /dev/stdin again
	}
	if err != nil {
		return err
	}
	return unix.Dup3(fd, target, 0)
}
