package launcher

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
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

// sealed is a memfd that holds text, that nobody can change and that is open
// for reading only, memfd_create(2).
func sealed(text []byte) (int, error) {
	fd, err := memfd()
	if err != nil {
		return 0, &RefusedError{"", fmt.Sprintf("the context needs a memfd: %v", err), "a seccomp filter or a limit may refuse memfd_create; use --deliver files, or env"}
	}
	for done := 0; done < len(text); {
		n, err := unix.Pwrite(fd, text[done:], int64(done))
		if err != nil {
			return 0, fmt.Errorf("write the context: %w", err)
		}
		done += n
	}
	const seals = unix.F_SEAL_WRITE | unix.F_SEAL_GROW | unix.F_SEAL_SHRINK | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals); err != nil {
		return 0, fmt.Errorf("seal the context: %w", err)
	}
	readOnly, err := unix.Open("/proc/self/fd/"+strconv.Itoa(fd), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fd, nil // no /proc: the seals alone keep it from being changed
	}
	return readOnly, unix.Close(fd)
}

// memfd asks for one that cannot be executed; kernels before 6.3 do not know
// that flag.
func memfd() (int, error) {
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err := unix.MemfdCreate("launcher-context", flags|unix.MFD_NOEXEC_SEAL)
	if errors.Is(err, unix.EINVAL) {
		return unix.MemfdCreate("launcher-context", flags)
	}
	return fd, err
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
