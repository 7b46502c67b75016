//go:build !linux || portable

package launcher

import "golang.org/x/sys/unix"

// maxPipeSize is what a pipe may hold. If it holds less, the write comes back short
// and the file serves.
const maxPipeSize = 64 << 10

// newPipe opens a pipe. Both ends are close-on-exec and do not block.
func newPipe(int) (ends [2]int, err error) {
	if err := unix.Pipe(ends[:]); err != nil {
		return ends, err
	}
	for _, fd := range ends {
		unix.CloseOnExec(fd)
		if err := unix.SetNonblock(fd, true); err != nil {
			return ends, err
		}
	}
	return ends, nil
}

const (
	contextFile       = "a file"
	adviseContextFile = "set TMPDIR to a directory that you can write, or use --deliver env"
)

// descriptorFolder lists this process's open descriptors.
const descriptorFolder = "/dev/fd"

func closeRangeOnExec(int) error { return unix.ENOSYS }
