package launchertest

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// Patience is how long a test waits for what has to come.
const Patience = 30 * time.Second

// Process is a program that runs, usually a launcher that stays beside its handler.
type Process struct {
	*testing.T
	Cmd    *exec.Cmd
	Out    *bufio.Reader
	stdout *os.File
	stderr *os.File
}

// StartAsPID1 starts a program as PID 1 of its own user, PID and mount namespaces.
func StartAsPID1(t *testing.T, args ...string) *Process {
	t.Helper()
	return Start(t, PID1Command(args...))
}

// Start starts a command and keeps what it prints. Its standard input is a pipe that
// nobody closes.
func Start(t *testing.T, cmd *exec.Cmd) *Process {
	t.Helper()
	c := &Process{T: t, Cmd: cmd}
	var in *os.File
	var err error
	c.stdout, in, err = os.Pipe()
	require.NoError(t, err)
	c.stderr, err = os.CreateTemp(t.TempDir(), "stderr")
	require.NoError(t, err)
	stdin, hold, err := os.Pipe()
	require.NoError(t, err)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, in, c.stderr
	NeedsNamespaces(t, cmd)
	require.NoError(t, cmd.Start())
	_, _ = in.Close(), stdin.Close()
	t.Cleanup(func() { _, _, _ = hold.Close(), c.stdout.Close(), c.stderr.Close() })
	require.NoError(t, c.stdout.SetReadDeadline(time.Now().Add(Patience)))
	c.Out = bufio.NewReader(c.stdout)
	return c
}

// Line returns the next line of standard output.
func (c *Process) Line() string {
	c.Helper()
	line, err := c.Out.ReadString('\n')
	require.NoError(c, err, c.Messages())
	return strings.TrimSuffix(line, "\n")
}

// Signal sends a signal to the program.
func (c *Process) Signal(signal unix.Signal) {
	c.Helper()
	require.NoError(c, unix.Kill(c.Cmd.Process.Pid, signal))
}

// End waits until the program and everything that holds its standard output have
// ended. It returns the exit status and the rest of the output.
func (c *Process) End() (status int, rest string) {
	c.Helper()
	c.Wait()
	text := new(strings.Builder)
	_, err := c.Out.WriteTo(text)
	require.NoError(c, err, "something holds standard output")
	wait := c.Cmd.ProcessState.Sys().(syscall.WaitStatus)
	require.True(c, wait.Exited(), "the parent itself ended by %v", wait.Signal())
	return wait.ExitStatus(), text.String()
}

// Wait waits until the program has ended.
func (c *Process) Wait() {
	c.Helper()
	overdue := time.AfterFunc(Patience, func() { _ = c.Cmd.Process.Kill() })
	_ = c.Cmd.Wait()
	require.True(c, overdue.Stop(), "does not end")
}

// Messages returns what was written to standard error so far.
func (c *Process) Messages() string {
	text, err := os.ReadFile(c.stderr.Name())
	require.NoError(c, err)
	return string(text)
}
