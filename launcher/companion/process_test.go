//go:build linux && (amd64 || arm64) && !portable

package companion_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// TestTheEndOfTheProcessThatAnswersIsAnError and never "no such secret": not for
// a key that there is, nor for one that there is not.
func TestTheEndOfTheProcessThatAnswersIsAnError(t *testing.T) {
	for _, init := range []string{"auto", "PID 1"} {
		start := launchertest.Command
		if init == "PID 1" {
			start = launchertest.PID1Command
		}
		c := launchertest.Start(t, start("launcher", "run", "--deliver", "socket", "-s", "inline={'K': 'value'}", "--", "sh", "-c",
			`for pid in /proc/[0-9]*; do grep -qs '^launcher: serve' $pid/comm && grep -qs "^PPid:.$PPID$" $pid/status && kill -KILL ${pid#/proc/} && while kill -0 ${pid#/proc/} 2>/dev/null; do :; done
			done; for key in K NONE; do launcher get-secret $key; echo $?; done; exit 9`))
		status, rest := c.End()
		require.Equal(t, 9, status)
		require.Equal(t, "125\n125\n", rest)
		for _, line := range []string{"launcher: the companion process was ended by SIGKILL\n", "has ended\n"} {
			require.Contains(t, c.Messages(), line)
		}
		require.NotContains(t, c.Messages(), "not among")
	}
}

// TestTheProcessThatAnswersIgnoresWhatEndsAJob and ends after it.
func TestTheProcessThatAnswersIgnoresWhatEndsAJob(t *testing.T) {
	a := launchertest.StartSocket(t, nil, "-s", "inline={'K': 'value'}")
	pid := a.Companion()
	for _, signal := range launchertest.TerminatingSignals() {
		switch signal {
		case unix.SIGSEGV, unix.SIGBUS, unix.SIGFPE, unix.SIGILL, unix.SIGTRAP, unix.SIGSYS, unix.SIGPROF:
			continue
		}
		require.NoError(t, unix.Kill(pid, signal))
		a.RequireAnswer("/v1/secrets/K", 200, "value")
	}
	a.Signal(unix.SIGTERM)
	status, _ := a.End()
	require.Equal(t, 143, status)
	require.ErrorIs(t, unix.Kill(pid, 0), unix.ESRCH)
	_, _, err := a.Get("/v1/secrets/K")
	require.Error(t, err)
}

// TestAProcessBesideTheHandlerEndsThoughItIsStopped and passes on what was
// written meanwhile.
func TestAProcessBesideTheHandlerEndsThoughItIsStopped(t *testing.T) {
	for _, init := range []string{"auto", "PID 1"} {
		start := launchertest.Command
		if init == "PID 1" {
			start = launchertest.PID1Command
		}
		for _, flags := range [][]string{{"--deliver", "socket"}, {"--mask"}} {
			got := launchertest.Finish(t, start(append(append([]string{"launcher", "run"}, flags...), "--", "sh", "-c",
				`for pid in /proc/[0-9]*; do grep -qs '^launcher: serve' $pid/comm && grep -qs "^PPid:.$PPID$" $pid/status && kill -STOP ${pid#/proc/}
				done; echo written; exit 9`)...))
			require.Equal(t, launchertest.Result{Stdout: "written\n", Stderr: "", Status: 9}, got)
		}
	}
}

// TestTheProcessThatAnswersEndsWithAParentThatIsKilled, as nobody else ends it.
func TestTheProcessThatAnswersEndsWithAParentThatIsKilled(t *testing.T) {
	a := launchertest.StartSocket(t, nil)
	pid, handler := a.Companion(), 0
	for _, child := range launchertest.Children(t, a.Cmd.Process.Pid) {
		if child != pid {
			handler = child
		}
	}
	a.Signal(unix.SIGKILL)
	a.Wait()
	launchertest.Eventually(t, "it ends", func() bool {
		return launchertest.StatusField(pid, "State") == "" || strings.HasPrefix(launchertest.StatusField(pid, "State"), "Z")
	})
	require.NoError(t, unix.Kill(handler, unix.SIGKILL))
	require.NoError(t, os.RemoveAll(filepath.Dir(a.Path)), "a parent that is killed removes nothing")
}

// TestAProcessBesideTheHandlerHoldsNothingOfIt is a handler that closes its
// output and what it inherited, or whose input somebody else feeds.
func TestAProcessBesideTheHandlerHoldsNothingOfIt(t *testing.T) {
	for _, flags := range [][]string{{"--deliver", "socket"}, {"--mask"}, {"--mask", "--deliver", "socket"}, {"--deliver", "files"}, {"--init", "always"}} {
		args := append(append([]string{"launcher", "run"}, flags...), "--", "sh", "-c", "exec 0<&- >&- 2>&- 3>&- 4>&- 9>&-; exec sleep 1000")
		cmd := launchertest.Command(args...)
		stdin, feed, err := os.Pipe()
		require.NoError(t, err)
		out, in, err := os.Pipe()
		require.NoError(t, err)
		cmd.Stdin, cmd.Stdout, cmd.ExtraFiles = stdin, in, []*os.File{in, in, nil, nil, nil, nil, in}
		require.NoError(t, cmd.Start())
		_, _ = stdin.Close(), in.Close()
		rest, err := io.ReadAll(out)
		require.NoError(t, err)
		require.Empty(t, rest)
		launchertest.Eventually(t, "standard input is closed", func() bool {
			polled := []unix.PollFd{{Fd: int32(feed.Fd())}}
			_, _ = unix.Poll(polled, 0)
			return polled[0].Revents&unix.POLLERR != 0
		})
		require.NoError(t, cmd.Process.Signal(unix.SIGTERM))
		_ = cmd.Wait()
		require.Equal(t, 143, launchertest.ExitStatus(cmd))
	}
}
