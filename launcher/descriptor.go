package launcher

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/internal/memfd"
)

// filled returns a descriptor to read text and then end of file from, whatever the
// reader does: a pipe that its writer has filled and closed, or a file without a
// name if the text does not fit a pipe.
func filled(text []byte) (int, error) {
	if len(text) > maxPipeSize {
		return sealed(text)
	}
	ends, err := newPipe(len(text))
	if err != nil {
		return 0, fmt.Errorf("open a pipe: %w", err)
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

// sealed returns a read-only descriptor of a file that holds the text.
func sealed(text []byte) (int, error) {
	fd, err := memfd.Sealed("launcher-context", text)
	if err != nil {
		return 0, &RefusedError{"", fmt.Sprintf("the context needs %s: %v", contextFile, err), adviseContextFile}
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
	return unix.Dup2(fd, target)
}

// withhold keeps a descriptor from the handler: standard input becomes /dev/null,
// and any other descriptor closes when the handler starts.
func withhold(fd int) error {
	if fd != 0 {
		unix.CloseOnExec(fd)
		return nil
	}
	null, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open /dev/null in place of standard input: %w", err)
	}
	return unix.Dup2(null, fd)
}
