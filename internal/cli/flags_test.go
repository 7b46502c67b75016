package cli

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v2"
)

var rows = []Flag{
	{Name: "task", Argument: "FILE", Usage: "the task (default: none)"},
	{Name: "secrets", Alias: "s", Argument: "KIND=SOURCE", Default: List(nil), Usage: "add a source"},
	{Name: "deliver", Choices: []string{"stdin", "fd"}, Default: "stdin", Usage: "how"},
	{Name: "mask", Default: false, Usage: "redact"},
	{Name: "verbose", Alias: "v", Default: false, Usage: "log"},
	{Name: "count", Argument: "N", Default: 16, Usage: "how many"},
	{Name: "timeout", Alias: "t", Argument: "DURATION", Default: time.Minute, Usage: "how long"},
}

// runApp runs a program that has the rows on "prog run" and a group of commands.
func runApp(environ map[string]string, action func(*cli.Context) error, args ...string) (string, error) {
	var out strings.Builder
	app := App(&cli.App{Name: "prog", HelpName: "kubectl prog", Description: "The status is\n   1  no\n   2  not yet\n\nOr 3.", Writer: &out, ErrWriter: io.Discard, Commands: []*cli.Command{
		{Name: "run", ArgsUsage: "[flags] COMMAND", Usage: "run it", Flags: Flags(environ, rows...), Action: func(c *cli.Context) error {
			if err := CheckChoices(c); err != nil {
				return err
			}
			return action(c)
		}},
		{Name: "secrets", Usage: "secrets", Subcommands: []*cli.Command{{Name: "set", Usage: "set one", ArgsUsage: "KEY"}}},
	}}, "1.2", "abc", "see the help")
	err := app.Run(append([]string{"prog"}, args...))
	return out.String(), err
}

func TestAFlagBeatsItsVariableWhichBeatsTheDefault(t *testing.T) {
	environ := map[string]string{"LAUNCHER_TASK": "a", "LAUNCHER_MASK": "1", "LAUNCHER_COUNT": "3", "LAUNCHER_DELIVER": "fd", "LAUNCHER_TIMEOUT": ""}
	_, err := runApp(environ, func(c *cli.Context) error {
		require.Equal(t, "b", c.String("task"))
		require.Equal(t, []string{"x=1, 2", " y"}, Values(c, "secrets"))
		require.Equal(t, "fd", c.String("deliver"))
		require.True(t, c.Bool("mask"))
		require.True(t, c.Bool("verbose"))
		require.Equal(t, 3, c.Int("count"))
		require.Equal(t, time.Minute, c.Duration("timeout"))
		require.Equal(t, []string{"-s", "word"}, c.Args().Slice())
		return nil
	}, "run", "--task", "b", "-s", "x=1, 2", "--secrets", " y", "-v", "--", "-s", "word")
	require.NoError(t, err)
	_, err = runApp(nil, func(c *cli.Context) error {
		require.Equal(t, 2*time.Second, c.Duration("timeout"))
		require.Empty(t, Values(c, "secrets"))
		return nil
	}, "run", "-t", "2s")
	require.NoError(t, err)
}

func TestUsageErrorsAreInPlainEnglish(t *testing.T) {
	for _, c := range []struct {
		args, variable, want, hint string
	}{
		{"run --taks x", "", "unknown flag: --taks", "did you mean --task?"},
		{"run --hlep", "", "unknown flag: --hlep", "did you mean --help?"},
		{"run --deliver stdni", "", `--deliver "stdni" is not one of stdin, fd`, "did you mean stdin?"},
		{"run", "DELIVER=Stdin", `variable LAUNCHER_DELIVER: "Stdin" is not one of stdin, fd`, "did you mean stdin?"},
		{"rnu", "", `unknown command "rnu"`, "did you mean run?"},
		{"secrets sett", "", `unknown command "sett"`, "did you mean set?"},
		{"run --nope", "", "unknown flag: --nope", "see kubectl prog run --help"},
		{"run -x", "", "unknown flag: -x", "see kubectl prog run --help"},
		{"run --task", "", "--task needs a value", "see kubectl prog run --help"},
		{"run -s", "", "-s needs a value", "see kubectl prog run --help"},
		{"run --mask=yes", "", `--mask "yes" is not one of true, false, 1, 0`, ""},
		{"run --count many", "", `--count "many" is not a whole number`, ""},
		{"run --timeout 90", "", `--timeout "90" is not a duration`, "add a unit: 90s, 2m"},
		{"run -t soon", "", `-t "soon" is not a duration`, "add a unit: 90s, 2m"},
		{`run -t a"b:`, "", `-t "a\"b:" is not a duration`, "add a unit: 90s, 2m"},
		{"run --a+hunter2", "", "a word of the command line starts with a hyphen but is not a flag", "see kubectl prog run --help"},
		{"run --=x", "", "a word of the command line starts with a hyphen but is not a flag", "see kubectl prog run --help"},
		{"run --deliver pigeon", "", `--deliver "pigeon" is not one of stdin, fd`, ""},
		{"run", "MASK=yes", `variable LAUNCHER_MASK: "yes" is not one of true, false, 1, 0`, ""},
		{"run", "TIMEOUT=90", `variable LAUNCHER_TIMEOUT: "90" is not a duration`, "add a unit: 90s, 2m"},
		{"run", "DELIVER=pigeon", `variable LAUNCHER_DELIVER: "pigeon" is not one of stdin, fd`, ""},
		{"secrets", "", "", ""},
		{"secrets drop", "", `unknown command "drop"`, "see kubectl prog secrets --help"},
		{"drop", "", `unknown command "drop"`, "see the help"},
		{"p=hunter2", "", `unknown command "p…"`, "see the help"},
		{"--nope", "", "unknown flag: --nope", "see kubectl prog --help"},
	} {
		environ := map[string]string{}
		if name, value, ok := strings.Cut(c.variable, "="); ok {
			environ["LAUNCHER_"+name] = value
		}
		_, err := runApp(environ, func(*cli.Context) error { return nil }, strings.Fields(c.args)...)
		if c.want == "" {
			require.NoError(t, err)
			continue
		}
		require.EqualError(t, err, c.want, c.args)
		require.Equal(t, c.hint, Hint(err), c.args)
	}
}

func TestHelpShowsArgumentsDefaultsAndVariables(t *testing.T) {
	help, err := runApp(map[string]string{}, nil, "run", "--help")
	require.NoError(t, err)
	for _, want := range []string{
		"USAGE:\n   kubectl prog run [flags] COMMAND\n",
		"   --task FILE\n      the task (default: none) [$LAUNCHER_TASK]\n",
		"   -s, --secrets KIND=SOURCE\n      add a source; repeatable, one per line in its variable [$LAUNCHER_SECRETS]\n",
		"   --deliver stdin|fd\n      how (default: stdin) [$LAUNCHER_DELIVER]\n",
		"   --mask\n      redact (default: off) [$LAUNCHER_MASK]\n",
		"   --count N\n      how many (default: 16) [$LAUNCHER_COUNT]\n",
		"   -t, --timeout DURATION\n      how long (default: 1m) [$LAUNCHER_TIMEOUT]\n",
	} {
		require.Contains(t, help, want)
	}
	require.NotContains(t, help, " value")
	help, err = runApp(nil, nil, "secrets", "set", "--help")
	require.NoError(t, err)
	require.Contains(t, help, "kubectl prog secrets set KEY\n")
}

func TestTheVersionIsACommandAndAFlag(t *testing.T) {
	for _, args := range []string{"version", "--version"} {
		out, err := runApp(nil, nil, args)
		require.NoError(t, err)
		require.Regexp(t, `^prog 1\.2 \(commit abc, `, out)
	}
}

func TestTextIsWrapped(t *testing.T) {
	require.Equal(t, "aa bb\ncc\nddddddd\ne", wrap("aa bb cc  ddddddd e", 6))
	require.Empty(t, wrap("", 6))
}

func TestADurationIsShownAsItIsWritten(t *testing.T) {
	for value, want := range map[time.Duration]string{
		0: "0s", time.Minute: "1m", 90 * time.Second: "1m30s", 24 * time.Hour: "24h", 10 * time.Minute: "10m", 90 * time.Minute: "1h30m",
	} {
		require.Equal(t, want, (&flag{Flag: Flag{Default: value}}).defaultText())
	}
}
