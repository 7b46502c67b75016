package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// execFlag returns the flag of an exec source whose program is a shell script. It
// finds its folder in $0 and the identifier in $1.
func execFlag(t testing.TB, folder, script string, keys ...string) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"command": []string{"sh", "-c", script, folder}, "secrets": keys})
	require.NoError(t, err)
	return "exec=" + string(text)
}

// TestAProgramStartsWithTheInheritedSignals asks programs of both processes that
// resolve secrets. No descriptor of the launcher is open in them.
func TestAProgramStartsWithTheInheritedSignals(t *testing.T) {
	const signals = `grep -E '^Sig(Blk|Ign)' /proc/self/status`
	script := signals + `; ls /proc/self/fd`
	const descriptors = "0\n1\n2\n3\n" // the last is of ls itself
	// The signals of sh, which ignores USR1.
	out, err := exec.Command("sh", "-c", `trap '' USR1; exec sh -c "$0"`, signals).Output()
	require.NoError(t, err)
	require.Regexp(t, `SigIgn:\t[0-9a-f]+[2367abef][0-9a-f]{2}\n`, string(out), "USR1 is not ignored")

	flag, file := execFlag(t, "", script, "KEY"), t.TempDir()+"/value"
	for _, args := range [][]string{{}, {"--init", "always"}, {"--mask"}} {
		cmd := launchertest.Command(append([]string{"sh", "-c", `trap '' USR1; exec 9</dev/null; exec "$@"`, "sh", launchertest.Path("launcher"),
			"run", "--deliver", "env", "-s", flag}, append(args, "--", "sh", "-c", `printenv KEY >"$0"`, file)...)...)
		require.Equal(t, launchertest.Result{}, launchertest.Finish(t, cmd), args)
		require.Equal(t, string(out)+descriptors, launchertest.ReadFile(t, file), args)
	}
	socket := launchertest.StartSocket(t, nil, "-s", flag)
	_, got, err := socket.Get("/v1/secrets/KEY")
	require.NoError(t, err)
	out, err = exec.Command("sh", "-c", signals).Output()
	require.NoError(t, err)
	require.Equal(t, string(out)+descriptors, got+"\n", "the companion ignores all signals itself")
}

// stubborn is a program that ignores TERM, and so does its child. It writes both
// process IDs.
const stubborn = `trap '' TERM; sleep 1000 & echo $! >"$0/child"; echo $$ >"$0/program"; touch "$0/ready"; wait; sleep 1000`

// awaitFile waits until a program has made a file.
func awaitFile(t *testing.T, path string) {
	t.Helper()
	launchertest.Eventually(t, path+" is missing", func() bool {
		_, err := os.Stat(path)
		return err == nil
	})
}

// requireNothingLeft requires that the stubborn program and its child have ended.
func requireNothingLeft(t *testing.T, folder string) {
	t.Helper()
	for _, name := range []string{"program", "child"} {
		pid := strings.TrimSpace(launchertest.ReadFile(t, folder+"/"+name))
		launchertest.Eventually(t, name+" is left", func() bool {
			status, err := os.ReadFile("/proc/" + pid + "/stat")
			return err != nil || bytes.Contains(status, []byte(") Z "))
		})
	}
}

func TestTERMEndsTheProgramsToo(t *testing.T) {
	for name, args := range map[string][]string{
		"run": {"run"}, "supervised": {"run", "--init", "always"}, "with a companion": {"run", "--mask"},
		"files": {"run", "--deliver", "files"}, "explain": {"explain"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			args = append(args, "-s", execFlag(t, folder, stubborn, "KEY"))
			if args[0] == "run" {
				args = append(args, "--", "echo", "started")
			}
			var stdout, stderr bytes.Buffer
			cmd := launchertest.LauncherCommand(args...)
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			require.NoError(t, cmd.Start())
			awaitFile(t, folder+"/ready")
			require.NoError(t, cmd.Process.Signal(unix.SIGTERM))
			_ = cmd.Wait()
			require.Equal(t, 143, launchertest.ExitStatus(cmd), stderr.String())
			requireNothingLeft(t, folder)
			require.Empty(t, stdout.String())
			require.NotContains(t, stderr.String(), "program", "the program's end is not reported")
		})
	}
}

func TestTERMEndsTheProgramsOfPID1(t *testing.T) {
	for name, args := range map[string][]string{"stays": nil, "becomes the handler": {"--init", "never"}, "companion": {"--mask"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			p := launchertest.StartAsPID1(t, append(append([]string{"launcher", "run", "-s", execFlag(t, folder, stubborn, "KEY")}, args...), "--", "echo", "started")...)
			awaitFile(t, folder+"/ready")
			p.Signal(unix.SIGTERM)
			status, rest := p.End()
			require.Equal(t, 143, status, p.Messages())
			require.Empty(t, rest)
			require.Contains(t, p.Messages(), "ended by SIGTERM while resolving; the handler was not started")
		})
	}
}

// TestADaemonOfAProgramEndsAfterTheHandler has a program leave a daemon in a session
// of its own.
func TestADaemonOfAProgramEndsAfterTheHandler(t *testing.T) {
	for _, flag := range []string{"--init=always", "--mask"} {
		folder := t.TempDir()
		script := `setsid sleep 1000 >&- 2>&- & echo $! >"$0/child"; echo $$ >"$0/program"`
		got := launchertest.Run(t, nil, "", "run", flag, "-s", execFlag(t, folder, script, "KEY"), "--", "true")
		require.Equal(t, launchertest.Result{}, got, flag)
		requireNothingLeft(t, folder)
	}
}

// TestTheEndOfTheHandlerEndsTheProgramsOfTheSocket has a request wait for a
// program, whose child has left the program's session.
func TestTheEndOfTheHandlerEndsTheProgramsOfTheSocket(t *testing.T) {
	folder := t.TempDir()
	script := `trap '' TERM; setsid sleep 1000 & echo $! >"$0/child"; echo $$ >"$0/program"; touch "$0/ready"; wait; sleep 1000`
	socket := launchertest.StartSocket(t, nil, "-s", execFlag(t, folder, script, "KEY"))
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		_, _, _ = socket.Get("/v1/secrets/KEY")
	}()
	awaitFile(t, folder+"/ready")
	socket.Signal(unix.SIGTERM)
	status, _ := socket.End()
	require.Equal(t, 143, status, socket.Messages())
	<-asked
	requireNothingLeft(t, folder)
}

// TestTheSocketAsksAProgramPerKey rotates a value.
func TestTheSocketAsksAProgramPerKey(t *testing.T) {
	folder := t.TempDir()
	launchertest.WriteFile(t, folder+"/A", "one\n")
	launchertest.WriteFile(t, folder+"/D", "4\n")
	script := `echo "$1" >>"$0/log"; cat "$0/$1"`
	launchertest.WriteFile(t, folder+"/all", "D=4\n")
	source := execFlag(t, folder, script, "A", "B", "C")
	socket := launchertest.StartSocket(t, nil, "--refresh", "1ns", "-s", source, "-s", execFlag(t, folder, `cat "$0/D"`, "D"))
	require.NoFileExists(t, folder+"/log", "nothing is asked before the handler does")
	socket.RequireAnswer("/v1/secrets/A", 200, "one")
	socket.RequireAnswer("/v1/secrets/D", 200, "4")
	launchertest.WriteFile(t, folder+"/A", "two\n")
	socket.RequireAnswer("/v1/secrets/A", 200, "two")
	require.Equal(t, "A\nA\n", launchertest.ReadFile(t, folder+"/log"))
	all := launchertest.StartSocket(t, nil, "--refresh", "1ns", "-s", `exec={"command": ["cat", "`+folder+`/all"], "format": "lines"}`)
	all.RequireAnswer("/v1/secrets/D", 200, "4")
	launchertest.WriteFile(t, folder+"/all", "D=5\n")
	all.RequireAnswer("/v1/secrets/D", 200, "5")
	status, text, err := socket.Get("/v1/secrets/B")
	require.NoError(t, err)
	require.Equal(t, 500, status)
	require.Contains(t, text, `secret "B": exec: program "sh" ended with status 1`)
	status, _, err = socket.Get("/v1/secrets/OTHER")
	require.NoError(t, err)
	require.Equal(t, 404, status)
}

// TestAProgramsValueIsNowhereElse has a program that writes its value on standard
// error too.
func TestAProgramsValueIsNowhereElse(t *testing.T) {
	folder := t.TempDir()
	canary := launchertest.Canaries["FILE"]
	launchertest.WriteFile(t, folder+"/KEY", canary+"\n")
	script := `cat "$0/KEY"; cat "$0/KEY" >&2; case $1 in FAIL) exit 3;; esac`
	for _, deliver := range []string{"stdin", "fd", "files", "socket"} {
		t.Run(deliver, func(t *testing.T) {
			args := []string{"run", "--verbose", "--exec-stderr", "--deliver", deliver, "-s", execFlag(t, folder, script, "KEY"),
				"--", "sh", "-c", `echo ready; read line <&2`}
			control, release, err := os.Pipe()
			require.NoError(t, err)
			cmd := launchertest.LauncherCommand(args...)
			cmd.Stderr = control
			out, in, err := os.Pipe()
			require.NoError(t, err)
			cmd.Stdout = in
			require.NoError(t, cmd.Start())
			line := make([]byte, 100)
			n, err := out.Read(line)
			require.NoError(t, err)
			require.Equal(t, "ready\n", string(line[:n]))
			requireNoCanaryInProcesses(t)
			_, err = release.WriteString("end\n")
			require.NoError(t, err)
			require.NoError(t, cmd.Wait())
		})
	}
	for _, flags := range [][]string{{}, {"--verbose"}, {"--verbose", "--exec-stderr"}, {"--verbose", "--exec-stderr", "--log", "json"}} {
		for _, key := range []string{"KEY", "FAIL"} {
			for _, command := range []string{"explain", "run"} {
				args := append([]string{command, "-s", execFlag(t, folder, script, key)}, flags...)
				if command == "run" {
					args = append(args, "--", "true")
				}
				got := launchertest.Run(t, nil, "", args...)
				launchertest.RequireNoCanary(t, command+" "+key, got.Stdout+got.Stderr)
			}
		}
	}
	left, err := filepath.Glob(folder + "/*")
	require.NoError(t, err)
	require.Len(t, left, 1)
}

// BenchmarkExec is a whole process that runs a program of 50 ms for each of a
// hundred keys, 8 at a time and one after another, in turn.
func BenchmarkExec(b *testing.B) {
	var keys []string
	for i := range 100 {
		keys = append(keys, fmt.Sprintf("KEY_%d", i))
	}
	text, err := json.Marshal(map[string]any{"command": []string{"sleep", "0.05"}, "secrets": keysToZero(keys)})
	require.NoError(b, err)
	var one, all []time.Duration
	for b.Loop() {
		args := []string{"run", "-s", "exec=" + string(text), "--", "/bin/true"}
		all = append(all, timed(b, 0, nil, "launcher", args...))
		one = append(one, timed(b, 0, nil, "launcher", append([]string{"run", "--timeout", "5m", "--exec-parallel", "1"}, args[1:]...)...))
	}
	b.ReportMetric(median(one).Seconds()*1000, "ms-one-by-one")
	b.ReportMetric(median(all).Seconds()*1000, "ms-launcher")
	b.ReportMetric(float64(median(one))/float64(median(all)), "ratio")
	b.ReportMetric(0, "ns/op")
}

// keysToZero gives each key another identifier of no time: sleep adds them up.
func keysToZero(keys []string) map[string]string {
	identifiers := map[string]string{}
	for i, key := range keys {
		identifiers[key] = "0." + strings.Repeat("0", i+1)
	}
	return identifiers
}
