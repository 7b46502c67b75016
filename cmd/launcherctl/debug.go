package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/seed45446ece/launcher/cluster"
	"github.com/seed45446ece/launcher/cluster/sources"
	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/internal/memfd"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
	"github.com/seed45446ece/launcher/resolve/file"
	"github.com/seed45446ece/launcher/resolve/keylist"
	"github.com/seed45446ece/launcher/resolve/keyname"
	urfave "github.com/urfave/cli/v2"
)

// debugCommand returns the command that runs a task by this machine's launcher.
func (p *program) debugCommand() *urfave.Command {
	return &urfave.Command{
		Name: "debug", Usage: "Run a task on this machine; prompts for the cluster's secrets",
		ArgsUsage: "--task FILE [flags] [--] COMMAND [ARG...]",
		Flags:     flags(taskFlags, debugFlags, connectFlags), Action: p.debug,
	}
}

// debug becomes the launcher, which decides the exit status.
func (p *program) debug(c *urfave.Context) error {
	if !runsLauncher {
		return cli.Usage("launcher is not available for this system", "use launcherctl debug on Linux or macOS")
	}
	if c.String("task") == "" {
		return cli.Usage("--task is missing", c.Command.UsageText)
	}
	program, err := p.findLauncher(c.String("launcher-program"))
	if err != nil {
		return err
	}
	local := c.String("local")
	if local == "" {
		if local, err = p.askForKeys(c); err != nil {
			return err
		}
	}
	args := []string{"launcher", "run", "--task", c.String("task")}
	for _, flag := range []string{"secrets", "param", "azure-domain"} {
		for _, value := range cli.Values(c, flag) {
			args = append(args, "--"+flag, value)
		}
	}
	if local != "" {
		args = append(args, "--local", local)
	}
	if handler := c.String("handler"); handler != "" {
		args = append(args, "--handler", handler)
	}
	args = append(args, cli.Values(c, "launcher-flag")...)
	args = append(append(args, "--"), c.Args().Slice()...)
	p.report.Detail("%s", program)
	err = execve(program, args, os.Environ())
	return fmt.Errorf("start %q: %w", program, err)
}

// findLauncher returns the path of the launcher: the given one, or else the file
// beside this program, or the one in PATH.
func (p *program) findLauncher(path string) (string, error) {
	if path != "" {
		return path, nil
	}
	if self, err := os.Executable(); err == nil {
		if self, err = filepath.EvalSymlinks(self); err == nil {
			path := filepath.Join(filepath.Dir(self), "launcher")
			if isExecutable(path) {
				return path, nil
			}
		}
	}
	path, err := exec.LookPath("launcher")
	if err != nil {
		return "", cli.Usage("the launcher is neither beside this program nor in PATH", "run make build, or use --launcher-program FILE")
	}
	return path, nil
}

// askForKeys prompts for the value of each key that only the cluster has, and
// returns the path of a file in memory with them, "" if there are none.
func (p *program) askForKeys(c *urfave.Context) (string, error) {
	ctx := cluster.Quiet(c.Context)
	if c.String("task") == cli.StandardInput {
		return "", cli.Usage("standard input cannot be the task and the terminal", "use --task FILE or --local FILE")
	}
	task, err := p.readTask(ctx, c)
	if err != nil {
		return "", err
	}
	declared, err := sources.Read(task, p.environ, azure.Clouds{Domains: cli.Values(c, "azure-domain")})
	if err != nil {
		return "", err
	}
	keys, err := p.remoteKeys(ctx, c, declared)
	if err != nil || len(keys) == 0 {
		return "", err
	}
	input := secretInput{program: p, values: map[string]resolve.Value{}}
	if err := input.ask(keys); err != nil {
		if usage := (cli.UsageError{}); errors.As(err, &usage) {
			err = cli.Usage(usage.Message, "use --local FILE, with KEY=VALUE lines, or dotenv if it is named .env")
		}
		return "", err
	}
	return memoryFile(keys, input.values)
}

// remoteKeys returns the keys of the task's kubernetes, azure_vault and exec
// sources, each once. A task that names no key of the project has all of them.
func (p *program) remoteKeys(ctx context.Context, c *urfave.Context, declared sources.Sources) ([]string, error) {
	var keys []string
	add := func(more ...string) {
		for _, key := range more {
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	all := len(declared.Project) == 0
	for _, s := range declared.Project {
		add(keylist.Names(s.Spec.Keys)...)
		all = all || len(s.Spec.Keys) == 0
	}
	for _, v := range declared.Vaults {
		add(v.Keys()...)
		if len(v.Keys()) == 0 && !c.IsSet("keys") {
			return nil, cli.Usage(fmt.Sprintf("%s: the vault's keys are not in the task", v.At), "use --keys A,B to name them, or --local FILE with their values")
		}
	}
	for _, s := range declared.Programs {
		add(s.Keys()...)
		if len(s.Keys()) == 0 && !c.IsSet("keys") {
			return nil, cli.Usage(fmt.Sprintf("%s: the program's keys are not in the task", s.At), "use --keys A,B to name them, or --local FILE with their values")
		}
	}
	project := c.String("project")
	if project == "" {
		project = declared.ProjectName()
	}
	if c.IsSet("keys") || all && project != "" {
		more, err := p.keyLookup(c)(ctx, "", project)
		if err != nil {
			return nil, err
		}
		add(more...)
	}
	return keys, nil
}

// lowestFD is the lowest number of a descriptor that the launcher inherits. The
// handler's context is on 3.
const lowestFD = 10

// memoryFile writes KEY=VALUE lines to a file in memory and returns the path by
// which the launcher, which inherits the descriptor, opens it.
func memoryFile(keys []string, values map[string]resolve.Value) (string, error) {
	var text bytes.Buffer
	for _, key := range keys {
		_, _ = fmt.Fprintf(&text, "%s=%s\n", key, values[key].Reveal())
	}
	if err := checkRoundTrip(text.Bytes(), keys, values); err != nil {
		return "", err
	}
	fd, err := memfd.Sealed("launcherctl-local", text.Bytes())
	if err != nil {
		return "", err
	}
	inherited, err := inherit(fd, lowestFD)
	if err != nil {
		return "", fmt.Errorf("pass a memfd: %w", err)
	}
	return descriptorFolder + strconv.Itoa(inherited), nil
}

// checkRoundTrip refuses a value that the launcher would read differently: blanks at
// both ends of a line's value are removed.
func checkRoundTrip(text []byte, keys []string, values map[string]resolve.Value) error {
	entries, err := file.Parse("what was typed", text, file.Lines)
	if err != nil {
		return err
	}
	for i, key := range keys {
		if i >= len(entries) || entries[i].Key != key || !bytes.Equal(entries[i].Value.Reveal(), values[key].Reveal()) {
			return cli.Usage(fmt.Sprintf("the value of %s starts or ends with a blank", keyname.Show(key)), "use --local FILE.env with KEY='value' to keep it")
		}
	}
	return nil
}
