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

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/cluster"
	"github.com/seed45446ece/launcher/cluster/sources"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
	"github.com/seed45446ece/launcher/resolve/file"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// debugCommand runs a task here, by the launcher of this machine.
func (p *program) debugCommand() *cli.Command {
	flags := append(p.taskFlags(),
		&cli.StringFlag{Name: "local", Usage: "the `FILE` of KEY=VALUE with what only the cluster has (default: each key is asked for on the terminal)"},
		&cli.StringFlag{Name: "project", Usage: "the `PROJECT` whose keys are asked for (default: the task's)"},
		&cli.StringFlag{Name: "namespace", Aliases: []string{"n"}, Usage: "the `NAMESPACE` of its Secret (default: that of the kubeconfig's context)"},
		&cli.StringFlag{Name: "keys", Usage: "the `KEYS`, A,B, to ask for where the task names none (default: the project's, from the cluster)"},
		&cli.StringFlag{Name: "handler", Usage: "call one function, `FILE[:FUNCTION]`, in place of a command"},
		&cli.GenericFlag{Name: "azure-domain", Value: &given{}, Usage: "a further `DOMAIN` of vaults that the task may name by URL; repeatable"},
		&cli.GenericFlag{Name: "launcher-flag", Value: &given{}, Usage: "a further `FLAG` of launcher run, such as --launcher-flag=--deliver=env; repeatable"},
		&cli.StringFlag{Name: "launcher-program", Usage: "the launcher's `FILE` (default: beside this program, else in PATH)"},
	)
	return &cli.Command{
		Name: "debug", Usage: "run a task on this machine, with the secrets that only the cluster has from the terminal or a file",
		UsageText: p.name + " debug --task FILE [flags] [--] COMMAND [ARG...]",
		Flags:     append(flags, connectFlags()...),
		Action:    p.debug, OnUsageError: p.usageError, HideHelpCommand: true,
	}
}

// debug becomes the launcher: what follows is its business, and its status.
func (p *program) debug(c *cli.Context) error {
	if c.String("task") == "" {
		return errUsage{"--task is missing", c.Command.UsageText}
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
		for _, value := range many(c, flag) {
			args = append(args, "--"+flag, value)
		}
	}
	if local != "" {
		args = append(args, "--local", local)
	}
	if handler := c.String("handler"); handler != "" {
		args = append(args, "--handler", handler)
	}
	args = append(args, many(c, "launcher-flag")...)
	args = append(append(args, "--"), c.Args().Slice()...)
	p.detail("%s", program)
	err = unix.Exec(program, args, os.Environ())
	return fmt.Errorf("start %q: %w", program, err)
}

// findLauncher is the launcher's file.
func (p *program) findLauncher(given string) (string, error) {
	if given != "" {
		return given, nil
	}
	if self, err := os.Executable(); err == nil {
		if self, err = filepath.EvalSymlinks(self); err == nil {
			beside := filepath.Join(filepath.Dir(self), "launcher")
			if unix.Access(beside, unix.X_OK) == nil {
				return beside, nil
			}
		}
	}
	path, err := exec.LookPath("launcher")
	if err != nil {
		return "", errUsage{"the launcher is not beside this program, nor in PATH", "make build, or --launcher-program FILE"}
	}
	return path, nil
}

// askForKeys asks for the value of each key that only the cluster has, and is
// the name of a file with them in memory; "" where there are none.
func (p *program) askForKeys(c *cli.Context) (string, error) {
	ctx := cluster.Quiet(c.Context)
	if c.String("task") == standardInput {
		return "", errUsage{"standard input cannot be the task and the terminal", "--task FILE, or --local FILE"}
	}
	task, err := p.readTask(ctx, c)
	if err != nil {
		return "", err
	}
	declared, err := sources.Read(task, p.environ, azure.Clouds{Domains: many(c, "azure-domain")})
	if err != nil {
		return "", err
	}
	keys, err := p.remoteKeys(ctx, c, declared)
	if err != nil || len(keys) == 0 {
		return "", err
	}
	given := values{program: p, values: map[string]resolve.Value{}}
	if err := given.ask(keys); err != nil {
		if usage := (errUsage{}); errors.As(err, &usage) {
			err = errUsage{usage.message, "--local FILE has the values as KEY=VALUE lines, or in dotenv's form if it is called so"}
		}
		return "", err
	}
	return inMemory(keys, given.values)
}

// remoteKeys is the keys of the task's kubernetes and azure_vault sources, each
// once. A task that names none of the project's has all of them.
func (p *program) remoteKeys(ctx context.Context, c *cli.Context, declared sources.Sources) ([]string, error) {
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
		add(s.Spec.Keys...)
		all = all || len(s.Spec.Keys) == 0
	}
	for _, v := range declared.Vaults {
		add(v.Keys()...)
		if len(v.Keys()) == 0 && !c.IsSet("keys") {
			return nil, errUsage{fmt.Sprintf("%s: the vault's keys are not in the task", v.At), "--keys A,B names them, or --local FILE has them"}
		}
	}
	project := c.String("project")
	if project == "" {
		project = declared.ProjectName()
	}
	if c.IsSet("keys") || all && project != "" {
		more, err := p.keysOf(c)(ctx, "", project)
		if err != nil {
			return nil, err
		}
		add(more...)
	}
	return keys, nil
}

// firstFD is the lowest number for a descriptor that the launcher is to
// inherit: 3 is that of the handler's context.
const firstFD = 10

// inMemory writes KEY=VALUE lines to memory that has no name in any file
// system, and is the path by which the launcher, which inherits it, opens it.
func inMemory(keys []string, values map[string]resolve.Value) (string, error) {
	var text bytes.Buffer
	for _, key := range keys {
		_, _ = fmt.Fprintf(&text, "%s=%s\n", key, values[key].Reveal())
	}
	if err := sameAgain(text.Bytes(), keys, values); err != nil {
		return "", err
	}
	fd, err := unix.MemfdCreate("launcherctl-local", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return "", fmt.Errorf("open a memfd: %w", err)
	}
	if _, err := unix.Write(fd, text.Bytes()); err != nil {
		return "", fmt.Errorf("write a memfd: %w", err)
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_WRITE|unix.F_SEAL_GROW|unix.F_SEAL_SHRINK|unix.F_SEAL_SEAL); err != nil {
		return "", fmt.Errorf("seal a memfd: %w", err)
	}
	inherited, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD, firstFD)
	if err != nil {
		return "", fmt.Errorf("hand on a memfd: %w", err)
	}
	return "/proc/self/fd/" + strconv.Itoa(inherited), nil
}

// sameAgain refuses a value that the launcher would read otherwise than it was
// typed: lines have the blanks at both ends of a value taken off.
func sameAgain(text []byte, keys []string, values map[string]resolve.Value) error {
	entries, err := file.Parse("what was typed", text, file.Lines)
	if err != nil {
		return err
	}
	for i, key := range keys {
		if i >= len(entries) || entries[i].Key != key || !bytes.Equal(entries[i].Value.Reveal(), values[key].Reveal()) {
			return errUsage{fmt.Sprintf("the value of %s starts or ends with a blank", keyname.Show(key)), "--local FILE.env keeps it: KEY='value'"}
		}
	}
	return nil
}
