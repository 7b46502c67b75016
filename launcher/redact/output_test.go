package redact_test

import (
	"encoding/base64"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/internal/azuretest"
	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// password is a value that a handler lets out.
const password = "hunter2 & Co/Söhne"

func masking(handler string, flags ...string) []string {
	args := append([]string{"run", "--mask", "-s", "inline={'PASSWORD': '" + password + "', 'SHORT': '1234567', 'OTHER': 'another-value'}"}, flags...)
	return append(args, "--", "sh", "-c", handler)
}

func TestMaskHidesAValueInItsForms(t *testing.T) {
	for _, deliver := range []string{"stdin", "fd", "env", "files", "socket"} {
		for text, want := range map[string]string{
			"a " + password + " b":                               "a *** b",
			password + password:                                  "******",
			url.QueryEscape(password):                            "***",
			url.PathEscape(password):                             "***",
			"short ones stay 1234567":                            "short ones stay 1234567",
			"half of one stays: hunter2 &":                       "half of one stays: hunter2 &",
			"https://user:" + url.PathEscape(password) + "@host": "https://user:***@host",
			base64.StdEncoding.EncodeToString([]byte(password)):  "***",
		} {
			args := append(masking(`printf '%s\n' "$0"; printf '%s\n' "$0" >&2; exit 7`, "--deliver", deliver), text)
			require.Equal(t, launchertest.Result{Stdout: want + "\n", Stderr: want + "\n", Status: 7}, launchertest.Run(t, nil, "", args...))
		}
	}
}

// TestMaskHoldsNothingBack is a prompt, and a start of a value that is none,
// which comes when it is known not to be one.
func TestMaskHoldsNothingBack(t *testing.T) {
	c := launchertest.Start(t, launchertest.Command(append([]string{"launcher"}, masking("printf 'hunter1? '; exec sleep 1000")...)...))
	buffer := make([]byte, 9)
	n, err := c.Out.Read(buffer)
	require.NoError(t, err)
	require.Equal(t, "hunter1? ", string(buffer[:n]))
	c.Signal(unix.SIGTERM)
	status, rest := c.End()
	require.Equal(t, 143, status)
	require.Empty(t, rest)

	held := launchertest.Start(t, launchertest.Command(append([]string{"launcher"}, masking("printf 'see hunter2'; exec sleep 1000")...)...))
	n, err = held.Out.Read(buffer)
	require.NoError(t, err)
	require.Equal(t, "see ", string(buffer[:n]))
	held.Signal(unix.SIGTERM)
	_, rest = held.End()
	require.Equal(t, "hunter2", rest)
}

// TestMaskAcrossEveryBorder writes a value in two pieces, cut anywhere.
func TestMaskAcrossEveryBorder(t *testing.T) {
	for i := range password {
		handler := `printf %s "$0"; until test -e "$2"; do :; done; printf %s "$1"`
		mark := filepath.Join(t.TempDir(), "mark")
		c := launchertest.Start(t, launchertest.Command(append(append([]string{"launcher"}, masking(handler)...), "<"+password[:i], password[i:]+">", mark)...))
		first, err := c.Out.ReadByte() // so that the rest comes apart
		require.NoError(t, err)
		require.Equal(t, byte('<'), first)
		launchertest.WriteFile(t, mark, "")
		_, rest := c.End()
		require.Equal(t, "***>", rest)
	}
}

// TestMaskKeepsTheOrder of what is written to both, where both are one file.
func TestMaskKeepsTheOrder(t *testing.T) {
	cmd := launchertest.Command(append([]string{"launcher"}, masking(`for i in 1 2 3 4 5 6 7 8 9; do echo "out $i"; echo "err $i" >&2; done`)...)...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err)
	want := ""
	for _, i := range "123456789" {
		want += "out " + string(i) + "\nerr " + string(i) + "\n"
	}
	require.Equal(t, want, string(out))
}

// TestMaskPassesOnAllThatIsLeft is more than a pipe holds, from a handler that
// has ended, and from what it leaves behind.
func TestMaskPassesOnAllThatIsLeft(t *testing.T) {
	lines := strings.Repeat("0123456789 "+password+"\n", 100_000)
	path := launchertest.WriteFile(t, filepath.Join(t.TempDir(), "lines"), lines)
	for _, init := range []string{"auto", "PID 1"} {
		start := launchertest.Command
		if init == "PID 1" {
			start = launchertest.PID1Command
		}
		got := launchertest.Finish(t, start(append([]string{"launcher"}, append(masking(`cat "$0"; exit 3`), path)...)...))
		require.Equal(t, 3, got.Status)
		require.True(t, strings.Repeat("0123456789 ***\n", 100_000) == got.Stdout, "%d bytes", len(got.Stdout))

	}
}

// TestMaskOfAProcessThatTheHandlerLeaves has it write after the handler's end.
func TestMaskOfAProcessThatTheHandlerLeaves(t *testing.T) {
	for _, init := range []string{"auto", "PID 1"} {
		for name, c := range map[string]struct{ trap, want string }{
			"it ends on TERM":     {"trap 'echo " + strings.ReplaceAll(password, " & ", ` \& `) + "; exit' TERM", "***\n"},
			"it has to be killed": {"trap '' TERM; printf 'see hunter2'", "see hunter2"},
		} {
			t.Run(name+"/"+init, func(t *testing.T) {
				start := launchertest.Command
				if init == "PID 1" {
					start = launchertest.PID1Command
				}
				mark := filepath.Join(t.TempDir(), "mark")
				handler := `(` + c.trap + `; : > "$0"; while :; do sleep 0.01; done) & until test -e "$0"; do :; done; exit 4`
				got := launchertest.Finish(t, start(append([]string{"launcher"}, append(masking(handler, "--grace", "200ms"), mark)...)...))
				require.Equal(t, launchertest.Result{Stdout: c.want, Stderr: strings.ReplaceAll(got.Stderr, password, ""), Status: 4}, got) // a shell says how its child ended
			})
		}
	}
}

// TestMaskOfAReaderThatGoesAway ends the handler as without it: by SIGPIPE.
func TestMaskOfAReaderThatGoesAway(t *testing.T) {
	cmd := launchertest.Command(append([]string{"launcher"}, masking("yes; exit 5")...)...)
	out, in, err := os.Pipe()
	require.NoError(t, err)
	cmd.Stdout = in
	require.NoError(t, cmd.Start())
	require.NoError(t, in.Close())
	_, err = out.Read(make([]byte, 10))
	require.NoError(t, err)
	require.NoError(t, out.Close())
	_ = cmd.Wait()
	require.Contains(t, []int{5, 141}, launchertest.ExitStatus(cmd), "yes ended by it, whatever the shell made of that")
}

// TestMaskOfAReaderThatReadsNothing keeps nobody after a TERM, whether that comes
// before the handler's end or after it.
func TestMaskOfAReaderThatReadsNothing(t *testing.T) {
	for end, statuses := range map[string][]int{"exec sleep 1000": {143}, "exit 5": {5, 143}} {
		out, in, err := os.Pipe()
		require.NoError(t, err)
		mark := filepath.Join(t.TempDir(), "mark")
		cmd := launchertest.Command(append(append([]string{"launcher"}, masking(`head -c 100000 /dev/zero; : > "$0"; `+end, "--grace", "100ms")...), mark)...)
		var messages strings.Builder
		cmd.Stdout, cmd.Stderr = in, &messages
		require.NoError(t, cmd.Start())
		require.NoError(t, in.Close())
		launchertest.Eventually(t, "more than a pipe holds is written", func() bool {
			_, err := os.Stat(mark)
			return err == nil
		})
		require.NoError(t, cmd.Process.Signal(unix.SIGTERM))
		killed := time.AfterFunc(launchertest.Patience, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		require.True(t, killed.Stop(), "it waits for the reader")
		require.Contains(t, statuses, launchertest.ExitStatus(cmd))
		require.Contains(t, messages.String(), "launcher: the handler's last output could not be forwarded\n")
		require.NoError(t, out.Close())
	}
}

// TestMaskSaysWhatIsLost where a log cannot be written any more, which nobody
// tells a handler that has ended.
func TestMaskSaysWhatIsLost(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	require.NoError(t, err)
	defer func() { _ = full.Close() }()
	for _, deliver := range []string{"stdin", "socket"} {
		cmd := launchertest.Command(append([]string{"launcher"}, masking("echo x; exit 3", "--deliver", deliver)...)...)
		var messages strings.Builder
		cmd.Stdout, cmd.Stderr = full, &messages
		_ = cmd.Run()
		require.Equal(t, "launcher: the handler's standard output was lost: no space left on device\n", messages.String())
		require.Equal(t, 3, launchertest.ExitStatus(cmd))
	}
}

// TestMaskOfASecretThatIsAskedForLater hides it from the moment that the handler
// has it.
func TestMaskOfASecretThatIsAskedForLater(t *testing.T) {
	pod := azuretest.NewPod(t)
	got := pod.Run(t, append([]string{"--mask", "--deliver", "socket"}, azuretest.Vault("my-vault", []string{}...)...), "sh", "-c",
		`echo canary-second; launcher get-secret API_TOKEN; echo; launcher get-secret NONE 2>/dev/null; launcher get-secret db-password | base64`)
	require.Equal(t, "canary-second\n***\n***\n", strings.ReplaceAll(got.Stdout, "***K", "***"), got.Stderr)
}

// TestMaskKeepsTheLaunchersOwnMessages and its status.
func TestMaskKeepsTheLaunchersOwnMessages(t *testing.T) {
	for _, flags := range [][]string{{"-s", "env=NOT_SET"}, {"--deliver", "socket", "-s", "env=NOT_SET"}} {
		got := launchertest.Run(t, nil, "", masking("echo started", flags...)...)
		require.Equal(t, launchertest.Result{Stdout: "", Stderr: "launcher: secret \"NOT_SET\": env: variable NOT_SET is not set\nhint: set the variable, or mark the source optional: true\n", Status: 125}, got)
	}
	got := launchertest.Run(t, nil, "", "run", "--mask", "--", "/not/there")
	require.Equal(t, launchertest.Result{Stdout: "", Stderr: "launcher: command \"/not/there\": no such file\n", Status: 127}, got)
}

// TestMaskLeavesATerminalATerminal of the same size, on which lines end as
// before, and of which Ctrl-C still is the handler's.
func TestMaskLeavesATerminalATerminal(t *testing.T) {
	for _, init := range []string{"auto", "PID 1"} {
		start := launchertest.Command
		if init == "PID 1" {
			start = launchertest.PID1Command
		}
		x := launchertest.StartOnTerminal(t, start(append([]string{"launcher"}, masking(
			`trap 'echo; echo interrupted' INT; test -t 0 && test -t 1 && test -t 2 && echo terminal; stty size <&1; echo `+strings.ReplaceAll(password, "&", `\&`)+
				`; echo rea""dy; probe count; until test "$(stty size <&2)" = "50 100"; do :; done; echo resized`)...)...))
		x.Expect("terminal\r\n")
		x.Expect("0 0\r\n***\r\n")
		x.Expect("ready")
		x.Expect("ready")
		x.Type("\x03")
		x.Expect("got-1")
		x.Type("\x04")
		require.NoError(t, unix.IoctlSetWinsize(int(x.Master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: 100}))
		x.Expect("resized")
		_ = x.Cmd.Wait()
		require.Zero(t, launchertest.ExitStatus(x.Cmd))
	}
}

// TestMaskTellsOfANewSize those who draw by it: they are told when their own
// terminal has it too.
func TestMaskTellsOfANewSize(t *testing.T) {
	x := launchertest.StartOnTerminal(t, launchertest.Command(append([]string{"launcher"}, masking(
		`trap 'echo "size $(stty size <&2)"' WINCH; echo rea""dy; while :; do sleep 0.01; done`)...)...))
	x.Expect("ready")
	require.NoError(t, unix.IoctlSetWinsize(int(x.Master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: 100}))
	x.Expect("size 50 100")
	x.Type("\x03")
	_ = x.Cmd.Wait()
	require.Equal(t, 130, launchertest.ExitStatus(x.Cmd))
}
