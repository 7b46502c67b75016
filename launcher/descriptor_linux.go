//go:build !portable

package launcher

import "golang.org/x/sys/unix"

// What a new pipe holds, and what anybody may have one hold, pipe(7). If the
// kernel gives less, the write comes back short and the memfd serves.
const (
	pipeSize    = 64 << 10
	maxPipeSize = 1 << 20
)

// newPipe opens a pipe that holds the size if the kernel agrees. Both ends are
// close-on-exec and do not block.
func newPipe(size int) (ends [2]int, err error) {
	err = unix.Pipe2(ends[:], unix.O_CLOEXEC|unix.O_NONBLOCK)
	if err == nil && size > pipeSize {
		_, _ = unix.FcntlInt(uintptr(ends[1]), unix.F_SETPIPE_SZ, size)
	}
	return ends, err
}

const (
	contextFile       = "a memfd"
	adviseContextFile = "allow memfd_create (seccomp filter, limits), or use --deliver files or env"
)

// descriptorFolder lists this process's open descriptors.
const descriptorFolder = "/proc/self/fd"

func closeRangeOnExec(first int) error {
	return unix.CloseRange(uint(first), 1<<31-1, unix.CLOSE_RANGE_CLOEXEC)
}
