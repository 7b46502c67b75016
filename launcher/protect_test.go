package launcher_test

import (
	"io"
	"os"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// TestALauncherThatHoldsSecretsIsNobodysToRead looks at one that waits for the
// rest of its task: no core dump, and its files in /proc are root's, as those
// of a process are that is not dumpable (proc(5)).
func TestALauncherThatHoldsSecretsIsNobodysToRead(t *testing.T) {
	if os.Getuid() != 0 {
		launchertest.Lacks(t, "root", "that the launcher is not dumpable")
	}
	stdin, task, err := os.Pipe()
	require.NoError(t, err)
	defer func() { _, _ = stdin.Close(), task.Close() }()
	cmd := launchertest.LauncherCommand("run", "--task", "-", "--", "true")
	cmd.Stdin = stdin
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	require.NoError(t, cmd.Start())
	_, err = io.WriteString(task, " ")
	require.NoError(t, err)
	launchertest.WaitUntilRead(t, stdin)

	proc := "/proc/" + strconv.Itoa(cmd.Process.Pid)
	info, err := os.Stat(proc + "/environ")
	require.NoError(t, err)
	require.Zero(t, info.Sys().(*syscall.Stat_t).Uid)
	require.Regexp(t, `(?m)^Max core file size +[01] `, launchertest.ReadFile(t, proc+"/limits"))

	_, err = io.WriteString(task, "{}")
	require.NoError(t, err)
	require.NoError(t, task.Close())
	require.NoError(t, stdin.Close())
	require.NoError(t, cmd.Wait())
}
