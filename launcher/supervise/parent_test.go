//go:build linux && (amd64 || arm64) && !portable

package supervise_test

import (
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/internal/azuretest"
	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// TestTheParentIsSmallAndSleeps counts how often the kernel switched to any of
// its threads in ten seconds: not once.
func TestTheParentIsSmallAndSleeps(t *testing.T) {
	t.Parallel()
	c := launchertest.StartAsPID1(t, "launcher", "run", "--deliver", "env", "--", "sh", "-c", "echo ready; sleep 1; echo settled; sleep 10; echo later; exec sleep 1000")
	require.Equal(t, "ready", c.Line())
	require.Equal(t, "settled", c.Line())
	before := switches(t, c.Cmd.Process.Pid)
	kib, err := strconv.Atoi(strings.TrimSuffix(launchertest.StatusField(c.Cmd.Process.Pid, "RssAnon"), " kB"))
	require.NoError(t, err)
	t.Logf("%d KiB of its own, %s resident with pages of the program's file", kib, launchertest.StatusField(c.Cmd.Process.Pid, "VmRSS"))
	require.LessOrEqual(t, kib, 5<<9)
	require.Equal(t, "later", c.Line())
	require.Equal(t, before, switches(t, c.Cmd.Process.Pid))
	c.Signal(unix.SIGTERM)
	c.Wait()
}

// switches is the lines of each thread that count its context switches.
func switches(t *testing.T, pid int) (lines []string) {
	t.Helper()
	threads, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/status")
	require.NoError(t, err)
	require.NotEmpty(t, threads)
	for _, thread := range threads {
		for line := range strings.Lines(launchertest.ReadFile(t, thread)) {
			if strings.Contains(line, "ctxt_switches") {
				lines = append(lines, thread+" "+line)
			}
		}
	}
	return lines
}

// TestSignalsAreHandedOn is the mask and the ignored signals that the launcher
// was started with, as a program sees them that it does not start.
func TestSignalsAreHandedOn(t *testing.T) {
	if launchertest.Entry() == "" {
		launchertest.Lacks(t, "an entry point for "+runtime.GOARCH, "ignored signals that are handed on")
	}
	launchertest.Needs(t, "grep", "ignored signals that are handed on")
	runtime.LockOSThread() // whose mask a child starts with
	defer runtime.UnlockOSThread()
	var set, old unix.Sigset_t
	set.Val[0] = 1<<(unix.SIGUSR2-1) | 1<<(unix.SIGCHLD-1) | 1<<(35-1)
	require.NoError(t, unix.PthreadSigmask(unix.SIG_BLOCK, &set, &old))
	defer func() { _ = unix.PthreadSigmask(unix.SIG_SETMASK, &old, nil) }()
	const show = `trap '' USR1 PIPE QUIT HUP TSTP; exec "$@" grep -E '^Sig(Blk|Ign)' /proc/self/status`
	for _, init := range []string{"never", "always", "auto"} {
		start := launchertest.Command
		if init == "auto" {
			start = launchertest.PID1Command
		}
		plain := launchertest.Finish(t, start("sh", "-c", show, "sh", "env"))
		require.Regexp(t, `SigBlk:.*\nSigIgn:\s+[0-9a-f]*81205`, plain.Stdout)
		if init != "auto" { // of which Go starts with no signal blocked
			require.Regexp(t, `SigBlk:\s+0*400010800`, plain.Stdout)
		}
		pod := azuretest.NewPod(t)
		for _, flags := range [][]string{nil, append(azuretest.Vault("my-vault", "DB_PASSWORD"), "--azure-credentials", pod.Credentials)} { // by one program, by two
			args := slices.Concat([]string{"sh", "-c", show, "sh", launchertest.Path("launcher"), "run", "--init", init}, flags, []string{"--"})
			cmd := start(args...)
			cmd.Env = append(cmd.Env, pod.Env...)
			require.Equal(t, plain, launchertest.Finish(t, cmd), "%s %v", init, flags)
		}
	}
}

// TestNothingOutlivesTheJob is the parent when it is not PID 1: a daemon in a
// session of its own, and the child of a child, are told to end and waited for.
func TestNothingOutlivesTheJob(t *testing.T) {
	launchertest.Needs(t, "setsid", "a daemon that outlives its handler")
	c := launchertest.Start(t, launchertest.Command("launcher", "run", "--deliver", "env", "--init", "always", "--grace", "300ms", "--", "sh", "-c",
		`(setsid sh -c 'trap "echo cleaned; exit" TERM; echo ready; while :; do sleep 0.01; done' &); (setsid sh -c 'trap "" TERM; echo ready; sleep 1000' &); sleep 0.5; echo $$; read line`))
	require.Equal(t, "ready", c.Line())
	require.Equal(t, "ready", c.Line())
	launchertest.Eventually(t, "the parent stays", func() bool { return launchertest.IsSupervisor(t, c.Cmd.Process.Pid) })
	handler, err := strconv.Atoi(c.Line())
	require.NoError(t, err)
	require.NoError(t, unix.Kill(handler, unix.SIGINT))
	status, rest := c.End()
	require.Equal(t, 130, status)
	require.Equal(t, "cleaned\n", rest)
}

// TestNoProcessBelievesToBeAChild starts the launcher under the names of its
// children, which its parent alone may use, also as PID 1.
func TestNoProcessBelievesToBeAChild(t *testing.T) {
	for _, name := range []string{"launcher: start", "launcher: serve"} {
		for _, args := range [][]string{{name}, {name, "3"}, {name, "0"}, {name, "x"}, {name, "-1", "1", "2"}} {
			for _, attributes := range []*syscall.SysProcAttr{nil, launchertest.PIDNamespace()} {
				cmd := launchertest.LauncherCommand()
				cmd.Args, cmd.SysProcAttr = args, attributes
				require.Equal(t, launchertest.Result{Stdout: "", Stderr: "launcher: \"" + name + "\" is the name of a process that only the launcher starts\n", Status: 125}, launchertest.Finish(t, cmd), args)
			}
		}
	}
	cmd := launchertest.PID1Command("launcher", "run", "--", "sh", "-c", "echo $PPID; env")
	cmd.Env = append(cmd.Env, "LAUNCHER_STARTED_BY=0:0:0:handler:/dir")
	require.True(t, strings.HasPrefix(launchertest.Finish(t, cmd).Stdout, "1\n"), "the environment decides nothing")
}
