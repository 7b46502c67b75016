package main

import (
	"fmt"
	"regexp"
	"strings"

	urfave "github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/cluster/summon"
	"github.com/seed45446ece/launcher/internal/cli"
)

// fromCommands returns a command for each tool whose file can become a task.
func (p *program) fromCommands() []*urfave.Command {
	return []*urfave.Command{{
		Name: "summon", Usage: "Convert summon's secrets.yml; - is standard input", ArgsUsage: "[flags] FILE",
		Flags: flags(summonFlags), Action: p.fromSummon,
	}}
}

// fromSummon prints the task of a secrets.yml.
func (p *program) fromSummon(c *urfave.Context) error {
	if c.NArg() != 1 {
		return cli.Usage("name one FILE, after the flags", c.Command.UsageText)
	}
	variables := map[string]string{}
	for i, text := range cli.Values(c, "define") {
		name, value, ok := strings.Cut(text, "=")
		if !ok || !variableName.MatchString(name) {
			return cli.Usage(fmt.Sprintf("--define, value %d, is not NAME=VALUE", i+1), "use letters, digits and _ for NAME")
		}
		variables[name] = value
	}
	origin, text, err := p.readText(c.Context, "task from summon", c.Args().First())
	if err != nil {
		return err
	}
	task, err := summon.Convert(origin, text, summon.Options{Provider: c.String("provider"), Environment: c.String("environment"), Variables: variables})
	if err != nil {
		return err
	}
	_, err = p.stdout.Write(task)
	return err
}

var variableName = regexp.MustCompile(`^\w+$`)
