package launchertest

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// Children returns the process IDs of a process's children, as seen from here.
func Children(t *testing.T, pid int) []int {
	t.Helper()
	lists, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/children")
	require.NoError(t, err)
	var pids []int
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		for field := range strings.FieldsSeq(string(text)) {
			child, err := strconv.Atoi(field)
			require.NoError(t, err)
			pids = append(pids, child)
		}
	}
	return pids
}

// StatusField returns a line of /proc/PID/status, "" for a process that has ended.
func StatusField(pid int, name string) string {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	for line := range strings.Lines(string(text)) {
		if key, value, _ := strings.Cut(line, ":"); key == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// Eventually waits for something that other processes do without telling.
func Eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for late := time.Now().Add(Patience); !condition(); {
		require.True(t, time.Now().Before(late), what)
	}
}

// IsSupervisor reports whether a launcher has become the supervisor: it has erased its
// arguments. That may come after the handler's start.
func IsSupervisor(t *testing.T, pid int) bool {
	t.Helper()
	return strings.HasPrefix(ReadFile(t, "/proc/"+strconv.Itoa(pid)+"/cmdline"), "launcher\x00\x00")
}

// WaitUntilRead waits until somebody has read what a pipe holds.
func WaitUntilRead(t *testing.T, pipe *os.File) {
	t.Helper()
	for unread := 1; unread > 0; {
		var err error
		unread, err = unix.IoctlGetInt(int(pipe.Fd()), unix.TIOCINQ)
		require.NoError(t, err)
	}
}

// RequireEnded signals a launcher that reads its task from standard input, requires
// that it ends by the signal and prints nothing, and returns its messages.
func RequireEnded(t *testing.T, cmd *exec.Cmd, signal syscall.Signal) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	stdin, task, err := os.Pipe()
	require.NoError(t, err)
	defer func() { _, _ = stdin.Close(), task.Close() }()
	cmd.Stdin = stdin
	NeedsNamespaces(t, cmd)
	require.NoError(t, cmd.Start())
	// The launcher has read a byte of its task once the pipe is empty again, and
	// so is past its start.
	_, err = io.WriteString(task, "{")
	require.NoError(t, err)
	WaitUntilRead(t, stdin)
	require.NoError(t, cmd.Process.Signal(signal))
	_ = cmd.Wait()
	require.Equal(t, 128+int(signal), ExitStatus(cmd), stderr.String())
	require.Empty(t, stdout.String())
	return stderr.String()
}

// TerminatingSignals returns the signals that end a process by default: all but those
// that stop or continue it, KILL, and CHLD, URG and WINCH, which do nothing.
func TerminatingSignals() (signals []unix.Signal) {
	for s := unix.Signal(1); s <= 64; s++ {
		switch s {
		case unix.SIGCHLD, unix.SIGURG, unix.SIGWINCH, unix.SIGCONT, unix.SIGSTOP, unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU, unix.SIGKILL:
		default:
			signals = append(signals, s)
		}
	}
	return signals
}
