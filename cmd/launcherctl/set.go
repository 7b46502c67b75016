package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	urfave "github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/cluster/manifest"
	"github.com/seed45446ece/launcher/cluster/project"
	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/file"
)

// setSecrets reads all values before it asks the cluster anything.
func (p *program) setSecrets(c *urfave.Context) error {
	keys, err := keyArguments(c)
	if err != nil {
		return err
	}
	target, err := p.findProject(c)
	if err != nil {
		return err
	}
	input := secretInput{program: p, values: map[string]resolve.Value{}}
	if err := input.read(c, keys); err != nil {
		return err
	}
	all := slices.Sorted(maps.Keys(input.values))
	if err := input.checkVariables(all, c.Bool("mount-only")); err != nil {
		return err
	}
	ctx, cancel := withTimeout(c.Context, c)
	defer cancel()
	p.report.Warn(project.Ambiguous(all))
	if err := target.Set(ctx, input.values); err != nil {
		return err
	}
	return p.printChanged(target.Name, "set", all)
}

// secretInput collects the values that one command sets.
type secretInput struct {
	*program
	values map[string]resolve.Value
}

// read reads the values from the places that the command line names.
func (v *secretInput) read(c *urfave.Context, keys []string) error {
	ctx := c.Context
	files, valueFiles := cli.Values(c, "from-env-file"), cli.Values(c, "from-file")
	if len(files)+len(valueFiles)+len(keys) == 0 {
		if isTerminal(v.stdin) {
			return cli.Usage("name at least one KEY", c.Command.UsageText)
		}
		files = []string{cli.StandardInput}
	}
	var errs []error
	for _, path := range files {
		errs = append(errs, v.readLines(ctx, path))
	}
	for _, flag := range valueFiles {
		errs = append(errs, v.readValueFile(ctx, flag))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return v.ask(keys)
}

// add adds a value; a duplicate key is an error.
func (v *secretInput) add(key string, value resolve.Value) error {
	if err := project.CheckKey(key); err != nil {
		return err
	}
	if _, duplicate := v.values[key]; duplicate {
		return cli.Usage(fmt.Sprintf("duplicate key %q", key), "keep one of them")
	}
	v.values[key] = value
	return nil
}

// checkVariables refuses values that no pod can have as a variable, unless they are
// only for mounted Secrets. A container that is given one does not start, and its
// pod's status shows the start of the value.
func (v *secretInput) checkVariables(keys []string, mountOnly bool) error {
	var errs []error
	for _, key := range keys {
		if err := manifest.CheckVariable(project.Variable(key), v.values[key].Reveal()); err != nil && !mountOnly {
			errs = append(errs, cli.Usage(fmt.Sprintf("the value of %q cannot be a pod's variable: %v", key, err),
				fmt.Sprintf("read it by {secrets: [%s], mount: DIR} in the task's kubernetes source, and set it with --mount-only", key)))
		}
	}
	return errors.Join(errs...)
}

// readLines reads KEY=VALUE lines, or dotenv's form if the file's name says so.
func (v *secretInput) readLines(ctx context.Context, path string) error {
	_, text, err := v.readText(ctx, "--from-env-file", path)
	if err != nil {
		return err
	}
	entries, err := file.Parse(path, text, file.FormatOf(path))
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		return cli.Usage(fmt.Sprintf("%q contains no KEY=VALUE line", path), "")
	}
	var errs []error
	for _, e := range entries {
		errs = append(errs, v.add(e.Key, e.Value))
	}
	return errors.Join(errs...)
}

// readValueFile reads KEY=FILE; all of the file is the value.
func (v *secretInput) readValueFile(ctx context.Context, flag string) error {
	key, path, ok := strings.Cut(flag, "=")
	if !ok || key == "" || path == "" {
		return cli.Usage("--from-file is not KEY=FILE", "use --from-env-file FILE for KEY=VALUE lines")
	}
	_, text, err := v.readText(ctx, "--from-file", path)
	if err != nil {
		return err
	}
	return v.add(key, resolve.NewValue(text))
}

// ask prompts for the keys' values without echoing them.
func (v *secretInput) ask(keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	if v.inputRead || !isTerminal(v.stdin) {
		return cli.Usage("no terminal to prompt for a value", "use --from-file KEY=- for standard input, or --from-env-file FILE for KEY=VALUE lines")
	}
	for _, key := range keys {
		text, err := askTerminal(fmt.Sprintf("%s: ", key))
		if err != nil {
			return fmt.Errorf("ask for %q: %w", key, err)
		}
		if err := v.add(key, resolve.NewValue(text)); err != nil {
			return err
		}
	}
	return nil
}
