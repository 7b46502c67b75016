package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// portableCommand returns the portable program with TMPDIR, and that folder.
func portableCommand(t *testing.T, args ...string) (*exec.Cmd, string) {
	t.Helper()
	folder := t.TempDir()
	cmd := launchertest.Command(append([]string{filepath.Join(launchertest.Portable(t), "launcher")}, args...)...)
	cmd.Env = append(cmd.Env, "TMPDIR="+folder, "TOKEN=tok-1")
	return cmd, folder
}

func requireEmpty(t *testing.T, folder string) {
	t.Helper()
	left, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Empty(t, left)
}

// TestThePortableParentForwardsSignals is for a handler that catches each.
func TestThePortableParentForwardsSignals(t *testing.T) {
	for _, signal := range []unix.Signal{
		unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGABRT, unix.SIGALRM, unix.SIGTERM, unix.SIGUSR1, unix.SIGUSR2, unix.SIGWINCH,
	} {
		name := strings.TrimPrefix(unix.SignalName(signal), "SIG")
		cmd, folder := portableCommand(t, "run", "--deliver", "files", "-s", "env=TOKEN", "--",
			"sh", "-c", "trap 'echo got; kill $!; exit 7' "+name+"; sleep 60 >/dev/null 2>&1 & echo ready; wait")
		cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true} // no terminal sends it
		p := launchertest.Start(t, cmd)
		require.Equal(t, "ready", p.Line())
		p.Signal(signal)
		status, rest := p.End()
		require.Equal(t, 7, status, "%s: %s", name, p.Messages())
		require.Equal(t, "got\n", rest)
		requireEmpty(t, folder)
	}
}

// TestTheHandlerOfThePortableParentEndsByASignal has the status of a shell.
func TestTheHandlerOfThePortableParentEndsByASignal(t *testing.T) {
	cmd, folder := portableCommand(t, "run", "--deliver", "files", "-s", "env=TOKEN", "--", "sh", "-c", "echo ready; exec sleep 60")
	p := launchertest.Start(t, cmd)
	require.Equal(t, "ready", p.Line())
	p.Signal(unix.SIGTERM)
	status, _ := p.End()
	require.Equal(t, 128+int(unix.SIGTERM), status)
	requireEmpty(t, folder)
}

// TestThePortableProgramEndsBySignalsWhileItReads leaves the handler unstarted, and
// prints no stack of the Go runtime.
func TestThePortableProgramEndsBySignalsWhileItReads(t *testing.T) {
	for _, signal := range []unix.Signal{unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGABRT, unix.SIGTERM} {
		for _, delivery := range []string{"stdin", "files"} {
			cmd, folder := portableCommand(t, "run", "--deliver", delivery, "--task", "-", "--", "echo", "started")
			cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true}
			require.Empty(t, launchertest.RequireEnded(t, cmd, signal), "%v %s", signal, delivery)
			requireEmpty(t, folder)
		}
	}
}

// TestThePortableProgramIsNoInit answers before it reads a task or a secret.
func TestThePortableProgramIsNoInit(t *testing.T) {
	program := filepath.Join(launchertest.Portable(t), "launcher")
	got := launchertest.Finish(t, launchertest.PID1Command(program, "run", "-s", "env=MISSING", "--", "no-such-command"))
	require.Equal(t, 125, got.Status)
	require.Regexp(t, `^launcher: an init for PID 1 is not available on linux/[^\n]+\nhint: start an init such as tini [^\n]+\n$`, got.Stderr)
	for status, args := range map[int][]string{0: {"--init", "never", "--", "true"}, 127: {"--init", "never", "--", "no-such-command"}} {
		got := launchertest.Finish(t, launchertest.PID1Command(append([]string{program, "run"}, args...)...))
		require.Equal(t, status, got.Status, got.Stderr)
	}
}

// TestOnlyTheLauncherStartsItsChild refuses a child's name from anybody else.
func TestOnlyTheLauncherStartsItsChild(t *testing.T) {
	for _, args := range [][]string{{}, {"1"}, {"1", "/tmp", "launcher", "run", "--", "true"}} {
		cmd, _ := portableCommand(t)
		cmd.Args = append([]string{"launcher: start"}, args...)
		got := launchertest.Finish(t, cmd)
		require.Equal(t, 125, got.Status)
		require.Empty(t, got.Stdout)
	}
}

// TestReadmeSaysWhatEachPlatformHas compares the README's table with what both
// programs answer.
func TestReadmeSaysWhatEachPlatformHas(t *testing.T) {
	readme := launchertest.ReadFile(t, "../../README.md")
	_, table, found := strings.Cut(readme, "| | Linux on amd64, arm64 |")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\n\n")
	rows := regexp.MustCompile(`(?m)^\| (.+) \| yes \| (yes|no) \| (yes|no)[^|]* \|$`).FindAllStringSubmatch(table, -1)
	require.Len(t, rows, strings.Count(table, "\n")-1, "a cell is neither yes nor no")
	for _, row := range rows {
		for _, code := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			args := []string{"run", "-s", "env=TOKEN"}
			if strings.HasPrefix(code[1], "--") {
				args = append(args, strings.Fields(code[1])...)
			} else if command := strings.Fields(code[1]); command[0] != "run" {
				continue // the scripts run it with both programs
			}
			cmd, _ := portableCommand(t, append(args, "--", "true")...)
			got := launchertest.Finish(t, cmd)
			if row[3] == "yes" {
				require.Zero(t, got.Status, "%s: %s", code[1], got.Stderr)
				continue
			}
			require.Equal(t, 125, got.Status, code[1])
			require.Contains(t, got.Stderr, "is not available on linux/")
			flag, _, _ := strings.Cut(code[1], " ")
			require.Contains(t, got.Stderr, "launcher: "+flag)
		}
	}
}

// TestATerminalSignalsTheHandlerOfThePortableParentOnce types Ctrl-C, which the
// terminal sends to the parent and the handler.
func TestATerminalSignalsTheHandlerOfThePortableParentOnce(t *testing.T) {
	cmd, folder := portableCommand(t, "run", "--deliver", "files", "-s", "env=TOKEN", "--", "probe", "count")
	x := launchertest.StartOnTerminal(t, cmd)
	x.Expect("ready")
	x.Type("\x03")
	x.Expect("got-1")
	x.Type("then\n")
	x.Expect("line-then")
	require.NotContains(t, x.Seen, "got")
	require.NoError(t, cmd.Process.Signal(unix.SIGTERM))
	_ = cmd.Wait()
	require.Equal(t, 143, launchertest.ExitStatus(cmd))
	requireEmpty(t, folder)
}
