package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/file"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// StandardInput names standard input in place of a file.
const StandardInput = "-"

// ErrNoFile says that the file of a flag does not exist.
var ErrNoFile = errors.New("does not exist")

// ReadText returns the content of the file or FIFO that a flag names, or of
// standard input, and its name for messages. It returns ErrNoFile if there is no file.
func ReadText(ctx context.Context, pipes *file.Pipes, flag, path string, stdin io.Reader) (origin string, text []byte, err error) {
	if origin = path; path == StandardInput {
		origin = "standard input"
		text, err = file.ReadFrom(ctx, origin, stdin)
	} else {
		text, err = pipes.Read(ctx, path)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = fmt.Errorf("%s: %q %w", flag, path, ErrNoFile)
	case err != nil:
		err = WithHint(fmt.Errorf("%s: %w", flag, err), "name a regular file or a pipe, or - for standard input")
	}
	return origin, text, err
}

// ParseDocument parses text that ReadText returned, as JSON if the path ends in
// .json, else as YAML. It stops with the context.
func ParseDocument(ctx context.Context, origin string, text []byte) (*document.Node, error) {
	parse := document.Parse
	if filepath.Ext(origin) == ".json" {
		parse = document.ParseJSON
	}
	return file.Await(ctx, func() (*document.Node, error) { return parse(keyname.Plain(origin), text) })
}
