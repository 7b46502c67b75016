package file

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"sync"

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
		text, err := readOpened(path, 0, func(path string, opened fs.FileInfo) error {
			if !os.SameFile(info, opened) {
				return fmt.Errorf("%q was replaced while it was opened", path)
			}
			return nil
		})
		return resolve.NewValue(text), err
	})}
	p.known = append(p.known, found)
	return found
}
