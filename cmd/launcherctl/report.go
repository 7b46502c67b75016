package main

import (
	urfave "github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// usageError returns a usage error for what the flag library reports.
func (p *program) usageError(c *urfave.Context, err error, _ bool) error {
	return cli.FlagError(err, c.Command.HelpName+" --help lists the flags")
}

func (p *program) noCommand(c *urfave.Context) error {
	if c.Args().Present() {
		return cli.Usage("unknown command "+keyname.Quote(c.Args().First()), p.name+" --help lists the commands")
	}
	return urfave.ShowAppHelp(c)
}
