package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher"
	"github.com/seed45446ece/launcher/resolve"
)

// variable is the name under which a flag can be set.
func variable(flag string) string {
	return "LAUNCHER_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// flag is a flag that knows its names, where the library finds them by a
// regular expression, some thousand times in a run, and how to show itself: its
// argument, its variable, its default.
type flag struct {
	cli.DocGenerationFlag
	names    []string // without aliases: the library would copy a value from one to the other
	argument string
	aliases  string // for the help
}

func (f flag) Names() []string { return f.names }

func (flag) IsVisible() bool { return true }

func (f flag) String() string {
	return f.aliases + "--" + f.names[0] + " " + f.argument + "\n      " + f.GetUsage() + " [$" + variable(f.names[0]) + "]\n"
}

func text(name, value, argument, usage string) cli.Flag {
	if value != "" {
		usage += " (default: " + value + ")"
	}
	return flag{&cli.StringFlag{Name: name, EnvVars: []string{variable(name)}, Value: value, Usage: usage}, []string{name}, argument, ""}
}

func toggle(name, usage string) cli.Flag {
	return flag{&cli.BoolFlag{Name: name, EnvVars: []string{variable(name)}, Usage: usage + " (default: off)"}, []string{name}, "", ""}
}

func duration(name string, value time.Duration, usage string) cli.Flag {
	usage += " (default: " + value.String() + ")"
	return flag{&cli.DurationFlag{Name: name, EnvVars: []string{variable(name)}, Value: value, Usage: usage}, []string{name}, "DURATION", ""}
}

// list is a repeatable flag with an alias of one letter, "" for none. Its
// variable, one value a line, is read by values.
func list(name, alias, argument, usage string) cli.Flag {
	generic := &cli.GenericFlag{Name: name, Value: &given{}, Usage: usage + "; repeatable, and one a line in its variable"}
	f := flag{generic, []string{name}, argument, ""}
	if alias != "" {
		generic.Aliases, f.aliases = []string{alias}, "-"+alias+", "
	}
	return f
}

// given is a repeatable flag's values as they are given; the library's own
// lists trim and split them.
type given []string

func (g *given) Set(value string) error { *g = append(*g, value); return nil }
func (g *given) String() string         { return "" }

// sharedFlags is the table of what run and explain can be told, by flag,
// variable and default.
func sharedFlags() []cli.Flag {
	return []cli.Flag{
		text("task", "", "FILE", "the task, YAML or JSON; - is standard input (default: $"+launcher.ExecConfig+"'s content, else an empty task)"),
		list("secrets", "s", "KIND=SOURCE", "add a secret source, as mlrun run -s does"),
		list("param", "p", "NAME=VALUE", "set a parameter; the value is read as YAML"),
		text("deliver", "", "stdin|fd|env|files|socket", "how the context reaches the handler (default: stdin; fd where standard input is a terminal)"),
		text("init", "auto", "auto|always|never", "stay as the handler's init, or replace this process by it"),
		text("missing", "fail", "fail|warn", "what a declared key without a value does"),
		toggle("require-confidential", "refuse inline, env and file sources"),
		text("local", "", "FILE", "for debugging: take kubernetes and azure_vault keys from this file; refused inside a cluster"),
		text("azure-credentials", "", "DIR", "where the credentials secret is mounted (default: ~/.mlrun/azure_vault, then /root/.mlrun/azure_vault)"),
		duration("timeout", time.Minute, "one deadline over all resolving; 0 is none"),
		text("user", "", "UID[:GID]", "run the handler as this user"),
		duration("grace", 10*time.Second, "after a forwarded TERM, how long before KILL"),
		toggle("mask", "replace secret values in the handler's stdout and stderr"),
		list("allow-env", "", "NAME", "let this dangerous name through in --deliver env"),
		text("env-prefix", "", "PREFIX", "in --deliver env, export PREFIX + upper(key), as MLRun names its variables"),
		duration("refresh", 0, "in --deliver socket, how long a vault's value is kept; 0 is for ever"),
		text("log", "text", "text|json", "the form of the launcher's own messages, on stderr"),
		toggle("verbose", "say what is done, by name"),
		toggle("quiet", "errors only: no warnings, no hints"),
	}
}

// settings is what the flags and variables say, read and checked once.
type settings struct {
	task, local         string
	secrets, params     []string
	deliver             launcher.Delivery
	env                 launcher.EnvOptions
	warnMissing         bool
	requireConfidential bool
	timeout             time.Duration
}

// errUsage is a flag with a value that it does not have.
type errUsage struct{ message string }

func (e errUsage) Error() string { return e.message }
func (errUsage) Hint() string    { return "launcher run --help lists the flags" }

func usageError(_ *cli.Context, err error, _ bool) error {
	return errUsage{strings.Replace(err.Error(), "flag provided but not defined: -", "unknown flag: --", 1)}
}

func noCommand(c *cli.Context) error {
	if c.Args().Present() {
		return errUsage{fmt.Sprintf("unknown command %q: a handler is started by launcher run -- COMMAND", c.Args().First())}
	}
	return cli.ShowAppHelp(c)
}

// values is a repeatable flag's values, else the lines of its variable.
func values(c *cli.Context, name string, environ resolve.Environ) []string {
	if flag, ok := c.Generic(name).(*given); ok && len(*flag) > 0 {
		return *flag
	}
	return strings.FieldsFunc(environ[variable(name)], func(r rune) bool { return r == '\n' })
}

// read takes the settings from the command line and the environment, and tells
// the report how to speak. All that is wrong is in the error.
func (p *program) read(c *cli.Context) (settings, error) {
	var wrong []error
	choice := func(name string, among ...string) string {
		value := c.String(name)
		if value != "" && !slices.Contains(among, value) {
			wrong = append(wrong, errUsage{fmt.Sprintf("--%s %q is not one of %s", name, value, strings.Join(among, ", "))})
		}
		return value
	}
	p.report.json = choice("log", "text", "json") == "json"
	p.report.verbose, p.report.quiet = c.Bool("verbose"), c.Bool("quiet")
	s := settings{
		task: c.String("task"), local: c.String("local"),
		secrets: values(c, "secrets", p.environ), params: values(c, "param", p.environ),
		deliver:             launcher.Delivery(choice("deliver", "stdin", "fd", "env", "files", "socket")),
		env:                 launcher.EnvOptions{Prefix: c.String("env-prefix"), Allow: values(c, "allow-env", p.environ)},
		warnMissing:         choice("missing", "fail", "warn") == "warn",
		requireConfidential: c.Bool("require-confidential"),
		timeout:             c.Duration("timeout"),
	}
	if s.deliver == "" {
		s.deliver = defaultDelivery()
	}
	if s.timeout < 0 {
		wrong = append(wrong, errUsage{"--timeout is less than 0"})
	}
	if s.local != "" && p.environ["KUBERNETES_SERVICE_HOST"] != "" {
		wrong = append(wrong, errUsage{"--local is for debugging and refused inside a cluster (KUBERNETES_SERVICE_HOST is set)"})
	}
	if strings.ContainsAny(s.env.Prefix, "=\x00") {
		wrong = append(wrong, errUsage{"--env-prefix cannot be the start of a variable's name"})
	}
	choice("init", "auto", "always", "never")
	return s, errors.Join(append(wrong, notBuilt(c)...)...)
}

// notBuilt names each setting that asks for what this version does not do.
func notBuilt(c *cli.Context) []error {
	var missing []error
	for flag, asked := range map[string]bool{
		"--user":           c.String("user") != "",
		"--mask":           c.Bool("mask"),
		"--refresh":        c.Duration("refresh") != 0,
		"--grace":          c.IsSet("grace"),
		"--init always":    c.String("init") == "always",
		"--deliver files":  c.String("deliver") == "files",
		"--deliver socket": c.String("deliver") == "socket",
	} {
		if asked {
			missing = append(missing, fmt.Errorf("%s is %w", flag, launcher.ErrNotBuilt))
		}
	}
	slices.SortFunc(missing, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return missing
}

// defaultDelivery leaves a person's terminal to the handler.
func defaultDelivery() launcher.Delivery {
	if _, err := unix.IoctlGetTermios(0, unix.TCGETS); err == nil {
		return launcher.FD
	}
	return launcher.Stdin
}
