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

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// terminal is the other end of a program's controlling terminal.
type terminal struct {
	*testing.T
	master *os.File
	cmd    *exec.Cmd
	seen   string
}

// onTerminal starts a program as the leader of a session with a terminal.
func onTerminal(t *testing.T, cmd *exec.Cmd) *terminal {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		launchertest.Lacks(t, "a pseudo-terminal", "job control: "+err.Error())
	}
	require.NoError(t, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	require.NoError(t, err)
	slave, err := os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	defer func() { _ = slave.Close() }()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setsid, cmd.SysProcAttr.Setctty = true, true
	launchertest.NeedsNamespaces(t, cmd)
	require.NoError(t, cmd.Start())
	x := &terminal{T: t, master: os.NewFile(uintptr(fd), "terminal"), cmd: cmd}
	require.NoError(t, x.master.SetDeadline(time.Now().Add(patience)))
	t.Cleanup(func() { _, _ = x.master.Close(), cmd.Process.Kill() })
	return x
}

func (x *terminal) typed(text string) {
	x.Helper()
	_, err := x.master.WriteString(text)
	require.NoError(x, err)
}

// shows waits for a text, and forgets what was shown up to it.
func (x *terminal) shows(text string) {
	x.Helper()
	buffer := make([]byte, 4096)
	for {
		if _, after, found := strings.Cut(x.seen, text); found {
			x.seen = after
			return
		}
		n, err := x.master.Read(buffer)
		require.NoError(x, err, x.seen)
		x.seen += string(buffer[:n])
	}
}

// TestCtrlCComesOnce is a handler of PID 1 that counts interrupts.
func TestCtrlCComesOnce(t *testing.T) {
	x := onTerminal(t, contained("launcher", "run", "--", "probe", "count"))
	x.shows("ready")
	for i := 1; i <= 3; i++ {
		x.typed("\x03")
		x.shows("got-" + strconv.Itoa(i))
		x.typed("then\n")
		x.shows("line-then")
		require.NotContains(t, x.seen, "got")
	}
	require.NoError(t, x.cmd.Process.Signal(syscall.SIGTERM))
	_ = x.cmd.Wait()
	require.Equal(t, 143, ended(x.cmd))
}

// TestCtrlZAsPID1 goes on, as where nobody could continue it.
func TestCtrlZAsPID1(t *testing.T) {
	x := onTerminal(t, contained("launcher", "run", "--", "sh", "-c", "echo rea''dy; exec cat"))
	x.shows("ready")
	x.typed("\x1a")
	x.typed("still here\n")
	x.shows("still here")
	x.shows("still here") // the echo, and cat
	x.typed("\x04")
	_ = x.cmd.Wait()
	require.Zero(t, ended(x.cmd))
}

// TestJobControl is an interactive shell whose job is a launcher that stays.
func TestJobControl(t *testing.T) {
	bash := needs(t, "bash", "job control")
	cmd := command(bash, "--norc", "--noprofile", "--noediting", "-i")
	cmd.Env = append(cmd.Env, "PS1=prompt-$?: ", "TERM=dumb")
	x := onTerminal(t, cmd)
	x.shows("prompt-0")
	x.typed(filepath.Join(bin, "launcher") + ` run --init always -- sh -c 'echo rea""dy; exec cat'` + "\n")
	x.shows("ready")
	for range 2 {
		x.typed("\x1a")
		x.shows("Stopped")
		x.shows("prompt-147") // by STOP: the parent cannot be stopped by TSTP, which it takes
		x.typed("fg\n")
		x.shows("exec cat")
		x.typed("hel''lo\n")
		x.shows("hel''lo")
		x.shows("hel''lo")
	}
	x.typed("\x03")
	x.shows("prompt-130")
	x.typed("cat\n") // the terminal is the shell's to give
	x.typed("again\n")
	x.shows("again")
	x.shows("again")
	x.typed("\x04")
	x.shows("prompt-0")
	x.typed("exit 7\n")
	_ = x.cmd.Wait()
	require.Equal(t, 7, ended(x.cmd))
}
