package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// imageWithLauncher returns a folder that is a container's root.
func imageWithLauncher(t *testing.T) string {
	t.Helper()
	if os.Getuid() != 0 {
		launchertest.Lacks(t, "root", "/dev/termination-log")
	}
	image := t.TempDir()
	require.NoError(t, os.Mkdir(image+"/dev", 0o755))
	text, err := os.ReadFile(launchertest.Path("launcher"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(image+"/launcher", text, 0o755))
	return image
}

// TestTerminationLogIsCut checks that the message says so: Kubernetes shows 4,096 bytes.
func TestTerminationLogIsCut(t *testing.T) {
	image := imageWithLauncher(t)
	log := launchertest.WriteFile(t, image+"/dev/termination-log", "")
	var keys []string
	for i := range 150 {
		keys = append(keys, fmt.Sprintf("MISSING_%d", i))
	}
	cmd := &exec.Cmd{Path: "/launcher", Dir: "/", Env: []string{"KUBERNETES_SERVICE_HOST=10.0.0.1"},
		Args: []string{"launcher", "run", "-s", "env=" + strings.Join(keys, ","), "--", "/launcher"}}
	cmd.SysProcAttr = launchertest.PIDNamespace()
	cmd.SysProcAttr.Chroot = image
	got := launchertest.Finish(t, cmd)
	require.Equal(t, 125, got.Status, got.Stderr)
	require.Contains(t, got.Stderr, `"MISSING_149"`)
	text := launchertest.ReadFile(t, log)
	require.LessOrEqual(t, len(text), 4096)
	require.Greater(t, len(text), 3800)
	require.True(t, strings.HasPrefix(got.Stderr, strings.TrimSuffix(text, "launcher: see the container's log for more messages\n")), text)
	require.NotContains(t, text, `"MISSING_149"`)
}

// TestTerminationLog is a pod's: the same lines as on standard error.
func TestTerminationLog(t *testing.T) {
	image := imageWithLauncher(t)
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
