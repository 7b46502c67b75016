package main_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// TestTerminationLog is a pod's: the same lines as on standard error.
func TestTerminationLog(t *testing.T) {
	if os.Getuid() != 0 {
		launchertest.Lacks(t, "root", "/dev/termination-log")
	}
	image := t.TempDir()
	require.NoError(t, os.Mkdir(image+"/dev", 0o755))
	text, err := os.ReadFile(launchertest.Path("launcher"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(image+"/launcher", text, 0o755))
	for _, pod := range []bool{true, false} {
		for _, format := range []string{"text", "json"} {
			log := launchertest.WriteFile(t, image+"/dev/termination-log", "")
			cmd := &exec.Cmd{Path: "/launcher", Dir: "/", Env: []string{},
				Args: []string{"launcher", "run", "--log", format, "--verbose", "-s", "env=MISSING", "--", "/launcher"}}
			cmd.SysProcAttr = launchertest.PIDNamespace()
			cmd.SysProcAttr.Chroot = image
			want := ""
			if pod {
				cmd.Env = append(cmd.Env, "KUBERNETES_SERVICE_HOST=10.0.0.1")
			}
			got := launchertest.Finish(t, cmd)
			require.Equal(t, 125, got.Status, got.Stderr)
			for line := range strings.Lines(got.Stderr) {
				if pod && !strings.Contains(line, `"level":"info"`) && !strings.Contains(line, "env, variable MISSING: missing") {
					want += line
				}
			}
			require.Equal(t, want, launchertest.ReadFile(t, log))
		}
	}
}
