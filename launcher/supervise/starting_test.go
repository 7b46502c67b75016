//go:build linux && (amd64 || arm64) && !portable

package supervise_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// TestErrorsBesideACompanionArePrinted is PID 1, which signals every process
// when the handler's has ended.
func TestErrorsBesideACompanionArePrinted(t *testing.T) {
	for _, flags := range [][]string{{"--mask"}, {"--deliver", "socket"}, {"--mask", "--deliver", "socket"}} {
		for range 30 {
			missing := launchertest.PID1Command(append(append([]string{"launcher", "run"}, flags...), "-s", "env=NOT_SET", "--", "true")...)
			got := launchertest.Finish(t, missing)
			require.Equal(t, launchertest.Result{Stdout: "", Stderr: "launcher: secret \"NOT_SET\": env: variable NOT_SET is not set\nhint: set the variable, or mark the source optional: true\n", Status: 125}, got)
			got = launchertest.Finish(t, launchertest.PID1Command(append(append([]string{"launcher", "run"}, flags...), "--", "/no/such")...))
			require.Equal(t, launchertest.Result{Stdout: "", Stderr: "launcher: command \"/no/such\": no such file\n", Status: 127}, got)
		}
	}
}

// TestALimitOfProcessesAfterTheStart has the handler start as many as its user
// may. What it then writes is redacted and arrives, with its status.
func TestALimitOfProcessesAfterTheStart(t *testing.T) {
	if os.Getuid() != 0 {
		launchertest.Lacks(t, "root", "a limit of processes, which holds for one user")
	}
	for i, deliver := range []string{"stdin", "socket"} {
		const handler = `(for i in $(seq 100); do sleep 5 & done) 2>/dev/null; echo long-enough; echo long-enough >&2; exit 42`
		cmd := launchertest.Command(launchertest.Needs(t, "prlimit", "a limit of processes"), "--nproc=60", launchertest.Path("launcher"), "run", "--mask", "--deliver", deliver, "-s", "inline={'K': 'long-enough'}", "--", "sh", "-c", handler)
		cmd.SysProcAttr = launchertest.AsUser(uint32(54321 + i)) // the user of no other process
		require.Equal(t, launchertest.Result{Stdout: "***\n", Stderr: "***\n", Status: 42}, launchertest.Finish(t, cmd))
	}
}

// TestKillOfTheParentAtAnyInstant leaves no process of the launcher, and no
// handler with blocked signals.
func TestKillOfTheParentAtAnyInstant(t *testing.T) {
	for i := range 150 {
		tag := strconv.Itoa(1_000_000 + i)
		cmd := launchertest.Command("launcher", "run", "--init", "always", "--", "sleep", tag)
		require.NoError(t, cmd.Start())
		for range rand.N(4000) { // up to some 10 ms
			_ = unix.Access("/proc/self/status", unix.R_OK)
		}
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait()
		launchertest.Eventually(t, "a process of the launcher stays", func() bool {
			for _, pid := range processes(t) {
				name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
				parent := launchertest.StatusField(pid, "PPid")
				if strings.HasPrefix(string(name), "launcher: start\x00") && parent != strconv.Itoa(cmd.Process.Pid) && orphan(parent) {
					return false
				}
				if string(name) == "sleep\x00"+tag+"\x00" {
					require.Equal(t, "0000000000000000", launchertest.StatusField(pid, "SigBlk"))
					_ = unix.Kill(pid, unix.SIGKILL)
				}
			}
			return true
		})
	}
}

// orphan reports whether a process with this parent has lost its own.
func orphan(parent string) bool {
	name, _ := os.ReadFile("/proc/" + parent + "/comm")
	return !strings.HasPrefix(string(name), "launcher")
}

func processes(t *testing.T) (pids []int) {
	t.Helper()
	paths, err := filepath.Glob("/proc/[0-9]*")
	require.NoError(t, err)
	for _, path := range paths {
		pid, err := strconv.Atoi(filepath.Base(path))
		require.NoError(t, err)
		pids = append(pids, pid)
	}
	return pids
}

// TestASignalWhileResolvingWaitsForTheHandler is USR1, which ends a program that
// has no handler for it: not the launcher, and not before the handler starts.
func TestASignalWhileResolvingWaitsForTheHandler(t *testing.T) {
	for _, init := range []string{"never", "always"} {
		stdin, task, err := os.Pipe()
		require.NoError(t, err)
		cmd := launchertest.Command("launcher", "run", "--init", init, "--task", "-", "--", "sh", "-c", "echo started")
		cmd.Stdin = stdin
		var out strings.Builder
		cmd.Stdout = &out
		require.NoError(t, cmd.Start())
		_, err = io.WriteString(task, " ")
		require.NoError(t, err)
		launchertest.WaitUntilRead(t, stdin)
		require.NoError(t, cmd.Process.Signal(syscall.SIGUSR1))
		_, err = io.WriteString(task, "{}")
		require.NoError(t, err)
		require.NoError(t, task.Close())
		require.NoError(t, stdin.Close())
		_ = cmd.Wait()
		require.Equal(t, 138, launchertest.ExitStatus(cmd), init)
		require.Empty(t, out.String())
	}
}

// TestAPipelineKeepsItsTerminal is an interactive shell's pipelines, whose other
// programs use the terminal.
func TestAPipelineKeepsItsTerminal(t *testing.T) {
	bash := launchertest.Needs(t, "bash", "job control")
	cmd := launchertest.Command(bash, "--norc", "--noprofile", "--noediting", "-i")
	cmd.Env = append(cmd.Env, "PS1=prompt-$?: ", "TERM=dumb")
	x := launchertest.StartOnTerminal(t, cmd)
	x.Expect("prompt-0")
	launcher := launchertest.Path("launcher") + " run --deliver env --init always -- "
	x.Type("cat | " + launcher + "wc -c\n")
	x.Type("12345\n")
	x.Expect("12345")
	x.Type("\x04")
	x.Expect("6\r\n")
	x.Expect("prompt-0")
	x.Type(launcher + "sh -c 'echo rea\"\"dy; exec sleep 1000' | (read line </dev/tty; echo got-$line; kill $$ 2>/dev/null; pkill -P $$ sleep; exit)\n")
	x.Type("from-the-terminal\n")
	x.Expect("got-from-the-terminal")
	x.Type("\x03")
	x.Expect("prompt-")
	x.Type("exit 0\n")
	_ = x.Cmd.Wait()
}

// TestNoChildShowsAValueWhileItStarts has another process of the same user read
// what it can of each process of the launcher, from its first instruction on.
func TestNoChildShowsAValueWhileItStarts(t *testing.T) {
	if os.Getuid() != 0 {
		launchertest.Lacks(t, "root", "what a second process of one user sees")
	}
	const canary, user = "canary-of-the-start-1", 54500
	watch := launchertest.Command(launchertest.Path("probe"), "watch", canary)
	watch.SysProcAttr = launchertest.AsUser(user)
	stop, err := watch.StdinPipe()
	require.NoError(t, err)
	var seen strings.Builder
	watch.Stdout = &seen
	require.NoError(t, watch.Start())
	parents := map[string]bool{}
	for range 60 {
		cmd := launchertest.LauncherCommand("run", "--mask", "--deliver", "socket", "-s", "inline={'K': '"+canary+"'}", "-s", "env=ENV_CANARY", "--", "true")
		cmd.Env = append(cmd.Env, "ENV_CANARY="+canary)
		cmd.SysProcAttr = launchertest.AsUser(user)
		require.NoError(t, cmd.Run())
		parents[strconv.Itoa(cmd.Process.Pid)] = true
	}
	require.NoError(t, stop.Close())
	require.NoError(t, watch.Wait())
	t.Logf("before the first instruction of 60 launchers and their 120 children:\n%s", &seen)
	for line := range strings.Lines(seen.String()) {
		pid, what, _ := strings.Cut(strings.TrimSpace(line), " ")
		require.True(t, parents[pid] || what == "mem", "%s of %v", line, parents)
	}
}

// TestNothingIsLeftWhenProcessesAreRefused has the limit refuse each process and
// thread that the launcher needs in turn.
func TestNothingIsLeftWhenProcessesAreRefused(t *testing.T) {
	if os.Getuid() != 0 {
		launchertest.Lacks(t, "root", "a limit of processes, which holds for one user")
	}
	started := false
	for limit := 1; limit < 40; limit++ {
		cmd := launchertest.Command(launchertest.Needs(t, "prlimit", "a limit of processes"), "--nproc="+strconv.Itoa(limit), launchertest.Path("launcher"), "run", "--mask", "--deliver", "socket", "--", "true")
		cmd.SysProcAttr = launchertest.AsUser(54400)
		got := launchertest.Finish(t, cmd)
		started = got.Status == 0
		if !started {
			require.Contains(t, []int{2, 125}, got.Status, got.Stderr)
			t.Log(limit, got.Status, strings.SplitN(got.Stderr, "\n", 2)[0])
		}
	}
	require.True(t, started)
	after, err := filepath.Glob("/dev/shm/launcher-*")
	require.NoError(t, err)
	for _, directory := range after {
		if info, err := os.Stat(directory); err == nil {
			require.NotEqual(t, uint32(54400), info.Sys().(*syscall.Stat_t).Uid, directory)
		}
	}
}

// TestHintsFitWhatWasRefused has the system refuse one thing at a time.
func TestHintsFitWhatWasRefused(t *testing.T) {
	cmd := launchertest.PID1Command("launcher", "run", "--user", "4242", "--", "true")
	got := launchertest.Finish(t, cmd) // the namespace maps one ID
	require.Equal(t, 125, got.Status)
	require.Contains(t, got.Stderr, "hint: give the container CAP_SETUID and CAP_SETGID, and choose an ID that its user namespace maps")
	cmd = launchertest.Command(launchertest.Needs(t, "prlimit", "a limit of open files"), "--nofile=9", launchertest.Path("launcher"), "run", "--deliver", "files", "--", "true")
	got = launchertest.Finish(t, cmd)
	require.Equal(t, 125, got.Status)
	require.NotContains(t, got.Stderr, "mount a tmpfs at /dev/shm")
}

// TestAMessageThatNobodyReadsDoesNotEndTheHandler kills the companion of a
// launcher whose standard error is closed at its reader.
func TestAMessageThatNobodyReadsDoesNotEndTheHandler(t *testing.T) {
	read, write, err := os.Pipe()
	require.NoError(t, err)
	cmd := launchertest.Command("launcher", "run", "--deliver", "socket", "--", "sh", "-c",
		`for pid in /proc/[0-9]*; do grep -qs '^launcher: serve' $pid/comm && grep -qs "^PPid:.$PPID$" $pid/status && kill -KILL ${pid#/proc/}; done
		while grep -qs "launcher: serve" /proc/$PPID/task/*/children /dev/null; do :; done; sleep 0.2; exit 0`)
	cmd.Stderr = write
	require.NoError(t, cmd.Start())
	_, _ = read.Close(), write.Close()
	_ = cmd.Wait()
	require.Equal(t, 125, launchertest.ExitStatus(cmd), "the companion was lost, and the handler ended by itself")
}

// TestOutputThatIsLostIsAFailure kills the companion while it passes on what the
// handler wrote before it ended with 0.
func TestOutputThatIsLostIsAFailure(t *testing.T) {
	out, in, err := os.Pipe()
	require.NoError(t, err)
	mark := filepath.Join(t.TempDir(), "mark")
	cmd := launchertest.Command("launcher", "run", "--mask", "-s", "inline={'K': 'long-enough'}", "--", "sh", "-c", `head -c 100000 /dev/zero; : >"$0"`, mark)
	var messages strings.Builder
	cmd.Stdout, cmd.Stderr = in, &messages
	require.NoError(t, cmd.Start())
	require.NoError(t, in.Close())
	launchertest.Eventually(t, "the handler ends", func() bool {
		_, err := os.Stat(mark)
		return err == nil && len(childrenOf(t, cmd.Process.Pid)) == 1
	})
	require.NoError(t, unix.Kill(childrenOf(t, cmd.Process.Pid)[0], unix.SIGKILL))
	_ = cmd.Wait()
	require.Equal(t, 125, launchertest.ExitStatus(cmd))
	require.Equal(t, "launcher: the companion process was ended by SIGKILL\n", messages.String())
	require.NoError(t, out.Close())
}

func childrenOf(t *testing.T, parent int) (pids []int) {
	for _, pid := range processes(t) {
		if launchertest.StatusField(pid, "PPid") == strconv.Itoa(parent) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// TestAParentWithoutANameHoldsNoSecret is started with an empty argv[0].
func TestAParentWithoutANameHoldsNoSecret(t *testing.T) {
	if os.Getuid() != 0 {
		launchertest.Lacks(t, "root", "what the parent's environment shows")
	}
	cmd := launchertest.LauncherCommand("run", "--init", "always", "-s", "inline={'K': 'canary-without-a-name'}", "--", "sleep", "1000")
	cmd.Args[0] = ""
	cmd.Env = append(cmd.Env, "CANARY=canary-without-a-name")
	require.NoError(t, cmd.Start())
	launchertest.Eventually(t, "the parent stays", func() bool { return launchertest.IsSupervisor(t, cmd.Process.Pid) })
	for _, file := range []string{"environ", "cmdline"} {
		require.NotContains(t, launchertest.ReadFile(t, fmt.Sprintf("/proc/%d/%s", cmd.Process.Pid, file)), "canary")
	}
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	_ = cmd.Wait()
}
