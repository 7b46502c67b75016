package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	urfave "github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/cluster/manifest"
	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

func (p *program) manifestCommand() *urfave.Command {
	return &urfave.Command{
		Name: "manifest", Usage: "Print a Job that runs a task, or add the launcher to a manifest",
		UsageText: p.name + " manifest --task FILE --image IMAGE [flags] [--] COMMAND...\n" +
			p.name + " manifest --task FILE --into FILE [flags] [-- COMMAND...]",
		Description: "The output never holds a secret value.",
		Flags:       flags(taskFlags, podFlags, intoFlags, connectFlags, manifestFlags), Action: p.manifest,
	}
}

// manifest prints the objects that run a task.
func (p *program) manifest(c *urfave.Context) error {
	ctx := c.Context
	task, err := p.readTask(ctx, c)
	options, optionsErr := p.podOptions(c)
	if err := errors.Join(err, optionsErr); err != nil {
		return err
	}
	m, text, err := p.buildManifest(ctx, c, task, options)
	if err != nil {
		return err
	}
	p.report.Warn(errors.Join(m.Warnings...))
	if err := p.writeValues(c, m); err != nil {
		return err
	}
	_, err = p.stdout.Write(text)
	return err
}

// buildManifest returns the manifest of the flags, and its text.
func (p *program) buildManifest(ctx context.Context, c *urfave.Context, task *document.Node, o manifest.Options) (manifest.Manifest, []byte, error) {
	if c.String("into") == "" {
		m, err := manifest.New(ctx, task, o)
		if err != nil {
			return m, nil, err
		}
		text, err := manifest.YAML(m.Job)
		return m, text, err
	}
	base, err := p.readBase(ctx, c)
	if err != nil {
		return manifest.Manifest{}, nil, err
	}
	m, err := manifest.Into(ctx, base, task, o)
	return m.Manifest, m.Text, err
}

// readBase returns the manifest of --into.
func (p *program) readBase(ctx context.Context, c *urfave.Context) (manifest.Base, error) {
	var errs []error
	for _, flag := range jobOnlyFlags {
		if c.IsSet(flag) {
			errs = append(errs, cli.Usage(fmt.Sprintf("--%s cannot be used with --into: the manifest decides it", flag), ""))
		}
	}
	origin, text, err := p.readText(ctx, "--into", c.String("into"))
	base := manifest.Base{Origin: origin, Text: text, Templates: cli.Values(c, "template"), Container: c.String("container")}
	return base, errors.Join(append(errs, err)...)
}

// jobOnlyFlags lists the flags that --into refuses: the manifest has the answers.
var jobOnlyFlags = []string{"user", "requests", "limits", "node-selector", "completions", "parallelism", "retries", "deadline", "ttl"}

// writeValues writes the Secret to --values-file, if there are values.
func (p *program) writeValues(c *urfave.Context, m manifest.Manifest) error {
	path := c.String("values-file")
	if m.Values == nil {
		return nil
	}
	if path == "" {
		var keys []string
		for key := range m.Values.Data {
			keys = append(keys, key)
		}
		return cli.Usage(fmt.Sprintf("the values of %s must be in a Secret, and standard output never holds a value", quoteKeys(keys)),
			"use --values-file FILE and kubectl apply --server-side -f FILE, or "+p.name+" run, which creates it, or --embed-values, as MLRun does")
	}
	text, err := manifest.YAML(m.Values)
	if err != nil {
		return err
	}
	if err := writeSecretFile(path, text); err != nil {
		return fmt.Errorf("--values-file: %w", err)
	}
	p.report.Message(cli.LevelInfo, fmt.Sprintf("the pod needs Secret %q: kubectl apply --server-side -f %s (it ends with the object that owns it)", m.Values.Name, shellWord(path)), m.Adopt())
	return nil
}

// shellWord returns text as one word of a shell's command line.
func shellWord(text string) string {
	if text != "" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-") == "" && text[0] != '-' {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// keyLookup returns a function that finds a project's keys: in --keys, or else in
// the cluster.
func (p *program) keyLookup(c *urfave.Context) func(ctx context.Context, namespace, project string) ([]string, error) {
	if !c.IsSet("keys") {
		return p.clusterKeyLookup(c)
	}
	return func(context.Context, string, string) ([]string, error) {
		keys := strings.FieldsFunc(c.String("keys"), func(r rune) bool { return r == ',' || r == ' ' })
		for i, key := range keys {
			if err := keyname.Check(key); err != nil {
				return nil, fmt.Errorf("--keys, word %d: %w", i+1, err)
			}
		}
		return keys, nil
	}
}

// readText reads the file that a flag names, or standard input, once.
func (p *program) readText(ctx context.Context, flag, path string) (string, []byte, error) {
	if path == cli.StandardInput {
		if p.inputRead {
			return "", nil, cli.Usage(flag+": standard input is already read", "use - only once")
		}
		p.inputRead = true
	}
	return cli.ReadText(ctx, &p.pipes, flag, path, p.stdin)
}
