package cli

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/internal/suggest"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// App completes a program's description with what both programs have in common:
// usage errors, a version, and for each command the line that shows how to write
// it. The program itself, and a group of commands, print their help. An unknown
// command has the hint noCommand.
func App(app *cli.App, version, commit, noCommand string) *cli.App {
	const usage = "Print version, commit and Go version"
	printVersion := func(c *cli.Context) error {
		_, err := fmt.Fprintln(c.App.Writer, Version(app.Name, version, commit))
		return err
	}
	app.HideVersion = true                            // the library's, which takes -v
	app.ExitErrHandler = func(*cli.Context, error) {} // the status is the report's
	app.OnUsageError, app.CustomAppHelpTemplate = usageError, helpTemplate
	app.UsageText = app.HelpName + " COMMAND [flags] ..."
	app.Flags = Flags(nil, Flag{Name: "version", Default: false, Usage: usage})
	app.Action = func(c *cli.Context) error {
		if c.Bool("version") {
			return printVersion(c)
		}
		return showHelp(c, noCommand)
	}
	app.Commands = append(app.Commands,
		&cli.Command{Name: completion, ArgsUsage: strings.Join(shells, "|"), Usage: "Print a completion script for a shell", Action: printCompletion},
		&cli.Command{Name: man, ArgsUsage: "[DATE]", Usage: "Print the manual page", Hidden: true, Action: func(c *cli.Context) error { return printMan(c, version) }},
		&cli.Command{Name: "version", Usage: usage, Action: printVersion})
	complete(app.HelpName, app.Commands)
	return app
}

// helpTemplate is the help of a program, a group of commands, and a command. It
// uses templates and functions of the library's.
const helpTemplate = `{{.Usage}}

USAGE:
   {{wrap .UsageText 3}}{{if .Description}}

{{.Description}}{{end}}{{if .VisibleCommands}}

COMMANDS:{{template "visibleCommandTemplate" .}}{{end}}{{if .VisibleFlags}}

FLAGS:{{template "visibleFlagTemplate" .}}{{end}}
`

func complete(parent string, commands []*cli.Command) {
	for _, c := range commands {
		path := parent + " " + c.Name
		c.OnUsageError, c.HideHelpCommand, c.CustomHelpTemplate = usageError, true, helpTemplate
		if c.Subcommands != nil {
			c.ArgsUsage = "COMMAND [flags] ..."
			c.Action = func(c *cli.Context) error { return showHelp(c, "see "+c.Command.HelpName+" --help") }
			complete(path, c.Subcommands)
		}
		if c.UsageText == "" {
			c.UsageText = strings.TrimSpace(path + " " + c.ArgsUsage)
		}
	}
}

// commandNames returns the names of the commands that are in the help.
func commandNames(commands []*cli.Command) []string {
	var names []string
	for _, c := range commands {
		if !c.Hidden {
			names = append(names, c.Name)
		}
	}
	return names
}

// showHelp prints the help of a program or a group of commands, and refuses a
// word: it is no command.
func showHelp(c *cli.Context, advice string) error {
	switch {
	case c.Args().Present():
		word := c.Args().First()
		return Usage("unknown command "+keyname.Show(word), suggest.Hint(advice, word, "", commandNames(c.Command.Subcommands)...))
	case c.Command.Name == c.App.Name:
		return cli.ShowAppHelp(c)
	}
	return cli.ShowSubcommandHelp(c)
}
