package main_test

import (
	"os"
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

// needsRoot skips a test of --user.
func needsRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		launchertest.Lacks(t, "root", "--user")
	}
	require.NoError(t, os.Chmod(bin, 0o755))
}

// TestUserHasNothingOfTheLaunchersUser starts the launcher with a capability in
// each set that execve hands on, and with a key in its session keyring.
func TestUserHasNothingOfTheLaunchersUser(t *testing.T) {
	needsRoot(t)
	keyring(t)
	for user, sets := range map[string]string{"4242": "Inh Prm Eff Amb", "0": "Inh Amb"} {
		for _, flags := range []string{"--init=never --deliver=stdin", "--init=always --deliver=env", "--deliver=files", "--deliver=socket", "--mask"} {
			args := append([]string{"run", "--user", user}, strings.Fields(flags)...)
			cmd := launcherCommand(append(args, "--", "probe", "privileges")...)
			cmd.SysProcAttr = &syscall.SysProcAttr{AmbientCaps: []uintptr{unix.CAP_NET_RAW}}
			got := finish(t, cmd)
			require.Zero(t, got.status, got.stderr)
			for set := range strings.FieldsSeq(sets) {
				require.Regexp(t, "(?m)^Cap"+set+":\t0+$", got.stdout, flags)
			}
			require.Contains(t, got.stdout, "key: required key not available\n", flags)
		}
	}
	cmd := launcherCommand("run", "--", "probe", "privileges")
	cmd.SysProcAttr = &syscall.SysProcAttr{AmbientCaps: []uintptr{unix.CAP_NET_RAW}}
	require.Contains(t, finish(t, cmd).stdout, "key: <nil>\n", "without --user all stays as it was")
}

// keyring gives this thread a session keyring that holds a key. Processes that
// are started from it have that keyring.
func keyring(t *testing.T) {
	t.Helper()
	runtime.LockOSThread() // without an end: the thread goes with the test
	if _, err := unix.KeyctlInt(unix.KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0); err != nil {
		launchertest.Lacks(t, "keyrings", "that the handler has a session keyring of its own: "+err.Error())
	}
	_, err := unix.AddKey("user", "launcher-test", []byte("x"), unix.KEY_SPEC_SESSION_KEYRING)
	require.NoError(t, err)
}

// TestUserCanOpenItsStandardInputAgain is what shells do with /dev/stdin.
func TestUserCanOpenItsStandardInputAgain(t *testing.T) {
	needsRoot(t)
	for _, size := range []int{10, 900_000, 3 << 20} {
		path := write(t, filepath.Join(t.TempDir(), "big.txt"), "BIG="+strings.Repeat("x", size))
		got := start(t, nil, "", "run", "--user", "4242", "-s", "file="+path, "--", "sh", "-c", "cat /proc/self/fd/0 | wc -c")
		n, err := strconv.Atoi(strings.TrimSpace(got.stdout))
		require.NoError(t, err, got.stderr)
		require.Greater(t, n, size)
	}
}

// TestUserCannotTypeIntoTheTerminal is a shell of root's that starts the launcher
// and goes on to read from its terminal.
func TestUserCannotTypeIntoTheTerminal(t *testing.T) {
	needsRoot(t)
	if text, _ := os.ReadFile("/proc/sys/dev/tty/legacy_tiocsti"); strings.TrimSpace(string(text)) == "0" {
		launchertest.Lacks(t, "dev.tty.legacy_tiocsti", "that the handler cannot type into root's shell")
	}
	for flags, typed := range map[string]string{
		"":                              "typed: <nil>", // root may: it is root's terminal
		"--user 4242":                   "typed: operation not permitted",
		"--user 4242 --init always":     "typed: operation not permitted",
		"--user 4242 --deliver files":   "typed: operation not permitted",
		"--user 4242 --mask </dev/null": "typed: operation not permitted",
	} {
		x := onTerminal(t, command("sh", "-c", filepath.Join(bin, "launcher")+" run "+flags+" -- probe type 2; echo end''ed"))
		x.shows(typed)
		x.shows("ended")
		_ = x.cmd.Wait()
	}
	x := onTerminal(t, command("sh", "-c", filepath.Join(bin, "launcher")+" run --init never --user 4242 -- probe type 0; echo end''ed"))
	x.shows("--user on a terminal needs the launcher to stay, which --init never forbids")
	x.shows("ended")
	_ = x.cmd.Wait()
}

// TestUserOnATerminalIsInterrupted has no terminal of its own, so the launcher
// forwards what is typed.
func TestUserOnATerminalIsInterrupted(t *testing.T) {
	needsRoot(t)
	x := onTerminal(t, command("sh", "-c", "trap : INT; "+filepath.Join(bin, "launcher")+" run --user 4242 -- probe count; echo end''ed $?"))
	x.shows("ready")
	for i := 1; i <= 3; i++ {
		x.typed("\x03")
		x.shows("got-" + strconv.Itoa(i))
		x.typed("then\n")
		x.shows("line-then")
		require.NotContains(t, x.seen, "got")
	}
	x.typed("\x1a") // stops nothing
	x.typed("still\n")
	x.shows("line-still")
	children := children(t, x.cmd.Process.Pid)
	require.Len(t, children, 1)
	require.NoError(t, unix.Kill(children[0], unix.SIGTERM))
	x.shows("ended 143")
	_ = x.cmd.Wait()
}

// TestUserKeepsTheTerminalOfItsContainer is a launcher that leads the session, so
// nobody reads from the terminal after it: the handler has job control.
func TestUserKeepsTheTerminalOfItsContainer(t *testing.T) {
	needsRoot(t)
	x := onTerminal(t, command("launcher", "run", "--init", "always", "--user", "4242", "--", "sh", "-c", "exec cat </dev/tty"))
	x.typed("he''re\n")
	x.shows("he''re")
	x.shows("he''re")
	x.typed("\x04")
	_ = x.cmd.Wait()
	require.Zero(t, ended(x.cmd), x.seen)
}

// TestUserCanOpenItsOutputAgain is what shells do with /dev/stdout, with --mask
// in between.
func TestUserCanOpenItsOutputAgain(t *testing.T) {
	needsRoot(t)
	got := start(t, nil, "", "run", "--user", "4242", "--mask", "-s", "inline={'KEY': 'a-long-value'}", "--",
		"sh", "-c", "echo a-long-value >/proc/self/fd/1; echo a-long-value >/proc/self/fd/2")
	require.Equal(t, result{stdout: "***\n", stderr: "***\n"}, got)
	x := onTerminal(t, command("launcher", "run", "--user", "4242", "--mask", "-s", "inline={'KEY': 'a-long-value'}", "--",
		"sh", "-c", "echo see a-long-value >/proc/self/fd/1"))
	x.shows("see ***")
	_ = x.cmd.Wait()
}
