package launchertest

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// Terminal is the other end of a program's controlling terminal.
type Terminal struct {
	*testing.T
	Master *os.File
	Cmd    *exec.Cmd
	Seen   string
}

// StartOnTerminal starts a program as the leader of a session with a terminal.
func StartOnTerminal(t *testing.T, cmd *exec.Cmd) *Terminal {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		Lacks(t, "a pseudo-terminal", "job control: "+err.Error())
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
	NeedsNamespaces(t, cmd)
	require.NoError(t, cmd.Start())
	x := &Terminal{T: t, Master: os.NewFile(uintptr(fd), "terminal"), Cmd: cmd}
	require.NoError(t, x.Master.SetDeadline(time.Now().Add(Patience)))
	t.Cleanup(func() { _, _ = x.Master.Close(), cmd.Process.Kill() })
	return x
}

// Type types a text.
func (x *Terminal) Type(text string) {
	x.Helper()
	_, err := x.Master.WriteString(text)
	require.NoError(x, err)
}

// Expect waits for a text, and forgets what was shown up to it.
func (x *Terminal) Expect(text string) {
	x.Helper()
	buffer := make([]byte, 4096)
	for {
		if _, after, found := strings.Cut(x.Seen, text); found {
			x.Seen = after
			return
		}
		n, err := x.Master.Read(buffer)
		require.NoError(x, err, x.Seen)
		x.Seen += string(buffer[:n])
	}
}
