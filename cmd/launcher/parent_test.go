package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// TestTheParentIsSmallAndSleeps counts how often the kernel switched to any of
// its threads in ten seconds: not once.
func TestTheParentIsSmallAndSleeps(t *testing.T) {
	t.Parallel()
	c := asPID1(t, "launcher", "run", "--deliver", "env", "--", "sh", "-c", "echo ready; sleep 1; echo settled; sleep 10; echo later; exec sleep 1000")
	require.Equal(t, "ready", c.line())
	require.Equal(t, "settled", c.line())
	before := switches(t, c.cmd.Process.Pid)
	kib, err := strconv.Atoi(strings.TrimSuffix(field(c.cmd.Process.Pid, "RssAnon"), " kB"))
	require.NoError(t, err)
	t.Logf("%d KiB of its own, %s resident with pages of the program's file", kib, field(c.cmd.Process.Pid, "VmRSS"))
	require.LessOrEqual(t, kib, 5<<9)
	require.Equal(t, "later", c.line())
	require.Equal(t, before, switches(t, c.cmd.Process.Pid))
	c.signal(unix.SIGTERM)
	c.wait()
}

// switches is the lines of each thread that count its context switches.
func switches(t *testing.T, pid int) (lines []string) {
	t.Helper()
	threads, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/status")
	require.NoError(t, err)
	require.NotEmpty(t, threads)
	for _, thread := range threads {
		for line := range strings.Lines(read(t, thread)) {
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
	needs(t, "grep", "ignored signals that are handed on")
	runtime.LockOSThread() // whose mask a child starts with
	defer runtime.UnlockOSThread()
	var set, old unix.Sigset_t
	set.Val[0] = 1<<(unix.SIGUSR2-1) | 1<<(unix.SIGCHLD-1) | 1<<(35-1)
	require.NoError(t, unix.PthreadSigmask(unix.SIG_BLOCK, &set, &old))
	defer func() { _ = unix.PthreadSigmask(unix.SIG_SETMASK, &old, nil) }()
	const show = `trap '' USR1 PIPE QUIT HUP TSTP; exec "$@" grep -E '^Sig(Blk|Ign)' /proc/self/status`
	for _, init := range []string{"never", "always", "auto"} {
		start := command
		if init == "auto" {
			start = contained
		}
		plain := finish(t, start("sh", "-c", show, "sh", "env"))
		require.Regexp(t, `SigBlk:.*\nSigIgn:\s+[0-9a-f]*81205`, plain.stdout)
		if init != "auto" { // of which Go starts with no signal blocked
			require.Regexp(t, `SigBlk:\s+0*400010800`, plain.stdout)
		}
		pod := newAzurePod(t)
		for _, flags := range [][]string{nil, append(vault("my-vault", "DB_PASSWORD"), "--azure-credentials", pod.credentials)} { // by one program, by two
			args := slices.Concat([]string{"sh", "-c", show, "sh", filepath.Join(bin, "launcher"), "run", "--init", init}, flags, []string{"--"})
			cmd := start(args...)
			cmd.Env = append(cmd.Env, pod.env...)
			require.Equal(t, plain, finish(t, cmd), "%s %v", init, flags)
		}
	}
}

// TestNothingOutlivesTheJob is the parent when it is not PID 1: a daemon in a
// session of its own, and the child of a child, are told to end and waited for.
func TestNothingOutlivesTheJob(t *testing.T) {
	needs(t, "setsid", "a daemon that outlives its handler")
	c := begin(t, command("launcher", "run", "--deliver", "env", "--init", "always", "--grace", "300ms", "--", "sh", "-c",
		`(setsid sh -c 'trap "echo cleaned; exit" TERM; echo ready; while :; do sleep 0.01; done' &); (setsid sh -c 'trap "" TERM; echo ready; sleep 1000' &); sleep 0.5; echo $$; read line`))
	require.Equal(t, "ready", c.line())
	require.Equal(t, "ready", c.line())
	eventually(t, "the parent stays", func() bool { return resides(t, c.cmd.Process.Pid) })
	handler, err := strconv.Atoi(c.line())
	require.NoError(t, err)
	require.NoError(t, unix.Kill(handler, unix.SIGINT))
	status, rest := c.end()
	require.Equal(t, 130, status)
	require.Equal(t, "cleaned\n", rest)
}

// TestNoProcessBelievesToBeAChild starts the launcher under the names of its
// children, which its parent alone may use, also as PID 1.
func TestNoProcessBelievesToBeAChild(t *testing.T) {
	for _, name := range []string{"launcher: start", "launcher: serve"} {
		for _, args := range [][]string{{name}, {name, "3"}, {name, "0"}, {name, "x"}, {name, "-1", "1", "2"}} {
			for _, attributes := range []*syscall.SysProcAttr{nil, pidNamespace()} {
				cmd := launcherCommand()
				cmd.Args, cmd.SysProcAttr = args, attributes
				require.Equal(t, result{"", "launcher: \"" + name + "\" is the name of a process that only the launcher starts\n", 125}, finish(t, cmd), args)
			}
		}
	}
	cmd := contained("launcher", "run", "--", "sh", "-c", "echo $PPID; env")
	cmd.Env = append(cmd.Env, "LAUNCHER_STARTED_BY=0:0:0:handler:/dir")
	require.True(t, strings.HasPrefix(finish(t, cmd).stdout, "1\n"), "the environment decides nothing")
}

// TestUser is --user in each of its ways.
func TestUser(t *testing.T) {
	if os.Getuid() != 0 {
		launchertest.Lacks(t, "root", "--user")
	}
	require.NoError(t, os.Chmod(bin, 0o755))
	for _, init := range []string{"never", "always"} {
		for user, want := range map[string]string{"65534": "65534:65534:65534\n", "1234:4321": "1234:4321:4321\n"} {
			got := start(t, nil, "", "run", "--init", init, "--user", user, "-s", "inline={'A': 'x'}", "--", "sh", "-c", "echo $(id -u):$(id -g):$(id -G); grep -q '\"A\":\"x\"'")
			require.Equal(t, result{stdout: want}, got)
		}
	}
	for user, message := range map[string]string{"root": "is not UID[:GID]", "1:": "is not UID[:GID]", "-1": "is not UID[:GID]", "4294967295": "is not UID[:GID]"} {
		got := start(t, nil, "", "run", "--user", user, "--", "true")
		require.Equal(t, 125, got.status)
		require.Contains(t, got.stderr, message)
	}
	cmd := launcherCommand("run", "--user", "1234", "-s", "env=MISSING", "--", "true")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	got := finish(t, cmd)
	require.Equal(t, 125, got.status)
	require.Contains(t, got.stderr, "launcher: --user 1234:1234: operation not permitted\nhint: ")
	require.NotContains(t, got.stderr, "MISSING", "it is checked first")
}

// TestTerminationLog is a pod's: the same lines as on standard error.
func TestTerminationLog(t *testing.T) {
	if os.Getuid() != 0 {
		launchertest.Lacks(t, "root", "/dev/termination-log")
	}
	image := t.TempDir()
	require.NoError(t, os.Mkdir(image+"/dev", 0o755))
	text, err := os.ReadFile(filepath.Join(bin, "launcher"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(image+"/launcher", text, 0o755))
	for _, pod := range []bool{true, false} {
		for _, format := range []string{"text", "json"} {
			log := write(t, image+"/dev/termination-log", "")
			cmd := &exec.Cmd{Path: "/launcher", Dir: "/", Env: []string{},
				Args: []string{"launcher", "run", "--log", format, "--verbose", "-s", "env=MISSING", "--", "/launcher"}}
			cmd.SysProcAttr = pidNamespace()
			cmd.SysProcAttr.Chroot = image
			want := ""
			if pod {
				cmd.Env = append(cmd.Env, "KUBERNETES_SERVICE_HOST=10.0.0.1")
			}
			got := finish(t, cmd)
			require.Equal(t, 125, got.status, got.stderr)
			for line := range strings.Lines(got.stderr) {
				if pod && !strings.Contains(line, `"level":"info"`) && !strings.Contains(line, "env, variable MISSING: missing") {
					want += line
				}
			}
			require.Equal(t, want, read(t, log))
		}
	}
}
