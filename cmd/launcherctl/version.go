package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v2"
)

// version and commit are set by the linker, -X main.version=V.
var version, commit string

const versionUsage = "print version, commit and Go version"

func (p *program) versionCommand() *cli.Command {
	return &cli.Command{
		Name: "version", Usage: versionUsage, HideHelpCommand: true, OnUsageError: p.usageError, Action: p.printVersion,
	}
}

// printVersion prints what this program was built from.
func (p *program) printVersion(*cli.Context) error {
	v := version
	if info, ok := debug.ReadBuildInfo(); ok && v == "" {
		v = info.Main.Version // go install module@version
	}
	_, err := fmt.Fprintf(p.stdout, "launcherctl %s (commit %s, %s %s/%s)\n",
		v, cmp.Or(commit, "unknown"), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
