package launcher

import (
	"fmt"
	"os"
	"strconv"

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

// closeOnExec marks every descriptor from first on, whoever opened it. Kernels
// before 5.11 mark them one by one.
func closeOnExec(first int) error {
	if unix.CloseRange(uint(first), ^uint(0)>>33, unix.CLOSE_RANGE_CLOEXEC) == nil {
		return nil
	}
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return fmt.Errorf("list the open descriptors: %w", err)
	}
	for _, entry := range open {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd >= first {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}
