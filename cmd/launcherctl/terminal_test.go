package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/cluster/clustertest"
	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// terminal is the other end of a program's controlling terminal.
type terminal struct {
	*testing.T
	master *os.File
	slave  string
	cmd    *exec.Cmd
	before unix.Termios // its mode when the program started
	all    string       // that was shown
	seen   int          // how much of it was waited for
}

// onTerminal starts a program as the leader of a session with a terminal.
func onTerminal(t *testing.T, cmd *exec.Cmd) *terminal {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		launchertest.Lacks(t, "a pseudo-terminal", "what is asked on a terminal: "+err.Error())
	}
	require.NoError(t, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	require.NoError(t, err)
	x := &terminal{T: t, master: os.NewFile(uintptr(fd), "terminal"), slave: "/dev/pts/" + strconv.Itoa(number), cmd: cmd}
	slave, err := os.OpenFile(x.slave, os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = slave.Close() }) // the mode is looked at when the program has ended
	x.before = x.mode()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	require.NoError(t, cmd.Start())
	require.NoError(t, x.master.SetDeadline(time.Now().Add(patience)))
	t.Cleanup(func() { _, _ = x.master.Close(), cmd.Process.Kill() })
	return x
}

// mode is the terminal's.
func (x *terminal) mode() unix.Termios {
	x.Helper()
	slave, err := os.OpenFile(x.slave, os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(x, err)
	defer func() { _ = slave.Close() }()
	mode, err := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
	require.NoError(x, err)
	return *mode
}

func (x *terminal) typed(text string) {
	x.Helper()
	for len(text) > 0 { // a terminal takes what its reader has room for
		n, err := x.master.WriteString(text)
		require.NoError(x, err)
		text = text[n:]
	}
}

// shows waits for a text after the last that was waited for.
func (x *terminal) shows(text string) {
	x.Helper()
	buffer := make([]byte, 4096)
	for {
		if i := strings.Index(x.all[x.seen:], text); i >= 0 {
			x.seen += i + len(text)
			return
		}
		n, err := x.master.Read(buffer)
		require.NoError(x, err, x.all)
		x.all += string(buffer[:n])
	}
}

func TestAValueIsAskedForUnseen(t *testing.T) {
	long := strings.Repeat("0123456789", 1000) // longer than a line that the terminal edits
	for name, c := range map[string]struct{ typed, value string }{
		"a word":                {"C4n4ry secret\r", "C4n4ry secret"},
		"nothing":               {"\r", ""},
		"blanks":                {"  C4n4ry\t\r", "  C4n4ry\t"},
		"what is taken back":    {"wrong\x15C4n4rx\x7f\x7fy\x7fré\x7fy\r", "C4n4ry"},
		"keys for the terminal": {"C4n4ry\x16\x12\x0f\x13\x11\x17\r", "C4n4ry\x16\x12\x0f\x13\x11\x17"},
		"a long line":           {"C4n4ry" + long + "\r", "C4n4ry" + long},
		"an end of file":        {"C4n4ry\x04", "C4n4ry"},
		"a stop":                {"\x1aC4n4ry\r", "C4n4ry"},
	} {
		t.Run(name, func(t *testing.T) {
			s := clustertest.New(t)
			x := onTerminal(t, prepared(t, s.Kubeconfig(t), "secrets", "set", "--project", "fraud", "DB_PASSWORD"))
			x.shows("DB_PASSWORD: ")
			x.typed(c.typed)
			x.shows("key \"DB_PASSWORD\" set")
			_ = x.cmd.Wait()
			require.Zero(t, ended(x.cmd))
			require.Equal(t, map[string]string{"DB_PASSWORD": c.value}, stored(t, s))
			require.NotContains(t, x.all, "C4n")
			require.Equal(t, x.before, x.mode())
		})
	}
}

// TestSeveralLinesAreNoAnswer is a key file that is pasted: the rest of it must
// not be the answer to the next question, or a shell's command.
func TestSeveralLinesAreNoAnswer(t *testing.T) {
	s := clustertest.New(t)
	x := onTerminal(t, prepared(t, s.Kubeconfig(t), "secrets", "set", "--project", "fraud", "TLS_KEY", "OTHER"))
	x.shows("TLS_KEY: ")
	x.typed("C4n4ry-1\rC4n4ry-2\rC4n4ry-3\r")
	x.shows("more than one line was typed or pasted")
	_ = x.cmd.Wait()
	require.Equal(t, 125, ended(x.cmd))
	require.Empty(t, s.Requests())
	require.NotContains(t, x.all, "C4n")
}

// TestTheTerminalIsAsItWas after a signal, while a value is asked for.
func TestTheTerminalIsAsItWas(t *testing.T) {
	for name, by := range map[string]func(*terminal){
		"Ctrl-C":  func(x *terminal) { x.typed("C4n4ry\x03") },
		"TERM":    func(x *terminal) { require.NoError(x, x.cmd.Process.Signal(syscall.SIGTERM)) },
		"no word": func(x *terminal) { x.typed("\x04") },
	} {
		t.Run(name, func(t *testing.T) {
			s := clustertest.New(t)
			x := onTerminal(t, prepared(t, s.Kubeconfig(t), "secrets", "set", "--project", "fraud", "DB_PASSWORD"))
			x.shows("DB_PASSWORD: ")
			require.NotEqual(t, x.before, x.mode())
			by(x)
			_ = x.cmd.Wait()
			require.Equal(t, map[string]int{"Ctrl-C": 130, "TERM": 143, "no word": 125}[name], ended(x.cmd))
			require.Equal(t, x.before, x.mode())
			require.Empty(t, s.Requests())
		})
	}
}

// debugTask names a key of the project and one of a vault.
const debugTask = `metadata: {name: train}
spec:
  secret_sources:
  - {kind: kubernetes, source: [DB_PASSWORD]}
  - {kind: azure_vault, source: {name: my-vault, k8s_secret: x, secrets: [API_TOKEN]}}
`

// TestDebugAsksForWhatOnlyTheClusterHas, and neither a file on disk nor the
// handler's descriptors, environment or arguments have it.
func TestDebugAsksForWhatOnlyTheClusterHas(t *testing.T) {
	launchertest.Needs(t, "jq", "a handler of debug that reads its context")
	s := clustertest.New(t)
	script := `jq -r .secrets.DB_PASSWORD,.secrets.API_TOKEN <&3; ls -l /proc/self/fd; env; cat /proc/self/cmdline; stty -a; read x; echo "typed: $x"`
	x := onTerminal(t, prepared(t, s.Kubeconfig(t), "debug", "--task", write(t, "task.yaml", debugTask), "--", "sh", "-c", script))
	x.shows("DB_PASSWORD: ")
	x.typed("C4n4ry $x=1\r")
	x.shows("API_TOKEN: ")
	x.typed("C4n4ry-2\r")
	x.shows("C4n4ry $x=1\r\nC4n4ry-2\r\n")
	x.shows(" echo ")
	x.typed("done\r")
	x.shows("typed: done")
	_ = x.cmd.Wait()
	require.Zero(t, ended(x.cmd), x.all)
	require.Equal(t, 2, strings.Count(x.all, "C4n4ry"), x.all)
	require.NotContains(t, x.all, "launcherctl-local")
	require.Empty(t, s.Requests(), "all keys are in the task")
}

// TestDebugOfAllKeysAsksTheClusterForTheirNames alone.
func TestDebugOfAllKeysAsksTheClusterForTheirNames(t *testing.T) {
	s := clustertest.New(t)
	store(s, map[string]string{"A": "C4n4ry", "B": "C4n4ry", "mlrun.x": "C4n4ry"})
	task := write(t, "task.yaml", "metadata: {project: fraud}\n")
	x := onTerminal(t, prepared(t, s.Kubeconfig(t), "debug", "--task", task, "--launcher-flag=--deliver=env", "--", "sh", "-c", `echo "$A-$B"; exit 7`))
	x.shows("A: ")
	x.typed("1\r")
	x.shows("B: ")
	x.typed("2\r")
	x.shows("1-2")
	_ = x.cmd.Wait()
	require.Equal(t, 7, ended(x.cmd))
	require.NotContains(t, x.all, "C4n4ry")
}

func TestDebugWithoutATerminal(t *testing.T) {
	s := clustertest.New(t)
	task := write(t, "task.yaml", debugTask)
	got := ctl(t, s, "", "debug", "--task", task, "--", "true")
	require.Equal(t, 125, got.status)
	require.Contains(t, got.stderr, "no terminal to prompt for a value\nhint: use --local FILE")
	local := write(t, "x.env", "DB_PASSWORD=' a '\nAPI_TOKEN=b\n")
	got = ctl(t, s, "", "debug", "--task", task, "--local", local, "--launcher-flag=--deliver=env", "--", "sh", "-c", `echo "[$DB_PASSWORD]$API_TOKEN"; exit 3`)
	require.Equal(t, result{"[ a ]b\n", "", 3}, got)
	for _, flag := range []string{"--launcher-flag=--deliver=socket", "--launcher-flag=--deliver=files", "--launcher-flag=--mask"} {
		got = ctl(t, s, "", "debug", "--task", task, "--local", local, flag, "--", filepath.Join(bin, "launcher"), "get-secret", "API_TOKEN")
		require.Equal(t, result{"b", "", 0}, got, flag)
	}
	got = ctl(t, s, "", "debug", "--task", "-", "--", "true")
	require.Equal(t, 125, got.status)
	got = ctl(t, s, "", "debug", "--task", task, "--local", local, "--launcher-program", filepath.Join(t.TempDir(), "none"), "--", "true")
	require.Equal(t, 125, got.status, got.stderr)
}

// TestProgressIsTheTerminalsLastLine, and is gone in the end.
func TestProgressIsTheTerminalsLastLine(t *testing.T) {
	c := controller(t)
	task := write(t, "task.yaml", "metadata: {name: train}\n")
	x := onTerminal(t, prepared(t, c.Kubeconfig(t), "run", "--task", task, "--image", "python", "--launcher-image", "launcher", "--", "true"))
	c.started()
	x.shows("job " + c.name + ": waiting for a pod")
	c.pod("-a", "Pending", waiting("ErrImagePull", "no such\x1b[2J image"))
	x.shows("\r\x1b[Klauncherctl: warning: pod " + c.name + "-a: ErrImagePull: no such\\x1b[2J image\r\n")
	x.shows("1 waiting, 0 running")
	c.writes("-a", "one", "two")
	c.pod("-a", "Running", running())
	x.shows("\r\x1b[Kone\r\n")
	x.shows("\r\x1b[Ktwo\r\n")
	c.pod("-a", "Succeeded", terminated(0, ""))
	x.shows("1 done")
	c.ends("Complete", "")
	x.shows("\r\x1b[K")
	_ = x.cmd.Wait()
	require.Zero(t, ended(x.cmd))
	require.True(t, strings.HasSuffix(x.all, "\r\x1b[K"), "%q", x.all)
}
