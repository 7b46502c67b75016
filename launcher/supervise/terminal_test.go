//go:build linux && (amd64 || arm64) && !portable

package supervise_test

import (
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// TestCtrlCComesOnce is a handler of PID 1 that counts interrupts.
func TestCtrlCComesOnce(t *testing.T) {
	x := launchertest.StartOnTerminal(t, launchertest.PID1Command("launcher", "run", "--", "probe", "count"))
	x.Expect("ready")
	for i := 1; i <= 3; i++ {
		x.Type("\x03")
		x.Expect("got-" + strconv.Itoa(i))
		x.Type("then\n")
		x.Expect("line-then")
		require.NotContains(t, x.Seen, "got")
	}
	require.NoError(t, x.Cmd.Process.Signal(syscall.SIGTERM))
	_ = x.Cmd.Wait()
	require.Equal(t, 143, launchertest.ExitStatus(x.Cmd))
}

// TestCtrlZAsPID1 goes on, as where nobody could continue it.
func TestCtrlZAsPID1(t *testing.T) {
	x := launchertest.StartOnTerminal(t, launchertest.PID1Command("launcher", "run", "--", "sh", "-c", "echo rea''dy; exec cat"))
	x.Expect("ready")
	x.Type("\x1a")
	x.Type("still here\n")
	x.Expect("still here")
	x.Expect("still here") // the echo, and cat
	x.Type("\x04")
	_ = x.Cmd.Wait()
	require.Zero(t, launchertest.ExitStatus(x.Cmd))
}

// TestJobControl is an interactive shell whose job is a launcher that stays.
func TestJobControl(t *testing.T) {
	bash := launchertest.Needs(t, "bash", "job control")
	cmd := launchertest.Command(bash, "--norc", "--noprofile", "--noediting", "-i")
	cmd.Env = append(cmd.Env, "PS1=prompt-$?: ", "TERM=dumb")
	x := launchertest.StartOnTerminal(t, cmd)
	x.Expect("prompt-0")
	x.Type(launchertest.Path("launcher") + ` run --init always -- sh -c 'echo rea""dy; exec cat'` + "\n")
	x.Expect("ready")
	for range 2 {
		x.Type("\x1a")
		x.Expect("Stopped")
		x.Expect("prompt-147") // by STOP: the parent cannot be stopped by TSTP, which it takes
		x.Type("fg\n")
		x.Expect("exec cat")
		x.Type("hel''lo\n")
		x.Expect("hel''lo")
		x.Expect("hel''lo")
	}
	x.Type("\x03")
	x.Expect("prompt-130")
	x.Type("cat\n") // the terminal is the shell's to give
	x.Type("again\n")
	x.Expect("again")
	x.Expect("again")
	x.Type("\x04")
	x.Expect("prompt-0")
	x.Type("exit 7\n")
	_ = x.Cmd.Wait()
	require.Equal(t, 7, launchertest.ExitStatus(x.Cmd))
}
