package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	urfave "github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/handler"
	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/internal/replacefile"
	"github.com/seed45446ece/launcher/launcher/supervise"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// getSecret prints one value of the context that this process was given.
func (p *program) getSecret(c *urfave.Context) error {
	if c.NArg() != 1 {
		return cli.Usage("get-secret takes one KEY", c.Command.UsageText)
	}
	context, err := handler.Read()
	if err != nil {
		return err
	}
	value, err := context.Secret(c.Args().First())
	if errors.Is(err, handler.ErrNoSecret) {
		return p.reportMissing(c.Args().First(), err)
	}
	if err != nil {
		return err
	}
	_, err = io.WriteString(c.App.Writer, value)
	return err
}

// reportMissing reports an ErrNoSecret, and returns the exit status for it.
func (p *program) reportMissing(key string, err error) error {
	message := "secret " + keyname.Show(key) + ": the task does not declare it"
	if errors.Unwrap(err) == nil { // it says why
		message = err.Error()
	}
	p.report.Message(cli.LevelError, message, "run launcher explain with the same flags to list them")
	return cli.ExitStatus(cli.StatusAbsent)
}

// getParam prints one parameter, or all of them as one JSON object.
func (p *program) getParam(c *urfave.Context) error {
	return p.printMember(c, "parameter", func(context *handler.Context) (map[string]any, error) {
		return context.Parameters, nil
	})
}

// getMetadata prints one member of the metadata, or all as one JSON object.
func (p *program) getMetadata(c *urfave.Context) error {
	return p.printMember(c, "metadata", func(context *handler.Context) (members map[string]any, err error) {
		text, err := json.Marshal(context.Metadata)
		if err != nil {
			return nil, err
		}
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		return members, decoder.Decode(&members)
	})
}

// printMember prints one member of an object of the context, or all of them: a
// string unchanged, anything else as JSON.
func (p *program) printMember(c *urfave.Context, what string, object func(*handler.Context) (map[string]any, error)) error {
	if c.NArg() > 1 {
		return cli.Usage(c.Command.Name+" takes at most one NAME", c.Command.UsageText)
	}
	context, err := handler.Read()
	if err != nil {
		return err
	}
	members, err := object(context)
	if err != nil {
		return err
	}
	if c.NArg() == 0 {
		return writeJSON(c.App.Writer, members)
	}
	value, ok := members[c.Args().First()]
	if !ok {
		p.report.Message(cli.LevelError, what+" "+keyname.Quote(c.Args().First())+": not in the task", "")
		return cli.ExitStatus(cli.StatusAbsent)
	}
	if text, ok := value.(string); ok {
		_, err = io.WriteString(c.App.Writer, text)
		return err
	}
	return writeJSON(c.App.Writer, value)
}

func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// install copies this program to DIR/launcher. At any time there is either the whole
// old file or the whole new one.
func (p *program) install(c *urfave.Context) error {
	dir := c.Args().First()
	if c.NArg() != 1 || dir == "" {
		return cli.Usage("install takes one DIR", c.Command.UsageText)
	}
	if err := installTo(dir); err != nil {
		if path := (*os.PathError)(nil); errors.As(err, &path) {
			err = path.Err
		}
		return fmt.Errorf("install in %q: %w", dir, err)
	}
	return nil
}

// installTo works below one descriptor of the directory, even if its path changes.
// It fails if another user, who can write the directory, replaced the file
// meanwhile.
func installTo(dir string) error {
	program, err := supervise.Self()
	if err != nil {
		return err
	}
	source, err := os.Open(program)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }() // opened to read: closing loses nothing
	target, err := unix.Open(dir, unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(target) }()
	return replacefile.In(target, "launcher", 0o755, func(w io.Writer) error {
		_, err := io.Copy(w, source)
		return err
	})
}
