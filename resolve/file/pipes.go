package file

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/seed45446ece/launcher/resolve"
)

// Pipes reads files and also FIFOs, such as a shell's <(command) and /dev/stdin.
// A FIFO can be read only once, and an inherited descriptor may be closed later: if
// one is named again, Pipes returns the content from before.
type Pipes struct {
	mu    sync.Mutex
	known []pipe
}

// pipe is a FIFO or a descriptor, and its content once that was read.
type pipe struct {
	path string
	info fs.FileInfo
	text func() (resolve.Value, error)
}

// Read returns the content of a file as the function Read does, and of a FIFO up to
// its end. It fails with resolve.ErrUnavailable if ctx ends first.
func (p *Pipes) Read(ctx context.Context, path string) ([]byte, error) {
	if err := checkPath(path); err != nil {
		return nil, err
	}
	text, err := Await(ctx, func() ([]byte, error) { return read(path, p) })
	if err != nil && ctx.Err() != nil {
		return nil, resolve.Unavailable(fmt.Sprintf("%q was not read completely before the deadline", path))
	}
	return text, err
}

// again returns the content of a path that was read before, and nil for another.
func (p *Pipes) again(path string) func() (resolve.Value, error) {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, known := range p.known {
		if known.path == path {
			return known.text
		}
	}
	return nil
}

// open returns a function whose first call waits for a writer, and reads to the end
// of what it writes.
func (p *Pipes) open(path string, info fs.FileInfo) func() (resolve.Value, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := sync.OnceValues(func() (resolve.Value, error) { return readOnce(path, info) })
	for _, known := range p.known {
		if os.SameFile(known.info, info) {
			text = known.text
		}
	}
	p.known = append(p.known, pipe{path, info, text})
	return text
}

func readOnce(path string, info fs.FileInfo) (resolve.Value, error) {
	f, err := openPipe(path)
	if err != nil {
		return resolve.Value{}, withPath(path, err)
	}
	defer func() { _ = f.Close() }()
	if opened, err := f.Stat(); err != nil || !os.SameFile(info, opened) {
		return resolve.Value{}, fmt.Errorf("%q was replaced while it was opened", path)
	}
	text, err := content(path, f)
	return resolve.NewValue(text), err
}

// isPipe reports whether a file is a FIFO, or a file or socket that this process
// inherited: some programs start others with a socket for standard input.
func isPipe(path string, info fs.FileInfo) bool {
	mode := info.Mode()
	return mode&fs.ModeNamedPipe != 0 || Descriptor(path) >= 0 && (mode.IsRegular() || mode&fs.ModeSocket != 0)
}

// openPipe opens a FIFO, or an inherited descriptor that another user made, as a
// container's standard input is.
func openPipe(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOCTTY, 0)
	if fd := Descriptor(path); err != nil && fd >= 0 {
		if fd, err = duplicate(fd); err == nil {
			f = os.NewFile(uintptr(fd), path)
		}
	}
	return f, err
}

// Descriptor returns the number of the descriptor that a path names, or -1.
func Descriptor(path string) int {
	for _, folder := range []string{"/dev/fd/", "/proc/self/fd/"} {
		if name, ok := strings.CutPrefix(path, folder); ok {
			if fd, err := strconv.ParseUint(name, 10, 31); err == nil {
				return int(fd)
			}
		}
	}
	if path == "/dev/stdin" {
		return 0
	}
	return -1
}
