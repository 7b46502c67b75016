package main_test

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
		c := asPID1(t, "launcher", "run", "--", "probe", "exit", strconv.Itoa(status))
		got, rest := c.end()
		require.Equal(t, status, got)
		require.Empty(t, rest+c.messages())
	}
}

// terminating is the signals that end a process by default: all but those that
// stop or continue it, and CHLD, URG and WINCH, which do nothing.
func terminating() (signals []unix.Signal) {
	for s := unix.Signal(1); s <= 64; s++ {
		switch s {
		case unix.SIGCHLD, unix.SIGURG, unix.SIGWINCH, unix.SIGCONT, unix.SIGSTOP, unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU, unix.SIGKILL:
		default:
			signals = append(signals, s)
		}
	}
	return signals
}

// TestEverySignalReachesTheHandler sends each to PID 1 and has the handler end
// by it. One that whoever runs the tests has had ignored is the handler's to
// ignore too: a shell's background jobs have INT so.
func TestEverySignalReachesTheHandler(t *testing.T) {
	for _, signal := range terminating() {
		if ossignal.Ignored(signal) {
			continue
		}
		c := asPID1(t, "launcher", "run", "--deliver", "env", "--", "sh", "-c", "ulimit -c 0; echo ready; exec sleep 1000")
		require.Equal(t, "ready", c.line())
		c.signal(signal)
		status, _ := c.end()
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
	python := needs(t, "python3", "a storm of 10,000 signals")
	c := asPID1(t, "launcher", "run", "--deliver", "env", "--grace", "1h", "--", python, "-c", recorder)
	require.Equal(t, "ready", c.line())
	for range 10_000 {
		c.signal(unix.Signal(34)) // SIGRTMIN
		c.signal(unix.SIGUSR1)
		c.signal(unix.SIGURG)
	}
	c.signal(unix.SIGWINCH)
	c.signal(unix.SIGTSTP)
	// Of those that are pending the lowest is taken first: TERM would be before
	// the realtime ones.
	eventually(t, "signals stay pending", func() bool { return idle(c) })
	c.signal(unix.SIGTERM)
	counts := map[int]int{}
	for _, count := range strings.Fields(c.line()) {
		var signal, n int
		_, err := fmt.Sscanf(count, "%d:%d", &signal, &n)
		require.NoError(t, err)
		counts[signal] = n
	}
	status, _ := c.end()
	require.Zero(t, status)
	require.Equal(t, 10_000, counts[34])
	require.Positive(t, counts[int(unix.SIGUSR1)])
	require.Equal(t, 1, counts[int(unix.SIGWINCH)])
	require.Equal(t, 1, counts[int(unix.SIGTSTP)])
	require.Positive(t, counts[int(unix.SIGURG)])
	require.NotContains(t, counts, int(unix.SIGCHLD))
}

// idle reports whether neither PID 1 nor the handler has a pending signal.
func idle(c *container) bool {
	const none = "0000000000000000"
	for _, pid := range append(children(c.T, c.cmd.Process.Pid), c.cmd.Process.Pid) {
		if field(pid, "ShdPnd") != none || field(pid, "SigPnd") != none {
			return false
		}
	}
	return true
}

// TestGrace is a handler that ignores TERM, with a child that does too.
func TestGrace(t *testing.T) {
	for _, init := range []string{"auto", "always"} {
		cmd := contained("launcher", "run", "--deliver", "env", "--init", init, "--grace", "100ms", "--", "sh", "-c", "trap '' TERM; sleep 1000 & echo ready; wait")
		if init == "always" {
			cmd = command("launcher", "run", "--deliver", "env", "--init", init, "--grace", "100ms", "--", "sh", "-c", "trap '' TERM; sleep 1000 & echo ready; wait")
		}
		c := begin(t, cmd)
		require.Equal(t, "ready", c.line())
		c.signal(unix.SIGTERM)
		status, _ := c.end()
		require.Equal(t, 137, status)
		require.Equal(t, "launcher: warning: the handler did not end within 100ms of TERM and was killed\n", c.messages())
	}
}

// TestTermAtAnyInstant sends TERM at ever later moments of the start: no
// handler is left, and the status is 143. Before its first instruction a PID 1
// does not block signals, and the kernel drops them; while the Go runtime starts
// the program ends by TERM, as any Go program that is PID 1, with 2.
func TestTermAtAnyInstant(t *testing.T) {
	memory := newMemory(t)
	for _, flags := range [][]string{{"--init", "auto"}, {"--init", "always"}, {"--init", "always", "--mask", "--deliver", "socket"}} {
		var early int
		init := flags[1]
		for i := range 250 {
			args := append(append([]string{"launcher", "run", "--deliver", "env"}, flags...), "--", "sleep", "1000")
			cmd := command(args...)
			if init == "auto" {
				cmd.SysProcAttr = pidNamespace()
			}
			attended := len(flags) > 2
			if attended {
				cmd = memory.command(false, append([]string{"sh", "-c", `echo; exec "$@"`, "sh"}, command(args...).Args...)...)
			}
			c := begin(t, cmd)
			if attended {
				require.Empty(t, c.line())
			}
			for range i * 20 * (len(flags) - 1) { // some 10 ms at the last, or 40
				_ = unix.Access("/proc/self/status", unix.R_OK)
			}
			c.untilNoted(init == "auto")
			c.signal(unix.SIGTERM)
			c.wait()
			if status := ended(cmd); status == 2 && init == "auto" {
				early++
			} else {
				require.Equal(t, 143, status, c.messages())
			}
			text := new(strings.Builder)
			_, err := c.out.WriteTo(text) // to its end, which a handler would be holding
			require.NoError(t, err)
			require.Empty(t, text.String())
		}
		t.Logf("%v: %d of 250 while the runtime started", flags, early)
	}
	memory.requireEmpty(t)
}

// untilNoted waits until a PID 1 blocks TERM or has a handler for it.
func (c *container) untilNoted(pid1 bool) {
	eventually(c.T, "it does not start", func() bool {
		handled, _ := strconv.ParseUint(field(c.cmd.Process.Pid, "SigCgt"), 16, 64)
		blocked, _ := strconv.ParseUint(field(c.cmd.Process.Pid, "SigBlk"), 16, 64)
		return !pid1 || (handled|blocked)>>(uint(unix.SIGTERM)-1)&1 == 1
	})
}

// TestTheParentHoldsNoSecret searches its memory, environment and arguments for
// every canary once the handler runs.
func TestTheParentHoldsNoSecret(t *testing.T) {
	_, env := canaryRun(t)
	cmd := contained("launcher", "run", "--deliver", "fd", "-s", "inline={'ARGUMENT': '"+canaries["PROJECT"]+"'}", "--", "sh", "-c", "echo ready; exec sleep 1000")
	cmd.Env = append(env, cmd.Env...)
	c := begin(t, cmd)
	require.Equal(t, "ready", c.line())
	proc := "/proc/" + strconv.Itoa(cmd.Process.Pid)
	eventually(t, "the parent stays", func() bool { return resides(t, cmd.Process.Pid) })
	require.NotContains(t, read(t, proc+"/environ"), "MLRUN")
	requireNoCanary(t, "environ", read(t, proc+"/environ"))
	requireNoCanary(t, "cmdline", read(t, proc+"/cmdline"))
	memory, err := os.Open(proc + "/mem")
	require.NoError(t, err)
	defer func() { _ = memory.Close() }()
	searched := 0
	for line := range strings.Lines(read(t, proc+"/maps")) {
		if strings.Contains(line, "---p") || strings.Contains(line, "[v") {
			continue // address space that is reserved, and the kernel's own
		}
		var from, to int64
		_, err := fmt.Sscanf(line, "%x-%x", &from, &to)
		require.NoError(t, err)
		text := make([]byte, to-from)
		n, _ := memory.ReadAt(text, from)
		requireNoCanary(t, line, string(text[:n]))
		searched += n
	}
	require.Greater(t, searched, 1<<20)
	c.signal(unix.SIGTERM)
	status, _ := c.end()
	require.Equal(t, 143, status)
}

// TestDescriptorsOfTheParent has it hold neither end of the handler's pipes.
func TestDescriptorsOfTheParent(t *testing.T) {
	c := asPID1(t, "launcher", "run", "--deliver", "env", "--", "sh", "-c", "echo ready; exec sleep 1000 >/dev/null")
	require.Equal(t, "ready", c.line())
	_, err := c.out.ReadByte() // its end: the handler has let go of it
	require.Error(t, err)
	var links []string
	for overdue := time.Now().Add(patience); len(links) != 5; { // with the link to the handler's process, and a number kept for fd
		require.True(t, time.Now().Before(overdue), "%v", links)
		links, err = filepath.Glob("/proc/" + strconv.Itoa(c.cmd.Process.Pid) + "/fd/*")
		require.NoError(t, err)
	}
	c.signal(unix.SIGTERM)
	c.wait()
}
