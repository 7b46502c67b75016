package main

import (
	stdflag "flag"
	"fmt"
	"strings"
	"time"

	urfave "github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve/azure"
)

// setting describes one setting, given by flag or variable.
type setting struct {
	name     string
	alias    string // of one letter, "" for none
	argument string // what follows the flag, "" for nothing
	value    any    // the default: a string, bool, int, time.Duration or *cli.List
	usage    string
}

// variableName returns the name of the variable that sets a flag.
func variableName(flag string) string {
	return "LAUNCHER_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// flag implements the library's flag for a setting. The library's own types find
// their names by a regular expression, some hundred times in a run, and trim and
// split the values of a list.
type flag struct {
	setting
	names    []string // without the alias: the library would copy values from one to the other
	variable string   // the variable's value
}

// flags returns the settings as flags, with the values of their variables.
func (p *program) flags(settings ...setting) []urfave.Flag {
	flags := make([]urfave.Flag, len(settings))
	for i, s := range settings {
		flags[i] = flag{s, []string{s.name}, p.environ[variableName(s.name)]}
	}
	return flags
}

func (f flag) Names() []string { return f.names }

func (flag) IsSet() bool { return false } // of the library's required flags

func (flag) IsVisible() bool { return true }

// Apply defines the flag, with its variable's value if that is not empty.
// listValues reads the variable of a list: a flag overrides all of its lines.
func (f flag) Apply(set *stdflag.FlagSet) error {
	switch value := f.value.(type) {
	case string:
		set.String(f.name, value, "")
	case bool:
		set.Bool(f.name, value, "")
	case int:
		set.Int(f.name, value, "")
	case time.Duration:
		set.Duration(f.name, value, "")
	case *cli.List:
		set.Var(value, f.name, "")
		if f.alias != "" {
			set.Var(value, f.alias, "")
		}
		return nil
	}
	if f.variable != "" && set.Set(f.name, f.variable) != nil {
		return flagError("variable %s: %q is not a value of --%s", variableName(f.name), f.variable, f.name)
	}
	return nil
}

// String returns the flag's lines in the help: how to write it, what it does, its
// default and its variable.
func (f flag) String() string {
	dashed, usage := "--"+f.name, f.usage
	if f.alias != "" {
		dashed = "-" + f.alias + ", " + dashed
	}
	switch value := f.value.(type) {
	case *cli.List:
		usage += "; repeatable, and one a line in its variable"
	case bool:
		usage += " (default: off)"
	case time.Duration, int:
		usage += fmt.Sprintf(" (default: %v)", value)
	case string:
		if value != "" {
			usage += " (default: " + value + ")"
		}
	}
	return strings.TrimSpace(dashed+" "+f.argument) + "\n      " + usage + " [$" + variableName(f.name) + "]\n"
}

// sharedFlags returns the table of the flags of run and explain.
func (p *program) sharedFlags() []urfave.Flag {
	return p.flags(
		setting{"task", "", "FILE", "", "the task, YAML or JSON; - is standard input (default: $" + task.ExecConfig + "'s content, else an empty task)"},
		setting{"secrets", "s", "KIND=SOURCE", &cli.List{}, "add a secret source, as mlrun run -s does"},
		setting{"param", "p", "NAME=VALUE", &cli.List{}, "set a parameter; the value is read as YAML"},
		setting{"deliver", "", "stdin|fd|env|files|socket", "", "how the context reaches the handler (default: stdin; fd where standard input is a terminal)"},
		setting{"init", "", "auto|always|never", "auto", "stay as the handler's init, or replace this process by it; auto stays as PID 1, or where a delivery or flag needs it"},
		setting{"missing", "", "fail|warn", "fail", "what a declared key without a value does"},
		setting{"require-confidential", "", "", false, "refuse inline, env and file sources, and kubernetes keys that are neither from the project's Secret nor from a Kubernetes volume"},
		setting{"local", "", "FILE", "", "for debugging: take kubernetes and azure_vault keys from this file; refused inside a cluster"},
		setting{"azure-credentials", "", "DIR", "", "where the credentials secret is mounted (default: " + azure.MountDirectory + ", " + azure.MLRunHomeDirectory + ", then " + azure.MLRunRootDirectory + ")"},
		setting{"azure-parallel", "", "N", 16, "how many secrets of one vault are read at once"},
		setting{"azure-spread", "", "DURATION", time.Duration(0), "before the first request to Azure, wait a random part of this, so that a fleet does not start at once"},
		setting{"azure-authority", "", "URL", "", "the Entra that hands out tokens (default: $AZURE_AUTHORITY_HOST, else that of the vault's cloud)"},
		setting{"azure-domain", "", "DOMAIN", &cli.List{}, "a further domain of vaults that a task may name by URL: a private cloud's, an emulator's"},
		setting{"azure-api-version", "", "VERSION", "", "the api-version of requests to vaults, such as 7.4, for a vault that does not know the SDK's"},
		setting{"exec-parallel", "", "N", 8, "how many programs of exec sources run at the same time"},
		setting{"exec-stderr", "", "", false, "show what programs of exec sources write on standard error, with what they wrote on standard output redacted"},
		setting{"allow-exec", "", "", false, "run programs of exec sources also if the task is in $" + task.ExecConfig},
		setting{"timeout", "", "DURATION", time.Minute, "one deadline over all resolving, such as 90s; 0 is none"},
		setting{"user", "", "UID[:GID]", "", "run the handler as this user, by number; the GID is the UID where it is not given"},
		setting{"grace", "", "DURATION", time.Duration(0), "after a forwarded TERM, how long before the handler is sent KILL; 0 is never. What the handler leaves behind is sent TERM, and KILL after this time, or 10s"},
		setting{"mask", "", "", false, "replace secret values in the handler's stdout and stderr"},
		setting{"allow-env", "", "NAME", &cli.List{}, "let this dangerous name through in --deliver env; takes patterns (AZURE_*) and comma lists"},
		setting{"env-prefix", "", "PREFIX", "", "in --deliver env, export PREFIX + upper(key), as MLRun names its variables"},
		setting{"refresh", "", "DURATION", time.Duration(0), "in --deliver socket, how long a vault's value is kept; 0 is for ever"},
		setting{"log", "", "text|json", "text", "the form of the launcher's own messages, on stderr"},
		setting{"verbose", "", "", false, "say what is done, by name"},
		setting{"handler", "", "FILE[:FUNCTION]", "", "call one function of a .py, .js, .mjs or .cjs file, or CLASS::METHOD, as MLRun does, in place of a command; without FILE, of the source in $" + task.ExecCode},
		setting{"quiet", "", "", false, "errors only: no warnings, no hints"},
	)
}
