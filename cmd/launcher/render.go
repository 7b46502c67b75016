package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"unicode/utf8"

	urfave "github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/handler"
	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/internal/replacefile"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// outputFlag is the flag of render. It has no variable: a handler calls render.
var outputFlag = cli.Flag{Name: "output", Argument: "FILE", Usage: "write this file, with mode 0600, in place of standard output; an old one is replaced once the new one is complete"}

// render fills in a template from the context that this process was given. It prints
// or writes nothing if a secret or a parameter is missing.
func (p *program) render(c *urfave.Context) error {
	output, arguments := c.String("output"), c.Args().Slice()
	if len(arguments) == 3 && arguments[1] == "--output" {
		output, arguments = arguments[2], arguments[:1]
	}
	if len(arguments) != 1 || arguments[0] == cli.StandardInput {
		return cli.Usage("render takes one TEMPLATE, a file", c.Command.UsageText)
	}
	origin, text, err := cli.ReadText(context.Background(), &p.pipes, "render", arguments[0], os.Stdin)
	if err != nil {
		return cli.WithHint(err, "name a regular file or a pipe")
	}
	job, err := handler.Read()
	if err != nil {
		return err
	}
	rendered, err := p.fillIn(job, origin, string(text))
	switch {
	case err != nil:
		return err
	case output == "":
		_, err = c.App.Writer.Write(rendered)
		return err
	}
	if err := replaceFile(output, rendered); err != nil {
		return fmt.Errorf("render: write %s: %w", keyname.Quote(output), err)
	}
	return nil
}

// fillIn returns a template's text. It reports all that is missing, and returns the
// exit status for that.
func (p *program) fillIn(job *handler.Context, origin, text string) ([]byte, error) {
	missing, revealed := false, []string(nil)
	isSecret := func(name string) bool { // and so nothing that a message may show
		return slices.ContainsFunc(revealed, func(value string) bool { return value != "" && strings.Contains(name, value) })
	}
	secret := func(key string) (string, error) {
		value, err := job.Secret(key)
		switch {
		case !errors.Is(err, handler.ErrNoSecret):
			revealed = append(revealed, value)
			return value, err
		case isSecret(key):
			return "", errors.New("the key holds the value of a secret")
		}
		missing = true
		_ = p.reportMissing(key, err) // the template goes on, so that all are reported
		return "", nil
	}
	param := func(name string) (any, error) {
		value, ok := job.Parameters[name]
		switch {
		case !ok && isSecret(name):
			return nil, errors.New("the name holds the value of a secret")
		case !ok:
			p.report.Message(cli.LevelError, "parameter "+keyname.Quote(name)+": not in the task", "")
			missing = true
		}
		return value, nil
	}
	functions := template.FuncMap{"secret": secret, "param": param, "json": toJSON}
	t, err := template.New(keyname.Plain(filepath.Base(origin))).Funcs(functions).Option("missingkey=error").Parse(text)
	var out bytes.Buffer
	if err == nil {
		err = t.Execute(&out, nil)
	}
	switch {
	case missing:
		return nil, cli.ExitStatus(cli.StatusAbsent)
	case err != nil:
		return nil, templateError(err, len(revealed) > 0)
	}
	return out.Bytes(), nil
}

// templateError returns a template's error with its place. If the template has read
// a secret, it keeps only causes that hold no value: "range can't iterate over %v"
// does.
func templateError(err error, hasSecret bool) error {
	text := strings.TrimPrefix(err.Error(), "template: ")
	place, cause, _ := strings.Cut(text, ">: ")
	isKnown := slices.ContainsFunc(causesWithoutValues, func(start string) bool { return strings.HasPrefix(cause, start) })
	if hasSecret && errors.As(err, new(template.ExecError)) && !isKnown {
		text = place + ">: the template cannot use this value"
	}
	return errors.New("render: " + text)
}

// causesWithoutValues are what messages of text/template start with that show only
// types and the template's own text.
var causesWithoutValues = []string{"error calling secret: ", "error calling param: ", "error calling json: ", "can't evaluate field ", "wrong number of args ", "exceeded maximum "}

// toJSON returns a value as JSON, which YAML reads too.
func toJSON(value any) (string, error) {
	if text, ok := value.(string); ok && !utf8.ValidString(text) {
		return "", errors.New("it is not UTF-8, which JSON cannot hold")
	}
	var text bytes.Buffer
	err := writeJSON(&text, value)
	return strings.TrimSuffix(text.String(), "\n"), err
}

// replaceFile writes a file with mode 0600, in place of an old one or of a link.
func replaceFile(path string, text []byte) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return errors.New("it is not a regular file")
	}
	dir, err := unix.Open(filepath.Dir(path), unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(dir) }()
	return replacefile.In(dir, filepath.Base(path), 0o600, replacefile.Text(text))
}
