package appended

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Error is a second program that cannot be started, and what to do about it.
type Error struct {
	Message, Advice string
	Err             error // the system's; nil where the file is at fault
}

func (e *Error) Error() string {
	if e.Err == nil {
		return e.Message
	}
	return e.Message + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// Hint is what to do about it.
func (e *Error) Hint() string { return e.Advice }

const ownFile = "/proc/self/exe"

// Exec replaces this process by the second program of its own file, so it
// returns only with an error. The second program has every descriptor that this
// one was started with, and by Input what this one read of standard input.
//
// The program runs from a memfd, memfd_create(2): no file system has to be
// writable, and nothing is left behind.
func Exec(args, environ []string, input []byte) error {
	fd, err := program()
	if err != nil {
		return err
	}
	if err := leave(input); err != nil {
		return err
	}
	return refused(unix.Exec("/proc/self/fd/"+strconv.Itoa(fd), args, environ))
}

// refused is what the system, or whoever set it up, has against a program in
// memory.
func refused(err error) error {
	return &Error{"the second program of this file cannot run from memory",
		"vm.memfd_noexec, a security policy or a memory limit may forbid it; a launcher from go install or go build has one program and needs none of that", err}
}

// program is a sealed memfd with the second program.
func program() (int, error) {
	self, err := os.Open(ownFile)
	if err != nil {
		var of *fs.PathError
		if errors.As(err, &of) {
			err = of.Err
		}
		return 0, &Error{"open " + ownFile, "this launcher needs /proc and leave to read its own file; one from go install or go build does not", err}
	}
	defer func() { _ = self.Close() }() // opened to read: closing loses nothing
	info, err := self.Stat()
	if err != nil {
		return 0, err
	}
	offset, length, ok := locate(self, info.Size())
	if !ok {
		return 0, &Error{"this file holds no second program, or not all of it", "take one from make build, go install or go build ./cmd/launcher, and do not strip it", nil}
	}
	fd, err := memfd("launcher", unix.MFD_CLOEXEC|unix.MFD_EXEC)
	if err != nil {
		return 0, refused(err)
	}
	if err := fill(fd, self, offset, length); err != nil {
		return 0, refused(err)
	}
	return fd, seal(fd)
}

// memfd is an empty one. Kernels before 6.3 do not know the flags that say
// whether it can be executed, and all of theirs can.
func memfd(name string, flags int) (int, error) {
	fd, err := unix.MemfdCreate(name, flags|unix.MFD_ALLOW_SEALING)
	if errors.Is(err, unix.EINVAL) {
		return unix.MemfdCreate(name, flags&unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	}
	return fd, err
}

// fill copies in the kernel, and by hand what a file system has no way to send.
func fill(fd int, file *os.File, offset, length int64) error {
	at, end := offset, offset+length
	for at < end {
		n, err := unix.Sendfile(fd, int(file.Fd()), &at, int(end-at))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || n == 0 {
			break
		}
	}
	rest, err := io.ReadAll(io.NewSectionReader(file, at, end-at))
	if err == nil && int64(len(rest)) < end-at {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	return write(fd, rest, at-offset)
}

func write(fd int, text []byte, at int64) error {
	for len(text) > 0 {
		n, err := unix.Pwrite(fd, text, at)
		if err != nil {
			return err
		}
		text, at = text[n:], at+int64(n)
	}
	return nil
}

// seal keeps a memfd from being changed by anybody.
func seal(fd int) error {
	const seals = unix.F_SEAL_WRITE | unix.F_SEAL_GROW | unix.F_SEAL_SHRINK | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals); err != nil {
		return fmt.Errorf("seal a memfd: %w", err)
	}
	return nil
}
