package launcher_test

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

// TestUserHasNothingOfTheLaunchersUser starts the launcher with a capability in
// each set that execve hands on, and with a key in its session keyring.
func TestUserHasNothingOfTheLaunchersUser(t *testing.T) {
	launchertest.NeedsRoot(t, "--user")
	keyring(t)
	for user, sets := range map[string]string{"4242": "Inh Prm Eff Amb", "0": "Inh Amb"} {
		for _, flags := range []string{"--init=never --deliver=stdin", "--init=always --deliver=env", "--deliver=files", "--deliver=socket", "--mask"} {
			args := append([]string{"run", "--user", user}, strings.Fields(flags)...)
			cmd := launchertest.LauncherCommand(append(args, "--", "probe", "privileges")...)
			cmd.SysProcAttr = &syscall.SysProcAttr{AmbientCaps: []uintptr{unix.CAP_NET_RAW}}
			got := launchertest.Finish(t, cmd)
			require.Zero(t, got.Status, got.Stderr)
			for set := range strings.FieldsSeq(sets) {
				require.Regexp(t, "(?m)^Cap"+set+":\t0+$", got.Stdout, flags)
			}
			require.Contains(t, got.Stdout, "key: required key not available\n", flags)
		}
	}
	cmd := launchertest.LauncherCommand("run", "--", "probe", "privileges")
	cmd.SysProcAttr = &syscall.SysProcAttr{AmbientCaps: []uintptr{unix.CAP_NET_RAW}}
	require.Contains(t, launchertest.Finish(t, cmd).Stdout, "key: <nil>\n", "without --user all stays as it was")
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
	launchertest.NeedsRoot(t, "--user")
	for _, size := range []int{10, 900_000, 3 << 20} {
		path := launchertest.WriteFile(t, filepath.Join(t.TempDir(), "big.txt"), "BIG="+strings.Repeat("x", size))
		got := launchertest.Run(t, nil, "", "run", "--user", "4242", "-s", "file="+path, "--", "sh", "-c", "cat /proc/self/fd/0 | wc -c")
		n, err := strconv.Atoi(strings.TrimSpace(got.Stdout))
		require.NoError(t, err, got.Stderr)
		require.Greater(t, n, size)
	}
}

// TestUserCannotTypeIntoTheTerminal is a shell of root's that starts the launcher
// and goes on to read from its terminal.
func TestUserCannotTypeIntoTheTerminal(t *testing.T) {
	launchertest.NeedsRoot(t, "--user")
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
		x := launchertest.StartOnTerminal(t, launchertest.Command("sh", "-c", launchertest.Path("launcher")+" run "+flags+" -- probe type 2; echo end''ed"))
		x.Expect(typed)
		x.Expect("ended")
		_ = x.Cmd.Wait()
	}
	x := launchertest.StartOnTerminal(t, launchertest.Command("sh", "-c", launchertest.Path("launcher")+" run --init never --user 4242 -- probe type 0; echo end''ed"))
	x.Expect("--user on a terminal needs the launcher to stay, which --init never forbids")
	x.Expect("ended")
	_ = x.Cmd.Wait()
}

// TestUserOnATerminalIsInterrupted has no terminal of its own, so the launcher
// forwards what is typed.
func TestUserOnATerminalIsInterrupted(t *testing.T) {
	launchertest.NeedsRoot(t, "--user")
	x := launchertest.StartOnTerminal(t, launchertest.Command("sh", "-c", "trap : INT; "+launchertest.Path("launcher")+" run --user 4242 -- probe count; echo end''ed $?"))
	x.Expect("ready")
	for i := 1; i <= 3; i++ {
		x.Type("\x03")
		x.Expect("got-" + strconv.Itoa(i))
		x.Type("then\n")
		x.Expect("line-then")
		require.NotContains(t, x.Seen, "got")
	}
	x.Type("\x1a") // stops nothing
	x.Type("still\n")
	x.Expect("line-still")
	children := launchertest.Children(t, x.Cmd.Process.Pid)
	require.Len(t, children, 1)
	require.NoError(t, unix.Kill(children[0], unix.SIGTERM))
	x.Expect("ended 143")
	_ = x.Cmd.Wait()
}

// TestUserKeepsTheTerminalOfItsContainer is a launcher that leads the session, so
// nobody reads from the terminal after it: the handler has job control.
func TestUserKeepsTheTerminalOfItsContainer(t *testing.T) {
	launchertest.NeedsRoot(t, "--user")
	x := launchertest.StartOnTerminal(t, launchertest.Command("launcher", "run", "--init", "always", "--user", "4242", "--", "sh", "-c", "exec cat </dev/tty"))
	x.Type("he''re\n")
	x.Expect("he''re")
	x.Expect("he''re")
	x.Type("\x04")
	_ = x.Cmd.Wait()
	require.Zero(t, launchertest.ExitStatus(x.Cmd), x.Seen)
}

// TestUserCanOpenItsOutputAgain is what shells do with /dev/stdout, with --mask
// in between.
func TestUserCanOpenItsOutputAgain(t *testing.T) {
	launchertest.NeedsRoot(t, "--user")
	got := launchertest.Run(t, nil, "", "run", "--user", "4242", "--mask", "-s", "inline={'KEY': 'a-long-value'}", "--",
		"sh", "-c", "echo a-long-value >/proc/self/fd/1; echo a-long-value >/proc/self/fd/2")
	require.Equal(t, launchertest.Result{Stdout: "***\n", Stderr: "***\n"}, got)
	x := launchertest.StartOnTerminal(t, launchertest.Command("launcher", "run", "--user", "4242", "--mask", "-s", "inline={'KEY': 'a-long-value'}", "--",
		"sh", "-c", "echo see a-long-value >/proc/self/fd/1"))
	x.Expect("see ***")
	_ = x.Cmd.Wait()
}

// TestUser is --user in each of its ways.
func TestUser(t *testing.T) {
	if os.Getuid() != 0 {
		launchertest.Lacks(t, "root", "--user")
	}
	for _, init := range []string{"never", "always"} {
		for user, want := range map[string]string{"65534": "65534:65534:65534\n", "1234:4321": "1234:4321:4321\n"} {
			got := launchertest.Run(t, nil, "", "run", "--init", init, "--user", user, "-s", "inline={'A': 'x'}", "--", "sh", "-c", "echo $(id -u):$(id -g):$(id -G); grep -q '\"A\":\"x\"'")
			require.Equal(t, launchertest.Result{Stdout: want}, got)
		}
	}
	for user, message := range map[string]string{"root": "is not UID[:GID]", "1:": "is not UID[:GID]", "-1": "is not UID[:GID]", "4294967295": "is not UID[:GID]"} {
		got := launchertest.Run(t, nil, "", "run", "--user", user, "--", "true")
		require.Equal(t, 125, got.Status)
		require.Contains(t, got.Stderr, message)
	}
	cmd := launchertest.LauncherCommand("run", "--user", "1234", "-s", "env=MISSING", "--", "true")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	got := launchertest.Finish(t, cmd)
	require.Equal(t, 125, got.Status)
	require.Contains(t, got.Stderr, "launcher: --user 1234:1234: operation not permitted\nhint: ")
	require.NotContains(t, got.Stderr, "MISSING", "it is checked first")
}
