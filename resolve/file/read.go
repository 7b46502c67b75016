package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/seed45446ece/launcher/resolve"
)

// maxSize is the largest file that is read, in bytes. A Kubernetes Secret holds
// 1 MiB; a larger file is a mistake that must not exhaust the pod's memory.
const maxSize = 16 << 20

// Read returns the content of a regular file, or of a symbolic link to one, of at
// most 16 MiB. It refuses anything else without opening it: a FIFO or a terminal
// could block for ever, a device could act. It fails with fs.ErrNotExist if the
// file is missing. It returns when ctx ends, even if a network file system does
// not answer.
func Read(ctx context.Context, path string) ([]byte, error) {
	if err := checkPath(path); err != nil {
		return nil, err
	}
	return Await(ctx, func() ([]byte, error) { return read(path, nil) })
}

// ReadFrom returns all of an open stream, at most 16 MiB; name is for messages. It
// returns when ctx ends.
func ReadFrom(ctx context.Context, name string, r io.Reader) ([]byte, error) {
	return Await(ctx, func() ([]byte, error) { return content(name, r) })
}

// checkPath refuses a name that no file can have.
func checkPath(path string) error {
	switch {
	case path == "":
		return errors.New("a file's path is empty")
	case strings.IndexByte(path, 0) >= 0:
		return fmt.Errorf("a file's path %q holds a NUL byte", path)
	}
	return nil
}

// Await returns what f returns, or ctx's error if ctx ends first. Then f is left
// to itself: nothing can interrupt a system call on a dead mount.
func Await[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	done := make(chan result, 1)
	go func() {
		defer func() {
			if recover() != nil { // its text might hold a value
				done <- result{err: errors.New("internal error: reading panicked; please report it")}
			}
		}()
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// read reads a regular file, or with pipes also a FIFO.
func read(path string, pipes *Pipes) ([]byte, error) {
	if text := pipes.again(path); text != nil {
		return reveal(text())
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, withPath(path, err)
	case pipes != nil && isPipe(path, info):
		return reveal(pipes.open(path, info)())
	}
	if err := checkRegular(path, info); err != nil {
		return nil, err
	}
	// The name may be another file's by now: do not wait in open, and look again.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, withPath(path, err)
	}
	defer func() { _ = f.Close() }() // opened to read: closing loses nothing
	if info, err = f.Stat(); err != nil {
		return nil, withPath(path, err)
	}
	if err := checkRegular(path, info); err != nil {
		return nil, err
	}
	// On macOS a descriptor's file, /dev/fd/N, shares the offset of whoever opened it.
	return content(path, io.NewSectionReader(f, 0, maxSize+1))
}

func reveal(value resolve.Value, err error) ([]byte, error) { return value.Reveal(), err }

// content reads up to the limit, as a size is only a claim: /proc says 0, and a
// log grows.
func content(path string, r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	if err != nil {
		return nil, withPath(path, err)
	}
	if len(text) > maxSize {
		return nil, tooLarge(path)
	}
	return text, nil
}

func checkRegular(path string, info fs.FileInfo) error {
	switch mode := info.Mode(); {
	case mode.IsDir():
		return fmt.Errorf("%q is a directory", path)
	case mode&fs.ModeNamedPipe != 0:
		return fmt.Errorf("%q is a FIFO: reading it may never end", path)
	case mode&fs.ModeSocket != 0:
		return fmt.Errorf("%q is a socket", path)
	case mode&fs.ModeDevice != 0:
		return fmt.Errorf("%q is a device", path)
	case !mode.IsRegular():
		return fmt.Errorf("%q is not a regular file", path)
	case info.Size() > maxSize:
		return tooLarge(path)
	}
	return nil
}

func tooLarge(path string) error {
	return fmt.Errorf("%q is larger than %d MiB", path, maxSize>>20)
}

// withPath returns an os error with the path quoted, which os does not do.
func withPath(path string, err error) error {
	var of *fs.PathError
	if errors.As(err, &of) {
		err = of.Err
	}
	return fmt.Errorf("%q: %w", path, err)
}
