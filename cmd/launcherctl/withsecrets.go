package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	urfave "github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/cluster/sources"
	"github.com/seed45446ece/launcher/cluster/taskfile"
	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
	"github.com/seed45446ece/launcher/resolve/file"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

func (p *program) taskCommand() *urfave.Command {
	return &urfave.Command{
		Name: "task", Usage: "Write and check task files",
		Subcommands: []*urfave.Command{
			{
				Name: "with-secrets", Usage: "Add a secret source to a task, as MLRun's with_secrets does",
				Description: "Without --task the new task is printed.", Subcommands: p.kindCommands(),
			},
			{
				Name: "from", Usage: "Convert another tool's file to a task, and print it",
				Description: "A field that a task cannot express is an error with its line.", Subcommands: p.fromCommands(),
			},
			{
				Name: "check", Usage: "Report what the launcher would refuse; - is standard input",
				ArgsUsage: "FILE...", Flags: flags([]cli.Flag{cli.DomainFlag}), Action: p.checkTasks,
			},
		},
	}
}

// kindCommands returns a command for each kind of source.
func (p *program) kindCommands() []*urfave.Command {
	return []*urfave.Command{
		p.kindCommand(task.Kubernetes, "[KEY...]", "Keys of the project's Kubernetes Secret, or all of them", kubernetesSource, slices.Concat(kubernetesFlags, keyFlags)),
		p.kindCommand(task.AzureVault, "--name VAULT [KEY...]", "Secrets of an Azure Key Vault, or all of them", azureSource, slices.Concat(azureFlags, keyFlags)),
		p.kindCommand(task.Exec, "PROGRAM [ARG...]", "Output of a program, such as another store's client", execSource, execFlags),
		p.kindCommand(task.Env, "NAME...", "Variables of the client's or the pod's environment", envSource, keyFlags),
		p.kindCommand(task.File, "PATH [KEY...]", "A file of KEY=value lines, or keys of it", fileSource, slices.Concat(fileFlags, keyFlags)),
		p.kindCommand(task.Inline, "--from-file FILE", "Values in the task itself: anyone who reads it can see them", p.inlineSource, inlineFlags),
	}
}

func (p *program) kindCommand(kind, arguments, usage string, source func(*urfave.Context) (any, error), more []cli.Flag) *urfave.Command {
	return &urfave.Command{
		Name: kind, Usage: usage, ArgsUsage: "[flags] " + arguments, Flags: flags(more, sourceFlags),
		Action: func(c *urfave.Context) error {
			value, err := source(c)
			if err := errors.Join(cli.CheckChoices(c), err); err != nil {
				return err
			}
			return p.withSecrets(c, taskfile.Source{Kind: kind, Source: value, Prefix: c.String("prefix"), Optional: c.Bool("optional")})
		},
	}
}

// withSecrets adds a source to the task of --task.
func (p *program) withSecrets(c *urfave.Context, source taskfile.Source) error {
	path := c.String("task")
	var text []byte
	origin, mode := "the new task", fs.FileMode(0o644)
	if path != "" {
		var err error
		if origin, text, err = p.readText(c.Context, "--task", path); err != nil && !errors.Is(err, cli.ErrNoFile) {
			return err
		}
		if info, err := os.Stat(path); err == nil {
			mode = info.Mode().Perm()
		}
	}
	if source.Kind == task.Inline {
		if path == "" || path == cli.StandardInput {
			return cli.Usage("a task with values is not printed", "use --task FILE")
		}
		if text == nil {
			mode = 0o600
		}
		p.report.Message(cli.LevelWarning, fmt.Sprintf("anyone who can read %q can read the values in it", path), "use with-secrets kubernetes, or secrets set, except in tests")
	}
	added, err := taskfile.Add(origin, text, source, azure.Clouds{Domains: cli.Values(c, "azure-domain")})
	switch {
	case err != nil:
		return err
	case path == "" || path == cli.StandardInput:
		_, err = p.stdout.Write(added)
		return err
	case bytes.Equal(added, text):
		p.report.Message(cli.LevelInfo, fmt.Sprintf("%q has this source already", path), "")
		return nil
	}
	return replaceFile(path, added, mode)
}

// refuseValues refuses what is not a key: KEY=VALUE, as everybody on the machine
// sees a command line, and a flag that the library took for a key.
func refuseValues(keys []string) error {
	for i, key := range keys {
		if strings.HasPrefix(key, "-") {
			return cli.Usage(fmt.Sprintf("word %d after the flags starts with a hyphen: flags come before the keys", i+1), "")
		}
		if err := keyname.Check(key); err != nil {
			return fmt.Errorf("word %d after the flags: %w", i+1, err)
		}
	}
	return nil
}

// inlineSource returns the values of --from-file.
func (p *program) inlineSource(c *urfave.Context) (any, error) {
	if c.Args().Present() {
		return nil, errors.Join(refuseValues(c.Args().Slice()), cli.Usage("an inline source takes its values from a file", "use --from-file FILE, or - for standard input"))
	}
	if c.String("from-file") == "" {
		return nil, cli.Usage("--from-file is missing", c.Command.UsageText)
	}
	origin, text, err := p.readText(c.Context, "--from-file", c.String("from-file"))
	if err != nil {
		return nil, err
	}
	entries, err := file.Parse(origin, text, file.FormatOf(origin))
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for _, e := range entries {
		if !utf8.Valid(e.Value.Reveal()) {
			return nil, cli.Usage(fmt.Sprintf("secret %s is not UTF-8, so a task cannot hold it", keyname.Show(e.Key)), "")
		}
		values[e.Key] = string(e.Value.Reveal())
	}
	return values, nil
}

// checkTasks reports every problem of the tasks.
func (p *program) checkTasks(c *urfave.Context) error {
	if !c.Args().Present() {
		return cli.Usage("name at least one FILE", c.Command.UsageText)
	}
	var problems []error
	for _, path := range c.Args().Slice() {
		n, err := p.readDocument(c.Context, "task check", path)
		problems = append(problems, err)
		if n != nil {
			_, err = sources.Read(n, resolve.Environ(p.environ), azure.Clouds{Domains: cli.Values(c, "azure-domain")})
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}
