package main_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// TestField15HelpFitsItsColumns has the help of every command, under both names of
// the program.
func TestField15HelpFitsItsColumns(t *testing.T) {
	for _, name := range []string{"launcherctl", "kubectl-launcher"} {
		helps := launchertest.Helps(t, filepath.Join(bin, name))
		require.Contains(t, helps, "task with-secrets azure_vault")
		launchertest.RequireHelpFits(t, helps)
	}
}
