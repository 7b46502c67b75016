package main_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// TestField15HelpFitsItsColumns has the help of every command.
func TestField15HelpFitsItsColumns(t *testing.T) {
	helps := launchertest.Helps(t, launchertest.Path("launcher"))
	require.Contains(t, helps, "get-metadata")
	launchertest.RequireHelpFits(t, helps)
}

// TestHelpHasEveryFlagsVariableAndDefault finds the default of every flag that is
// a switch, a number or a duration, and of those that say what they do without.
func TestHelpHasEveryFlagsVariableAndDefault(t *testing.T) {
	help := launchertest.Run(t, nil, "", "run", "--help").Stdout
	flags := regexp.MustCompile(`(?m)^   (?:-[a-z], )?--([a-z-]+)(.*)\n((?:      .*\n)+)`).FindAllStringSubmatch(help, -1)
	require.Greater(t, len(flags), 20)
	for _, flag := range flags {
		require.Contains(t, flag[3], "[$LAUNCHER_"+strings.ToUpper(strings.ReplaceAll(flag[1], "-", "_"))+"]")
		if flag[2] == "" || strings.Contains(flag[2], "DURATION") || strings.Contains(flag[2], "|") || strings.HasSuffix(flag[2], " N") {
			require.Contains(t, flag[3], "(default: ", flag[1])
		}
	}
}
