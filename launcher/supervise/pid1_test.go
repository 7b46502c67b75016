//go:build linux && (amd64 || arm64) && !portable

package supervise_test

import (
	"fmt"
	"os"
	ossignal "os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

func TestStatusAsPID1IsTheHandlers(t *testing.T) {
	for status := range 256 {
		c := launchertest.StartAsPID1(t, "launcher", "run", "--", "probe", "exit", strconv.Itoa(status))
		got, rest := c.End()
		require.Equal(t, status, got)
		require.Empty(t, rest+c.Messages())
	}
}

// TestEverySignalReachesTheHandler sends each to PID 1 and has the handler end
// by it. One that whoever runs the tests has had ignored is the handler's to
// ignore too: a shell's background jobs have INT so.
func TestEverySignalReachesTheHandler(t *testing.T) {
	for _, signal := range launchertest.TerminatingSignals() {
		if ossignal.Ignored(signal) {
			continue
		}
		c := launchertest.StartAsPID1(t, "launcher", "run", "--deliver", "env", "--", "sh", "-c", "ulimit -c 0; echo ready; exec sleep 1000")
		require.Equal(t, "ready", c.Line())
		c.Signal(signal)
		status, _ := c.End()
		require.Equal(t, 128+int(signal), status, signal)
	}
}

// recorder is a handler that takes signals one by one until TERM, and then says
// how often each came.
const recorder = `
import signal, sys
signals = {s for s in range(1, 65) if s not in (9, 19)}
signal.pthread_sigmask(signal.SIG_BLOCK, signals)
print("ready", flush=True)
counts = {}
while True:
    s = int(signal.sigwaitinfo(signals).si_signo)
    counts[s] = counts.get(s, 0) + 1
    if s == 15:
        break
print(" ".join(f"{s}:{n}" for s, n in sorted(counts.items())), flush=True)
`

// TestAStormOfSignals is one realtime signal 10,000 times, which the kernel
// queues one by one, and one of the others, which it need not keep more than
// once. CHLD and URG are not the handler's.
func TestAStormOfSignals(t *testing.T) {
	var limit unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_SIGPENDING, &limit))
	if limit.Cur < 25_000 {
		launchertest.Lacks(t, "room for pending signals (ulimit -i)", "a storm of 10,000")
	}
	python := launchertest.Needs(t, "python3", "a storm of 10,000 signals")
	c := launchertest.StartAsPID1(t, "launcher", "run", "--deliver", "env", "--grace", "1h", "--", python, "-c", recorder)
	require.Equal(t, "ready", c.Line())
	for range 10_000 {
		c.Signal(unix.Signal(34)) // SIGRTMIN
		c.Signal(unix.SIGUSR1)
		c.Signal(unix.SIGURG)
	}
	c.Signal(unix.SIGWINCH)
	c.Signal(unix.SIGTSTP)
	// Of those that are pending the lowest is taken first: TERM would be before
	// the realtime ones.
	launchertest.Eventually(t, "signals stay pending", func() bool { return idle(c) })
	c.Signal(unix.SIGTERM)
	counts := map[int]int{}
	for _, count := range strings.Fields(c.Line()) {
		var signal, n int
		_, err := fmt.Sscanf(count, "%d:%d", &signal, &n)
		require.NoError(t, err)
		counts[signal] = n
	}
	status, _ := c.End()
	require.Zero(t, status)
	require.Equal(t, 10_000, counts[34])
	require.Positive(t, counts[int(unix.SIGUSR1)])
	require.Equal(t, 1, counts[int(unix.SIGWINCH)])
	require.Equal(t, 1, counts[int(unix.SIGTSTP)])
	require.Positive(t, counts[int(unix.SIGURG)])
	require.NotContains(t, counts, int(unix.SIGCHLD))
}

// idle reports whether neither PID 1 nor the handler has a pending signal.
func idle(c *launchertest.Process) bool {
	const none = "0000000000000000"
	for _, pid := range append(launchertest.Children(c.T, c.Cmd.Process.Pid), c.Cmd.Process.Pid) {
		if launchertest.StatusField(pid, "ShdPnd") != none || launchertest.StatusField(pid, "SigPnd") != none {
			return false
		}
	}
	return true
}

// TestGrace is a handler that ignores TERM, with a child that does too.
func TestGrace(t *testing.T) {
	for _, init := range []string{"auto", "always"} {
		cmd := launchertest.PID1Command("launcher", "run", "--deliver", "env", "--init", init, "--grace", "100ms", "--", "sh", "-c", "trap '' TERM; sleep 1000 & echo ready; wait")
		if init == "always" {
			cmd = launchertest.Command("launcher", "run", "--deliver", "env", "--init", init, "--grace", "100ms", "--", "sh", "-c", "trap '' TERM; sleep 1000 & echo ready; wait")
		}
		c := launchertest.Start(t, cmd)
		require.Equal(t, "ready", c.Line())
		c.Signal(unix.SIGTERM)
		status, _ := c.End()
		require.Equal(t, 137, status)
		require.Equal(t, "launcher: warning: the handler did not end within 100ms of TERM and was killed\n", c.Messages())
	}
}

// TestTermAtAnyInstant sends TERM at ever later moments of the start: no
// handler is left, and the status is 143. Before its first instruction a PID 1
// does not block signals, and the kernel drops them; while the Go runtime starts
// the program ends by TERM, as any Go program that is PID 1, with 2.
func TestTermAtAnyInstant(t *testing.T) {
	memory := launchertest.NewMemory(t)
	for _, flags := range [][]string{{"--init", "auto"}, {"--init", "always"}, {"--init", "always", "--mask", "--deliver", "socket"}} {
		var early int
		init := flags[1]
		for i := range 250 {
			args := append(append([]string{"launcher", "run", "--deliver", "env"}, flags...), "--", "sleep", "1000")
			cmd := launchertest.Command(args...)
			if init == "auto" {
				cmd.SysProcAttr = launchertest.PIDNamespace()
			}
			attended := len(flags) > 2
			if attended {
				cmd = memory.Command(false, append([]string{"sh", "-c", `echo; exec "$@"`, "sh"}, launchertest.Command(args...).Args...)...)
			}
			c := launchertest.Start(t, cmd)
			if attended {
				require.Empty(t, c.Line())
			}
			for range i * 20 * (len(flags) - 1) { // some 10 ms at the last, or 40
				_ = unix.Access("/proc/self/status", unix.R_OK)
			}
			untilNoted(c, init == "auto")
			c.Signal(unix.SIGTERM)
			c.Wait()
			if status := launchertest.ExitStatus(cmd); status == 2 && init == "auto" {
				early++
			} else {
				require.Equal(t, 143, status, c.Messages())
			}
			text := new(strings.Builder)
			_, err := c.Out.WriteTo(text) // to its end, which a handler would be holding
			require.NoError(t, err)
			require.Empty(t, text.String())
		}
		t.Logf("%v: %d of 250 while the runtime started", flags, early)
	}
	memory.RequireEmpty(t)
}

// untilNoted waits until a PID 1 blocks TERM or has a handler for it.
func untilNoted(c *launchertest.Process, pid1 bool) {
	launchertest.Eventually(c.T, "it does not start", func() bool {
		handled, _ := strconv.ParseUint(launchertest.StatusField(c.Cmd.Process.Pid, "SigCgt"), 16, 64)
		blocked, _ := strconv.ParseUint(launchertest.StatusField(c.Cmd.Process.Pid, "SigBlk"), 16, 64)
		return !pid1 || (handled|blocked)>>(uint(unix.SIGTERM)-1)&1 == 1
	})
}

// TestTheParentHoldsNoSecret searches its memory, environment and arguments for
// every canary once the handler runs.
func TestTheParentHoldsNoSecret(t *testing.T) {
	_, env := launchertest.CanaryRun(t)
	cmd := launchertest.PID1Command("launcher", "run", "--deliver", "fd", "-s", "inline={'ARGUMENT': '"+launchertest.Canaries["PROJECT"]+"'}", "--", "sh", "-c", "echo ready; exec sleep 1000")
	cmd.Env = append(env, cmd.Env...)
	c := launchertest.Start(t, cmd)
	require.Equal(t, "ready", c.Line())
	proc := "/proc/" + strconv.Itoa(cmd.Process.Pid)
	launchertest.Eventually(t, "the parent stays", func() bool { return launchertest.IsSupervisor(t, cmd.Process.Pid) })
	require.NotContains(t, launchertest.ReadFile(t, proc+"/environ"), "MLRUN")
	launchertest.RequireNoCanary(t, "environ", launchertest.ReadFile(t, proc+"/environ"))
	launchertest.RequireNoCanary(t, "cmdline", launchertest.ReadFile(t, proc+"/cmdline"))
	memory, err := os.Open(proc + "/mem")
	require.NoError(t, err)
	defer func() { _ = memory.Close() }()
	searched := 0
	for line := range strings.Lines(launchertest.ReadFile(t, proc+"/maps")) {
		if strings.Contains(line, "---p") || strings.Contains(line, "[v") {
			continue // address space that is reserved, and the kernel's own
		}
		var from, to int64
		_, err := fmt.Sscanf(line, "%x-%x", &from, &to)
		require.NoError(t, err)
		text := make([]byte, to-from)
		n, _ := memory.ReadAt(text, from)
		launchertest.RequireNoCanary(t, line, string(text[:n]))
		searched += n
	}
	require.Greater(t, searched, 1<<20)
	c.Signal(unix.SIGTERM)
	status, _ := c.End()
	require.Equal(t, 143, status)
}

// TestTheOutputOfPID1IsTheContainers is what a job writes there that has no
// standard output of its own, such as cron's.
func TestTheOutputOfPID1IsTheContainers(t *testing.T) {
	for _, deliver := range []string{"stdin", "files", "socket"} {
		got := launchertest.Finish(t, launchertest.PID1Command("launcher", "run", "--deliver", deliver, "--", "sh", "-c", "echo out >/proc/1/fd/1; echo err >/proc/1/fd/2"))
		require.Equal(t, launchertest.Result{Stdout: "out\n", Stderr: "err\n"}, got)
	}
}

// TestWithoutPtraceTheOutputOfPID1IsClosed is what docs/init.md says of containers,
// which lack CAP_SYS_PTRACE: a program opens nothing of PID 1.
func TestWithoutPtraceTheOutputOfPID1IsClosed(t *testing.T) {
	setpriv := launchertest.Needs(t, "setpriv", "PID 1 without CAP_SYS_PTRACE")
	for init, want := range map[string]string{"auto": "denied\ndenied\n", "never": "out\n"} {
		got := launchertest.Finish(t, launchertest.PID1Command(setpriv, "--bounding-set", "-sys_ptrace", "launcher", "run", "--init", init, "--",
			"sh", "-c", "(echo out >/proc/1/fd/1) 2>/dev/null || echo denied; (: </proc/1/environ) 2>/dev/null || echo denied"))
		require.Equal(t, launchertest.Result{Stdout: want}, got, init)
	}
}

// TestDescriptorsOfTheParent has it hold neither end of the handler's pipes.
func TestDescriptorsOfTheParent(t *testing.T) {
	handler := []string{"launcher", "run", "--deliver", "env", "--init", "always", "--", "sh", "-c", "echo ready; exec sleep 1000 >/dev/null"}
	c := launchertest.Start(t, launchertest.Command(handler...))
	require.Equal(t, "ready", c.Line())
	_, err := c.Out.ReadByte() // its end: the handler has let go of it
	require.Error(t, err)
	c.Signal(unix.SIGTERM)
	c.Wait()

	c = launchertest.StartAsPID1(t, handler...)
	require.Equal(t, "ready", c.Line())
	var links []string
	for overdue := time.Now().Add(launchertest.Patience); len(links) != 5; { // with the link to the handler's process, and a number kept for fd
		require.True(t, time.Now().Before(overdue), "%v", links)
		links, err = filepath.Glob("/proc/" + strconv.Itoa(c.Cmd.Process.Pid) + "/fd/*")
		require.NoError(t, err)
	}
	c.Signal(unix.SIGTERM)
	c.Wait()
}
