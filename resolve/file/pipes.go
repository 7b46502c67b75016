package file

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/resolve"
)

// Pipes reads files and also FIFOs, such as a shell's <(command) and /dev/stdin.
// A FIFO can be read only once: if it is named again, Pipes returns the content
// from before.
type Pipes struct {
	mu    sync.Mutex
	known []*pipe
}

// pipe is a FIFO and its content once that was read.
type pipe struct {
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
		return nil, resolve.Unavailable(fmt.Sprintf("%q was not read to its end before the deadline", path))
	}
	return text, err
}

// readPipe waits for a writer, and for the end of what it writes.
func (p *Pipes) readPipe(path string, info fs.FileInfo) ([]byte, error) {
	value, err := p.find(path, info).text()
	return value.Reveal(), err
}

// find returns the FIFO, which is read by the first call of its text.
func (p *Pipes) find(path string, info fs.FileInfo) *pipe {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, known := range p.known {
		if os.SameFile(known.info, info) {
			return known
		}
	}
	found := &pipe{info, sync.OnceValues(func() (resolve.Value, error) {
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
	})}
	p.known = append(p.known, found)
	return found
}

// isPipe reports whether a file is a FIFO, or a socket that this process inherited:
// some programs start others with a socket for standard input.
func isPipe(path string, info fs.FileInfo) bool {
	return info.Mode()&fs.ModeNamedPipe != 0 || info.Mode()&fs.ModeSocket != 0 && descriptor(path) >= 0
}

// openPipe opens a FIFO, or an inherited descriptor that another user made, as a
// container's standard input is.
func openPipe(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOCTTY, 0)
	if fd := descriptor(path); err != nil && fd >= 0 {
		if fd, err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3); err == nil {
			f = os.NewFile(uintptr(fd), path)
		}
	}
	return f, err
}

// descriptor returns the number of the descriptor that a path names, or -1.
func descriptor(path string) int {
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
