package main_test

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// process is what the probe says of itself.
type process struct {
	Descriptors map[string]string
	Environ     []string
	Args        []string
	Core        [2]uint64
}

func probe(t *testing.T, cmd *exec.Cmd) process {
	t.Helper()
	got := finish(t, cmd)
	require.Zero(t, got.status, got.stderr)
	var p process
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &p))
	return p
}

func launcherCommand(args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(bin, "launcher"), args...)
	cmd.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH")}
	return cmd
}

// TestHandlerHasNoOtherDescriptors starts the launcher with more open than it
// passes on.
func TestHandlerHasNoOtherDescriptors(t *testing.T) {
	secret, err := os.Open("/etc/hostname")
	require.NoError(t, err)
	defer func() { _ = secret.Close() }()
	three := []string{"0", "1", "2"}
	for deliver, want := range map[string][]string{"stdin": three, "env": three, "fd": {"0", "1", "2", "3"}, "files": three, "socket": three, "socket --mask": three} {
		t.Run(deliver, func(t *testing.T) {
			deliver, mask, _ := strings.Cut(deliver, " ")
			cmd := launcherCommand("run", "--deliver", deliver, "--mask="+strconv.FormatBool(mask != ""), "--", "probe", "process")
			cmd.ExtraFiles = []*os.File{secret, secret, secret} // 3, 4 and 5
			got := probe(t, cmd)
			var open []string
			for fd, target := range got.Descriptors {
				open = append(open, fd)
				require.NotEqual(t, "/etc/hostname", target)
			}
			require.ElementsMatch(t, want, open, got.Descriptors)
			if deliver == "fd" {
				require.Contains(t, got.Descriptors["3"], "memfd:launcher-context")
			}
			if deliver == "stdin" {
				require.Contains(t, got.Descriptors["0"], "pipe:")
			}
		})
	}
}

// TestDescriptorThreeWhateverStandardErrorIs is files that cannot be waited for.
func TestDescriptorThreeWhateverStandardErrorIs(t *testing.T) {
	for _, path := range []string{os.DevNull, filepath.Join(t.TempDir(), "log")} {
		log, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
		require.NoError(t, err)
		cmd := launcherCommand("run", "--deliver", "fd", "-s", "inline={'A': 'x'}", "--", "probe", "secret", "A")
		cmd.Stderr = log
		out, err := cmd.Output()
		require.NoError(t, err)
		require.Equal(t, "x", string(out))
		require.NoError(t, log.Close())
	}
}

// TestContextOnStandardInputIsThereOnce is a child that reads what the handler
// has read: a pipe holds up to 1 MiB, and the Python module leaves nothing.
func TestContextOnStandardInputIsThereOnce(t *testing.T) {
	dir := t.TempDir()
	for name, size := range map[string]int{"small": 10, "a pipe's": 900_000, "a file's": 3 << 20} {
		t.Run(name, func(t *testing.T) {
			path := write(t, dir+"/"+name+".txt", "BIG="+strings.Repeat("x", size))
			if size < 1<<20 {
				got := start(t, nil, "", "run", "-s", "file="+path, "--", "sh", "-c", "cat >/dev/null; sh -c 'cat </proc/self/fd/0'")
				require.Equal(t, result{}, got)
			}
			handler := write(t, dir+"/handler.py", "import subprocess\ndef f(context):\n    print(len(context.get_secret('BIG')), flush=True)\n    subprocess.run(['cat', '/proc/self/fd/0'])\n")
			needs(t, "python3", "a child of a Python function")
			got := start(t, nil, "", "run", "-s", "file="+path, "--handler", handler+":f")
			require.Equal(t, result{stdout: strconv.Itoa(size) + "\n"}, got)
		})
	}
}

// TestContextOnADescriptorCannotBeChanged writes to it, as a handler gone wrong
// might.
func TestContextOnADescriptorCannotBeChanged(t *testing.T) {
	needs(t, "sh", "that the memfd is sealed")
	got := start(t, nil, "", "run", "--deliver", "fd", "--", "sh", "-c", `echo x >&3; echo x 3<>/proc/self/fd/3 >&3; cat <&3`)
	require.Contains(t, got.stdout, `"version":1`)
	require.NotContains(t, got.stdout, "x\n")
}

func TestHandlerStartsAsTheLauncherDid(t *testing.T) {
	ours := probe(t, launcherCommand("run", "--deliver", "env", "--", "probe", "process"))
	bare := exec.Command(filepath.Join(bin, "bare"), filepath.Join(bin, "probe"), "process")
	bare.Env = launcherCommand().Env
	plain := probe(t, bare)
	require.Equal(t, plain.Core[1], ours.Core[1], "the hard limit is as it was")
	require.Equal(t, min(1, plain.Core[1]), ours.Core[0], "no core dump, not even to a pipe, until the handler asks for one")
	require.Equal(t, []string{"probe", "process"}, ours.Args)
}

// TestTenMegabytesBlockNobody is a context that no pipe holds, to a handler
// that never reads it and to one that does.
func TestTenMegabytesBlockNobody(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "big.txt"), "BIG="+strings.Repeat("x", 10<<20))
	for _, deliver := range []string{"stdin", "fd"} {
		never := start(t, nil, "", "run", "--deliver", deliver, "-s", "file="+path, "--", "probe", "exit", "7")
		require.Equal(t, 7, never.status, never.stderr)
		reads := start(t, nil, "", "run", "--deliver", deliver, "-s", "file="+path, "--", "probe", "secret", "BIG")
		require.Len(t, reads.stdout, 10<<20)
	}
}

func TestStatusIsTheHandlers(t *testing.T) {
	for status := range 256 {
		got := start(t, nil, "", "run", "--", "probe", "exit", strconv.Itoa(status))
		require.Equal(t, result{status: status}, got)
	}
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		got := start(t, nil, "", "run", "--", "probe", "kill", strconv.Itoa(int(signal)))
		require.Equal(t, 128+int(signal), got.status)
	}
}

// TestTermWhileResolving ends the launcher while it waits for the rest of its
// task: the handler is never started.
func TestTermWhileResolving(t *testing.T) {
	cmd := launcherCommand("run", "--task", "-", "--", "echo", "started")
	requireEnded(t, cmd, syscall.SIGTERM)
}

// TestQuitShowsNoTrace is the signal at which a Go program prints its stacks and
// registers.
func TestQuitShowsNoTrace(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGABRT} {
		cmd := launcherCommand("run", "--task", "-", "--", "echo", "started")
		require.Empty(t, requireEnded(t, cmd, signal))
	}
}

// TestTermWhileResolvingAsPID1 leaves out INT and HUP, which whoever runs the
// tests may have had ignored.
func TestTermWhileResolvingAsPID1(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGABRT} {
		cmd := contained("launcher", "run", "--task", "-", "--", "echo", "started")
		stderr := requireEnded(t, cmd, signal)
		require.Equal(t, "launcher: ended by "+unix.SignalName(signal)+" while resolving; the handler was not started\n", stderr)
	}
}

// pidNamespace makes a process PID 1 of a namespace of its own.
func pidNamespace() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWPID,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
}

func requireEnded(t *testing.T, cmd *exec.Cmd, signal syscall.Signal) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	stdin, task, err := os.Pipe()
	require.NoError(t, err)
	defer func() { _, _ = stdin.Close(), task.Close() }()
	cmd.Stdin = stdin
	launchertest.NeedsNamespaces(t, cmd)
	require.NoError(t, cmd.Start())
	// The launcher has read a byte of its task once the pipe is empty again, and
	// so is past its start.
	_, err = io.WriteString(task, "{")
	require.NoError(t, err)
	waitUntilRead(t, stdin)
	require.NoError(t, cmd.Process.Signal(signal))
	_ = cmd.Wait()
	require.Equal(t, 128+int(signal), ended(cmd), stderr.String())
	require.Empty(t, stdout.String())
	return stderr.String()
}

// waitUntilRead waits until somebody has read what a pipe holds.
func waitUntilRead(t *testing.T, pipe *os.File) {
	t.Helper()
	for unread := 1; unread > 0; {
		var err error
		unread, err = unix.IoctlGetInt(int(pipe.Fd()), unix.TIOCINQ)
		require.NoError(t, err)
	}
}

// TestEndsWithItsParentIsHandedOn is PR_SET_PDEATHSIG, as often as it took to be
// lost.
func TestEndsWithItsParentIsHandedOn(t *testing.T) {
	runtime.LockOSThread() // the parent is a thread
	defer runtime.UnlockOSThread()
	path := write(t, filepath.Join(t.TempDir(), "big.txt"), "BIG="+strings.Repeat("x", 1<<20))
	for range 100 {
		cmd := launcherCommand("run", "-s", "file="+path, "--", "probe", "parent")
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		require.Equal(t, result{stdout: "9 errno 0"}, finish(t, cmd))
	}
}

// TestAsAnotherUser runs as nobody, for whom /proc/self belongs to root while
// the launcher is not dumpable.
func TestAsAnotherUser(t *testing.T) {
	if os.Getuid() != 0 {
		launchertest.Lacks(t, "root", "a launcher that is not root")
	}
	require.NoError(t, os.Chmod(bin, 0o755))
	for _, deliver := range []string{"stdin", "fd", "env"} {
		cmd := launcherCommand("run", "--deliver", deliver, "-s", "inline={'A': 'x'}", "--", "probe", "secret", "A")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		got := finish(t, cmd)
		require.Equal(t, result{stdout: "x"}, got)
	}
}

// TestWhatCannotBeReadIsNotMissing has an optional source with a file that is
// there, and not for this user.
func TestWhatCannotBeReadIsNotMissing(t *testing.T) {
	require.NoError(t, os.Chmod(bin, 0o755))
	dir, err := os.MkdirTemp("/tmp", "launcher-test-")
	require.NoError(t, err)
	defer func() { _ = os.RemoveAll(dir) }()
	require.NoError(t, os.Chmod(dir, 0o755))
	secret := write(t, dir+"/TOKEN", "x")
	require.NoError(t, os.Chmod(secret, 0))
	for _, source := range []string{
		`{kind: kubernetes, optional: true, source: {mount: ` + dir + `, secrets: [TOKEN]}}`,
		`{kind: file, optional: true, source: ` + secret + `}`,
	} {
		task := write(t, dir+"/task.yaml", "spec: {secret_sources: ["+source+"]}")
		require.NoError(t, os.Chmod(task, 0o644))
		cmd := launcherCommand("run", "--task", task, "--", "true")
		if os.Getuid() == 0 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		got := finish(t, cmd)
		require.Equal(t, 125, got.status)
		require.Contains(t, got.stderr, "permission denied")
	}
}

func TestATerminalStaysTheHandlers(t *testing.T) {
	script := needs(t, "script", "standard input that is a terminal")
	cmd := exec.Command(script, "-qec", filepath.Join(bin, "launcher")+` run -- sh -c 'echo $LAUNCHER_CONTEXT; test -t 0 && echo terminal'`, "/dev/null")
	cmd.Env = launcherCommand().Env
	got := finish(t, cmd)
	require.Equal(t, "fd:3\nterminal\n", strings.ReplaceAll(got.stdout, "\r", ""))
}

func TestFilesThatNeverEndAreRefused(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	for path, reason := range map[string]string{fifo: "is a FIFO", "/dev/zero": "is a device", "/": "is a directory"} {
		for _, flag := range [][]string{{"--task", path}, {"-s", "file=" + path}, {"--local", path}} {
			got := start(t, nil, "", append(append([]string{"run"}, flag...), "--", "true")...)
			require.Equal(t, 125, got.status)
			require.Contains(t, got.stderr, reason)
		}
	}
}
