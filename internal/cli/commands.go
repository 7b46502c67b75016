package cli

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/resolve/keyname"
)

// App completes a program's description with what both programs have in common:
// usage errors, a version, and for each command the line that shows how to write
// it. The program itself, and a group of commands, print their help.
func App(app *cli.App, version, commit string) *cli.App {
	const usage = "print version, commit and Go version"
	printVersion := func(c *cli.Context) error {
		_, err := fmt.Fprintln(c.App.Writer, Version(app.Name, version, commit))
		return err
	}
	app.HideVersion = true                            // the library's, which takes -v
	app.ExitErrHandler = func(*cli.Context, error) {} // the status is the report's
	app.OnUsageError = usageError
	app.UsageText = app.HelpName + " COMMAND [flags] ..."
	app.Flags = Flags(nil, Flag{Name: "version", Default: false, Usage: usage})
	app.Action = func(c *cli.Context) error {
		if c.Bool("version") {
			return printVersion(c)
		}
		return showHelp(c)
	}
	app.Commands = append(app.Commands, &cli.Command{Name: "version", Usage: usage, Action: printVersion})
	complete(app.HelpName, app.Commands)
	return app
}

func complete(parent string, commands []*cli.Command) {
	for _, c := range commands {
		path := parent + " " + c.Name
		c.OnUsageError, c.HideHelpCommand = usageError, true
		if c.Subcommands != nil {
			c.Action, c.ArgsUsage = showHelp, "COMMAND [flags] ..."
			complete(path, c.Subcommands)
		}
		if c.UsageText == "" {
			c.UsageText = strings.TrimSpace(path + " " + c.ArgsUsage)
		}
	}
}

// showHelp prints the help of a program or a group of commands, and refuses a
// word: it is no command.
func showHelp(c *cli.Context) error {
	switch {
	case c.Args().Present():
		return Usage("unknown command "+keyname.Show(c.Args().First()), c.Command.HelpName+" --help lists the commands")
	case c.Command.Name == c.App.Name:
		return cli.ShowAppHelp(c)
	}
	return cli.ShowSubcommandHelp(c)
}
