//go:build !portable

package memfd

import (
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"
)

// Sealed returns a descriptor, close-on-exec and for reading only, of a file in
// memory that holds the text. The name is for debuggers.
func Sealed(name string, text []byte) (int, error) {
	fd, err := create(name)
	if err != nil {
		return 0, fmt.Errorf("open a memfd: %w", err)
	}
	if err := fill(fd, text); err != nil {
		_ = unix.Close(fd)
		return 0, err
	}
	readOnly, err := unix.Open("/proc/self/fd/"+strconv.Itoa(fd), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fd, nil // no /proc: only the seals keep it from being changed
	}
	return readOnly, unix.Close(fd)
}

// IsSealed reports whether a descriptor is open on a file in memory that nobody can
// write.
func IsSealed(fd int) bool {
	seals, err := unix.FcntlInt(uintptr(fd), unix.F_GET_SEALS, 0)
	return err == nil && seals&unix.F_SEAL_WRITE != 0
}

func fill(fd int, text []byte) error {
	for done := 0; done < len(text); {
		n, err := unix.Pwrite(fd, text[done:], int64(done))
		if err != nil {
			return fmt.Errorf("write a memfd: %w", err)
		}
		done += n
	}
	const seals = unix.F_SEAL_WRITE | unix.F_SEAL_GROW | unix.F_SEAL_SHRINK | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals); err != nil {
		return fmt.Errorf("seal a memfd: %w", err)
	}
	return nil
}

// create makes the file one that nobody can execute; kernels before 6.3 do not
// know that flag.
func create(name string) (int, error) {
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err := unix.MemfdCreate(name, flags|unix.MFD_NOEXEC_SEAL)
	if errors.Is(err, unix.EINVAL) {
		return unix.MemfdCreate(name, flags)
	}
	return fd, err
}
