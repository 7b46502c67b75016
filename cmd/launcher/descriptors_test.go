//go:build linux && (amd64 || arm64) && !portable

package main_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// TestThirtyTwoDescriptorsAreEnough starts a handler under the limit that docs/init.md names.
func TestThirtyTwoDescriptorsAreEnough(t *testing.T) {
	require.Contains(t, launchertest.ReadFile(t, "../../docs/init.md"), "32 descriptors (`ulimit -n`)")
	for _, flags := range []string{"--deliver fd", "--deliver files", "--deliver socket", "--mask", "--mask --deliver socket --grace 5s", "--init always"} {
		args := append([]string{"-c", `ulimit -n 32 && exec "$@"`, "sh", launchertest.Path("launcher"), "run", "-s", `inline={"A": "canary-value"}`}, strings.Fields(flags)...)
		cmd := exec.Command("/bin/sh", append(args, "--", "true")...)
		cmd.Env = []string{"PATH=/usr/bin:/bin"}
		got := launchertest.Finish(t, cmd)
		require.Zero(t, got.Status, "%s: %s", flags, got.Stderr)
	}
}
