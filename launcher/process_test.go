package launcher_test

import (
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

// TestDescriptorThreeWhateverStandardErrorIs is files that cannot be waited for.
func TestDescriptorThreeWhateverStandardErrorIs(t *testing.T) {
	for _, path := range []string{os.DevNull, filepath.Join(t.TempDir(), "log")} {
		log, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
		require.NoError(t, err)
		cmd := launchertest.LauncherCommand("run", "--deliver", "fd", "-s", "inline={'A': 'x'}", "--", "probe", "secret", "A")
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
			path := launchertest.WriteFile(t, dir+"/"+name+".txt", "BIG="+strings.Repeat("x", size))
			if size < 1<<20 {
				got := launchertest.Run(t, nil, "", "run", "-s", "file="+path, "--", "sh", "-c", "cat >/dev/null; sh -c 'cat </proc/self/fd/0'")
				require.Equal(t, launchertest.Result{}, got)
			}
			handler := launchertest.WriteFile(t, dir+"/handler.py", "import subprocess\ndef f(context):\n    print(len(context.get_secret('BIG')), flush=True)\n    subprocess.run(['cat', '/proc/self/fd/0'])\n")
			launchertest.Needs(t, "python3", "a child of a Python function")
			got := launchertest.Run(t, nil, "", "run", "-s", "file="+path, "--handler", handler+":f")
			require.Equal(t, launchertest.Result{Stdout: strconv.Itoa(size) + "\n"}, got)
		})
	}
}

// TestContextOnADescriptorCannotBeChanged writes to it, as a handler gone wrong
// might.
func TestContextOnADescriptorCannotBeChanged(t *testing.T) {
	launchertest.Needs(t, "sh", "that the memfd is sealed")
	got := launchertest.Run(t, nil, "", "run", "--deliver", "fd", "--", "sh", "-c", `echo x >&3; echo x 3<>/proc/self/fd/3 >&3; cat <&3`)
	require.Contains(t, got.Stdout, `"version":1`)
	require.NotContains(t, got.Stdout, "x\n")
}

func TestHandlerStartsAsTheLauncherDid(t *testing.T) {
	ours := launchertest.Probe(t, launchertest.LauncherCommand("run", "--deliver", "env", "--", "probe", "process"))
	bare := exec.Command(launchertest.Path("bare"), launchertest.Path("probe"), "process")
	bare.Env = launchertest.LauncherCommand().Env
	plain := launchertest.Probe(t, bare)
	require.Equal(t, plain.Core[1], ours.Core[1], "the hard limit is as it was")
	require.Equal(t, min(1, plain.Core[1]), ours.Core[0], "no core dump, not even to a pipe, until the handler asks for one")
	require.Equal(t, []string{"probe", "process"}, ours.Args)
}

// TestTenMegabytesBlockNobody is a context that no pipe holds, to a handler
// that never reads it and to one that does.
func TestTenMegabytesBlockNobody(t *testing.T) {
	path := launchertest.WriteFile(t, filepath.Join(t.TempDir(), "big.txt"), "BIG="+strings.Repeat("x", 10<<20))
	for _, deliver := range []string{"stdin", "fd"} {
		never := launchertest.Run(t, nil, "", "run", "--deliver", deliver, "-s", "file="+path, "--", "probe", "exit", "7")
		require.Equal(t, 7, never.Status, never.Stderr)
		reads := launchertest.Run(t, nil, "", "run", "--deliver", deliver, "-s", "file="+path, "--", "probe", "secret", "BIG")
		require.Len(t, reads.Stdout, 10<<20)
	}
}

func TestStatusIsTheHandlers(t *testing.T) {
	for status := range 256 {
		got := launchertest.Run(t, nil, "", "run", "--", "probe", "exit", strconv.Itoa(status))
		require.Equal(t, launchertest.Result{Status: status}, got)
	}
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		got := launchertest.Run(t, nil, "", "run", "--", "probe", "kill", strconv.Itoa(int(signal)))
		require.Equal(t, 128+int(signal), got.Status)
	}
}

// TestTermWhileResolving ends the launcher while it waits for the rest of its
// task: the handler is never started.
func TestTermWhileResolving(t *testing.T) {
	cmd := launchertest.LauncherCommand("run", "--task", "-", "--", "echo", "started")
	launchertest.RequireEnded(t, cmd, syscall.SIGTERM)
}

// TestQuitShowsNoTrace is the signal at which a Go program prints its stacks and
// registers.
func TestQuitShowsNoTrace(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGABRT} {
		cmd := launchertest.LauncherCommand("run", "--task", "-", "--", "echo", "started")
		require.Empty(t, launchertest.RequireEnded(t, cmd, signal))
	}
}

// TestTermWhileResolvingAsPID1 leaves out INT and HUP, which whoever runs the
// tests may have had ignored.
func TestTermWhileResolvingAsPID1(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGABRT} {
		cmd := launchertest.PID1Command("launcher", "run", "--task", "-", "--", "echo", "started")
		stderr := launchertest.RequireEnded(t, cmd, signal)
		require.Equal(t, "launcher: ended by "+unix.SignalName(signal)+" while resolving; the handler was not started\n", stderr)
	}
}

// TestEndsWithItsParentIsHandedOn is PR_SET_PDEATHSIG, as often as it took to be
// lost.
func TestEndsWithItsParentIsHandedOn(t *testing.T) {
	runtime.LockOSThread() // the parent is a thread
	defer runtime.UnlockOSThread()
	path := launchertest.WriteFile(t, filepath.Join(t.TempDir(), "big.txt"), "BIG="+strings.Repeat("x", 1<<20))
	for range 100 {
		cmd := launchertest.LauncherCommand("run", "-s", "file="+path, "--", "probe", "parent")
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		require.Equal(t, launchertest.Result{Stdout: "9 errno 0"}, launchertest.Finish(t, cmd))
	}
}

// TestAsAnotherUser runs as nobody, for whom /proc/self belongs to root while
// the launcher is not dumpable.
func TestAsAnotherUser(t *testing.T) {
	if os.Getuid() != 0 {
		launchertest.Lacks(t, "root", "a launcher that is not root")
	}
	for _, deliver := range []string{"stdin", "fd", "env"} {
		cmd := launchertest.LauncherCommand("run", "--deliver", deliver, "-s", "inline={'A': 'x'}", "--", "probe", "secret", "A")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		got := launchertest.Finish(t, cmd)
		require.Equal(t, launchertest.Result{Stdout: "x"}, got)
	}
}

// TestWhatCannotBeReadIsNotMissing has an optional source with a file that is
// there, and not for this user.
func TestWhatCannotBeReadIsNotMissing(t *testing.T) {
	dir, err := os.MkdirTemp("/tmp", "launcher-test-")
	require.NoError(t, err)
	defer func() { _ = os.RemoveAll(dir) }()
	require.NoError(t, os.Chmod(dir, 0o755))
	secret := launchertest.WriteFile(t, dir+"/TOKEN", "x")
	require.NoError(t, os.Chmod(secret, 0))
	for _, source := range []string{
		`{kind: kubernetes, optional: true, source: {mount: ` + dir + `, secrets: [TOKEN]}}`,
		`{kind: file, optional: true, source: ` + secret + `}`,
	} {
		task := launchertest.WriteFile(t, dir+"/task.yaml", "spec: {secret_sources: ["+source+"]}")
		require.NoError(t, os.Chmod(task, 0o644))
		cmd := launchertest.LauncherCommand("run", "--task", task, "--", "true")
		if os.Getuid() == 0 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		got := launchertest.Finish(t, cmd)
		require.Equal(t, 125, got.Status)
		require.Contains(t, got.Stderr, "permission denied")
	}
}

func TestATerminalStaysTheHandlers(t *testing.T) {
	script := launchertest.Needs(t, "script", "standard input that is a terminal")
	cmd := exec.Command(script, "-qec", launchertest.Path("launcher")+` run -- sh -c 'echo $LAUNCHER_CONTEXT; test -t 0 && echo terminal'`, "/dev/null")
	cmd.Env = launchertest.LauncherCommand().Env
	got := launchertest.Finish(t, cmd)
	require.Equal(t, "fd:3\nterminal\n", strings.ReplaceAll(got.Stdout, "\r", ""))
}

func TestFilesThatNeverEndAreRefused(t *testing.T) {
	for path, reason := range map[string]string{"/dev/zero": "is a device", "/": "is a directory"} {
		for _, flag := range [][]string{{"--task", path}, {"-s", "file=" + path}, {"--local", path}} {
			got := launchertest.Run(t, nil, "", append(append([]string{"run"}, flag...), "--", "true")...)
			require.Equal(t, 125, got.Status)
			require.Contains(t, got.Stderr, reason)
		}
	}
}
