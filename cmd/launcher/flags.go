package main

import (
	"time"

	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve/azure"
)

// checkFlag is the flag of check.
var checkFlag = cli.Flag{Name: "handler", Argument: "FILE[:FUNCTION]", Usage: "the Python file or module to read; without FUNCTION, the whole file is checked"}

// sharedFlags is the table of the flags of run and explain. A flag's variable is
// LAUNCHER_ and its name.
var sharedFlags = []cli.Flag{
	{Name: "task", Argument: "FILE", Usage: "the task, YAML or JSON; - is standard input (default: $" + task.ExecConfig + "'s content, else an empty task)"},
	cli.SecretsFlag,
	cli.ParamFlag,
	{Name: "deliver", Choices: task.Deliveries, Usage: "how the context reaches the handler (default: stdin if standard input is /dev/null, closed or read by the launcher itself; else fd)"},
	{Name: "init", Choices: []string{"auto", "always", "never"}, Default: "auto", Usage: "stay as the handler's parent, or replace this process by the handler; auto stays as PID 1, or if a delivery or flag needs it"},
	{Name: "missing", Choices: []string{"fail", "warn"}, Default: "fail", Usage: "what to do if a declared key has no value"},
	{Name: "require-confidential", Default: false, Usage: "refuse inline, env and file sources, and kubernetes keys that are neither from the project's Secret nor from a Kubernetes volume"},
	{Name: projectSecretsFlag, Argument: "KEY", Default: cli.List(nil), Usage: "the pod's variables that are the project's secrets, as MLRun 1.8 and later give them no prefix; takes comma lists (default: those that start with MLRUN_K8S_SECRET__, and those that $" + task.ProjectSecretsList + " lists)"},
	{Name: "local", Argument: "FILE", Usage: "for debugging: take kubernetes, azure_vault and exec keys from this file; takes JSON, {\"path\": FILE, \"format\": FORMAT}, too; refused inside a cluster"},
	{Name: "azure-credentials", Argument: "DIR", Usage: "where the credentials secret is mounted (default: " + azure.MountDirectory + ", " + azure.MLRunHomeDirectory + ", then " + azure.MLRunRootDirectory + ")"},
	{Name: "azure-parallel", Argument: "N", Default: 16, Usage: "how many secrets of one vault are read at once"},
	{Name: "azure-spread", Argument: "DURATION", Default: time.Duration(0), Usage: "wait a random part of this before the first request to Azure, so that many pods do not ask at once"},
	{Name: "azure-authority", Argument: "URL", Usage: "the Entra authority that issues tokens (default: $AZURE_AUTHORITY_HOST, else the Entra of the vault's cloud)"},
	cli.DomainFlag,
	{Name: "azure-api-version", Argument: "VERSION", Usage: "the api-version of requests to vaults, such as 7.4, for a vault that does not support the SDK's"},
	{Name: "exec-parallel", Argument: "N", Default: 8, Usage: "how many programs of exec sources run at the same time"},
	{Name: "exec-stderr", Default: false, Usage: "show what programs of exec sources write on standard error, with what they wrote on standard output redacted"},
	{Name: "allow-exec", Default: false, Usage: "run programs of exec sources even if the task is in $" + task.ExecConfig},
	{Name: "timeout", Argument: "DURATION", Default: time.Minute, Usage: "one deadline for all resolving, such as 90s; 0 means none"},
	{Name: "user", Argument: "UID[:GID]", Usage: "run the handler as this user, by number; GID defaults to UID"},
	{Name: "grace", Argument: "DURATION", Default: time.Duration(0), Usage: "after a forwarded TERM, how long before the handler is sent KILL; 0 means never. Processes that the handler leaves behind are sent TERM, and KILL after this time, or 10s"},
	{Name: "mask", Default: false, Usage: "redact secret values in the handler's stdout and stderr"},
	{Name: "pristine", Default: false, Usage: "start the handler with a clean environment: PATH, HOME, USER, LOGNAME, SHELL, TERM, TMPDIR, TZ, LANG, LC_*, HOSTNAME and the variables of Kubernetes services"},
	{Name: "allow-env", Argument: "NAME", Default: cli.List(nil), Usage: "allow this dangerous name in --deliver env; takes patterns (AZURE_*) and comma lists"},
	{Name: "env-prefix", Argument: "PREFIX", Usage: "in --deliver env, export PREFIX + upper(key), as MLRun names its variables"},
	{Name: "file-env", Default: false, Usage: "in --deliver files, export the path of each file as KEY_FILE, for programs that read a secret from a file"},
	{Name: "refresh", Argument: "DURATION", Default: time.Duration(0), Usage: "in --deliver socket, how long a value of a vault or a program is kept; 0 means forever"},
	{Name: "log", Choices: []string{"text", "json"}, Default: "text", Usage: "the format of the launcher's own messages, on stderr"},
	{Name: "verbose", Default: false, Usage: "log each step, with names but never values"},
	{Name: "handler", Argument: "FILE[:FUNCTION]", Usage: "call one function of a .py, .js, .mjs or .cjs file, or CLASS::METHOD, as MLRun does, in place of a command; in Python also PACKAGE.MODULE.FUNCTION; without FILE, of the source in $" + task.ExecCode},
	{Name: "quiet", Default: false, Usage: "report only errors: no warnings, no hints"},
}
