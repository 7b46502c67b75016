package main_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestTheEndOfTheProcessThatAnswersIsAnError and never "no such secret": not for
// a key that there is, nor for one that there is not.
func TestTheEndOfTheProcessThatAnswersIsAnError(t *testing.T) {
	for _, init := range []string{"auto", "PID 1"} {
		start := command
		if init == "PID 1" {
			start = contained
		}
		c := begin(t, start("launcher", "run", "--deliver", "socket", "-s", "inline={'K': 'value'}", "--", "sh", "-c",
			`for pid in /proc/[0-9]*; do grep -qs '^launcher: serve' $pid/comm && grep -qs "^PPid:.$PPID$" $pid/status && kill -KILL ${pid#/proc/} && while kill -0 ${pid#/proc/} 2>/dev/null; do :; done
			done; for key in K NONE; do launcher get-secret $key; echo $?; done; exit 9`))
		status, rest := c.end()
		require.Equal(t, 9, status)
		require.Equal(t, "125\n125\n", rest)
		for _, line := range []string{"launcher: the process beside the handler was ended by SIGKILL\n", "has ended\n"} {
			require.Contains(t, c.messages(), line)
		}
		require.NotContains(t, c.messages(), "not among")
	}
}

// TestTheProcessThatAnswersIgnoresWhatEndsAJob and ends after it.
func TestTheProcessThatAnswersIgnoresWhatEndsAJob(t *testing.T) {
	a := startAsking(t, nil, "-s", "inline={'K': 'value'}")
	pid := a.attendant()
	for _, signal := range terminating() {
		switch signal {
		case unix.SIGSEGV, unix.SIGBUS, unix.SIGFPE, unix.SIGILL, unix.SIGTRAP, unix.SIGSYS, unix.SIGPROF:
			continue
		}
		require.NoError(t, unix.Kill(pid, signal))
		a.requireAnswer("/v1/secrets/K", 200, "value")
	}
	a.signal(unix.SIGTERM)
	status, _ := a.end()
	require.Equal(t, 143, status)
	require.ErrorIs(t, unix.Kill(pid, 0), unix.ESRCH)
	_, _, err := a.get("/v1/secrets/K")
	require.Error(t, err)
}

// TestAProcessBesideTheHandlerEndsThoughItIsStopped and passes on what was
// written meanwhile.
func TestAProcessBesideTheHandlerEndsThoughItIsStopped(t *testing.T) {
	for _, init := range []string{"auto", "PID 1"} {
		start := command
		if init == "PID 1" {
			start = contained
		}
		for _, flags := range [][]string{{"--deliver", "socket"}, {"--mask"}} {
			got := finish(t, start(append(append([]string{"launcher", "run"}, flags...), "--", "sh", "-c",
				`for pid in /proc/[0-9]*; do grep -qs '^launcher: serve' $pid/comm && grep -qs "^PPid:.$PPID$" $pid/status && kill -STOP ${pid#/proc/}
				done; echo written; exit 9`)...))
			require.Equal(t, result{"written\n", "", 9}, got)
		}
	}
}

// TestTheProcessThatAnswersEndsWithAParentThatIsKilled, as nobody else ends it.
func TestTheProcessThatAnswersEndsWithAParentThatIsKilled(t *testing.T) {
	a := startAsking(t, nil)
	pid, handler := a.attendant(), 0
	for _, child := range children(t, a.cmd.Process.Pid) {
		if child != pid {
			handler = child
		}
	}
	a.signal(unix.SIGKILL)
	a.wait()
	eventually(t, "it ends", func() bool { return field(pid, "State") == "" || strings.HasPrefix(field(pid, "State"), "Z") })
	require.NoError(t, unix.Kill(handler, unix.SIGKILL))
	require.NoError(t, os.RemoveAll(filepath.Dir(a.path)), "a parent that is killed removes nothing")
}

// TestAProcessBesideTheHandlerHoldsNothingOfIt is a handler that closes its
// output, or whose input somebody else feeds.
func TestAProcessBesideTheHandlerHoldsNothingOfIt(t *testing.T) {
	for _, flags := range [][]string{{"--deliver", "socket"}, {"--mask"}, {"--mask", "--deliver", "socket"}} {
		args := append(append([]string{"launcher", "run"}, flags...), "--", "sh", "-c", "exec 0<&- >&- 2>&-; exec sleep 1000")
		cmd := command(args...)
		stdin, feed, err := os.Pipe()
		require.NoError(t, err)
		out, in, err := os.Pipe()
		require.NoError(t, err)
		cmd.Stdin, cmd.Stdout, cmd.ExtraFiles = stdin, in, []*os.File{in, in, in, in, in, in, in, in}
		require.NoError(t, cmd.Start())
		_, _ = stdin.Close(), in.Close()
		rest, err := io.ReadAll(out)
		require.NoError(t, err)
		require.Empty(t, rest)
		eventually(t, "standard input is closed", func() bool {
			polled := []unix.PollFd{{Fd: int32(feed.Fd())}}
			_, _ = unix.Poll(polled, 0)
			return polled[0].Revents&unix.POLLERR != 0
		})
		require.NoError(t, cmd.Process.Signal(unix.SIGTERM))
		_ = cmd.Wait()
		require.Equal(t, 143, ended(cmd))
	}
}
