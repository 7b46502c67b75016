package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	urfave "github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/cluster/project"
	"github.com/seed45446ece/launcher/internal/cli"
)

// secretsCommand returns the commands for a project's Secret. None of them prints a
// value.
func (p *program) secretsCommand() *urfave.Command {
	command := func(name, arguments, usage string, action urfave.ActionFunc, more ...cli.Flag) *urfave.Command {
		return &urfave.Command{
			Name: name, Usage: usage, Action: action, ArgsUsage: "--project PROJECT [flags]" + arguments,
			Flags: flags([]cli.Flag{projectFlag}, more, []cli.Flag{namespaceFlag}, connectFlags),
		}
	}
	return &urfave.Command{
		Name: "secrets", Usage: "Set, list and delete keys of a project's Kubernetes Secret",
		Subcommands: []*urfave.Command{
			command("set", " [KEY...]", "Set keys; prompts for values, or reads files or standard input", p.setSecrets, setFlags...),
			command("list", "", "Print the keys; a value is never printed", p.listSecrets, cli.JSONFlag),
			command("delete", " KEY...", "Delete keys, all of them or none", p.deleteSecrets),
		},
	}
}

// keyArguments returns the keys on the command line. An error does not repeat a word
// that is not a key: it may be a value.
func keyArguments(c *urfave.Context) ([]string, error) {
	keys := c.Args().Slice()
	seen := make(map[string]bool, len(keys))
	for i, key := range keys {
		name, value, _ := strings.Cut(key, "=")
		switch {
		case strings.HasPrefix(key, "-"):
			return nil, cli.Usage(fmt.Sprintf("word %d after the flags starts with a hyphen: flags come before the keys", i+1), c.Command.UsageText)
		case strings.Trim(value, "=") != "" && project.CheckKey(name) == nil: // not base64
			return nil, cli.Usage(fmt.Sprintf("the value of %q on the command line is in the shell's history and in the list of processes, so it is not used", name),
				"give only the key to be prompted, or use --from-env-file FILE; replace the value that was typed")
		case project.CheckKey(key) != nil && !strings.HasPrefix(strings.ToLower(key), "mlrun."):
			return nil, cli.Usage(fmt.Sprintf("word %d after the flags is not a key of a Kubernetes Secret", i+1), "use 1 to 253 letters, digits, -, _ and .; do not put a value here")
		case seen[key]:
			return nil, cli.Usage(fmt.Sprintf("duplicate key %q", key), "")
		}
		seen[key] = true
	}
	return keys, project.CheckKeys(keys)
}

// listedKey describes one row of secrets list.
type listedKey struct {
	Key      string `json:"key"`
	Variable string `json:"variable"` // of a pod that is given the key
}

func (p *program) listSecrets(c *urfave.Context) error {
	if c.Args().Present() {
		return cli.Usage("secrets list takes no KEY", c.Command.UsageText)
	}
	target, err := p.findProject(c)
	if err != nil {
		return err
	}
	ctx, cancel := withTimeout(c.Context, c)
	defer cancel()
	keys, err := target.Keys(ctx)
	if err != nil {
		return err
	}
	rows := make([]listedKey, len(keys))
	for i, key := range keys {
		rows[i] = listedKey{key, project.Variable(key)}
	}
	if len(rows) == 0 {
		p.report.Message(cli.LevelInfo, fmt.Sprintf("project %s has no keys in namespace %q", target.Name, target.Cluster.Namespace), "")
	}
	p.report.Warn(project.Ambiguous(keys))
	return p.printKeys(rows, c.Bool("json"))
}

func (p *program) printKeys(rows []listedKey, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(p.stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(map[string][]listedKey{"keys": rows})
	}
	table := tabwriter.NewWriter(p.stdout, 0, 0, 3, ' ', 0)
	_, _ = fmt.Fprintln(table, "KEY\tVARIABLE")
	for _, row := range rows {
		_, _ = fmt.Fprintf(table, "%s\t%s\n", row.Key, row.Variable)
	}
	return table.Flush() // the writer keeps the first error
}

func (p *program) deleteSecrets(c *urfave.Context) error {
	keys, err := keyArguments(c)
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		return cli.Usage("name at least one KEY", c.Command.UsageText)
	}
	target, err := p.findProject(c)
	if err != nil {
		return err
	}
	ctx, cancel := withTimeout(c.Context, c)
	defer cancel()
	if err := target.Delete(ctx, keys); err != nil {
		return err
	}
	return p.printChanged(target.Name, "deleted", keys)
}

// printChanged prints what was changed, as kubectl does.
func (p *program) printChanged(project, what string, keys []string) error {
	for _, key := range keys {
		if _, err := fmt.Fprintf(p.stdout, "project %s: key %q %s\n", project, key, what); err != nil {
			return err
		}
	}
	return nil
}
