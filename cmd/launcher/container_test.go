package main_test

import (
	"bufio"
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

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// patience is how long a test waits for what has to come.
const patience = 30 * time.Second

// container is a handler and its parent while they run.
type container struct {
	*testing.T
	cmd    *exec.Cmd
	out    *bufio.Reader
	stdout *os.File
	stderr *os.File
}

// asPID1 starts a program as PID 1 of namespaces of its own, user, PID and
// mount, its standard output and error to be read here.
func asPID1(t *testing.T, args ...string) *container {
	t.Helper()
	return begin(t, contained(args...))
}

// contained is a program as PID 1 with a /proc of its own, as a container has
// it: a shell mounts it and becomes the program.
func contained(args ...string) *exec.Cmd {
	program := command(args...)
	cmd := command(append([]string{"sh", "-c", `mount -t proc proc /proc && exec "$@"`, "sh"}, program.Args...)...)
	cmd.SysProcAttr = pidNamespace()
	cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWNS
	return cmd
}

func command(args ...string) *exec.Cmd {
	if args[0] == "launcher" {
		args[0] = filepath.Join(bin, "launcher")
	}
	cmd := exec.Command(args[0], args[1:]...)
	if cmd.Err == nil && args[0] != "sh" {
		cmd.Args[0] = cmd.Path
	}
	cmd.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH")}
	return cmd
}

// begin starts a command. Its standard input is a pipe that nobody closes.
func begin(t *testing.T, cmd *exec.Cmd) *container {
	t.Helper()
	c := &container{T: t, cmd: cmd}
	var in *os.File
	var err error
	c.stdout, in, err = os.Pipe()
	require.NoError(t, err)
	c.stderr, err = os.CreateTemp(t.TempDir(), "stderr")
	require.NoError(t, err)
	stdin, hold, err := os.Pipe()
	require.NoError(t, err)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, in, c.stderr
	launchertest.NeedsNamespaces(t, cmd)
	require.NoError(t, cmd.Start())
	_, _ = in.Close(), stdin.Close()
	t.Cleanup(func() { _ = hold.Close() })
	require.NoError(t, c.stdout.SetReadDeadline(time.Now().Add(patience)))
	c.out = bufio.NewReader(c.stdout)
	return c
}

// line is the next line of standard output.
func (c *container) line() string {
	c.Helper()
	line, err := c.out.ReadString('\n')
	require.NoError(c, err, c.messages())
	return strings.TrimSuffix(line, "\n")
}

func (c *container) signal(signal unix.Signal) {
	c.Helper()
	require.NoError(c, unix.Kill(c.cmd.Process.Pid, signal))
}

// end waits until the parent and all that holds its standard output have
// ended, and is the exit status and what was still printed.
func (c *container) end() (status int, rest string) {
	c.Helper()
	c.wait()
	text := new(strings.Builder)
	_, err := c.out.WriteTo(text)
	require.NoError(c, err, "something holds standard output")
	wait := c.cmd.ProcessState.Sys().(syscall.WaitStatus)
	require.True(c, wait.Exited(), "the parent itself ended by %v", wait.Signal())
	return wait.ExitStatus(), text.String()
}

func (c *container) wait() {
	c.Helper()
	overdue := time.AfterFunc(patience, func() { _ = c.cmd.Process.Kill() })
	_ = c.cmd.Wait()
	require.True(c, overdue.Stop(), "does not end")
}

// ended is a command's exit status, 128+n where signal n ended it.
func ended(cmd *exec.Cmd) int {
	wait := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if wait.Signaled() {
		return 128 + int(wait.Signal())
	}
	return wait.ExitStatus()
}

func (c *container) messages() string {
	text, err := os.ReadFile(c.stderr.Name())
	require.NoError(c, err)
	return string(text)
}

// children is the process IDs of a process's children, as seen from here.
func children(t *testing.T, pid int) []int {
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

// field is a line of /proc/PID/status, "" for a process that is not there.
func field(pid int, name string) string {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	for line := range strings.Lines(string(text)) {
		if key, value, _ := strings.Cut(line, ":"); key == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// eventually waits for what other processes do, and nothing tells.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for late := time.Now().Add(patience); !condition(); {
		require.True(t, time.Now().Before(late), what)
	}
}

// resides reports whether a launcher has erased what it was started with, and
// stays as the handler's parent; that may come after the handler's start.
func resides(t *testing.T, pid int) bool {
	t.Helper()
	return strings.HasPrefix(read(t, "/proc/"+strconv.Itoa(pid)+"/cmdline"), "launcher\x00\x00")
}

// credential makes a process a user's.
func credential(uid uint32) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
}
