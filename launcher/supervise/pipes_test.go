//go:build linux && (amd64 || arm64) && !portable

package supervise

import (
	"os"
	"os/exec"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// connected reports whether two descriptors are the ends of one socket pair: what
// is written to one can be read from the other.
func connected(t *testing.T, a, b int) bool {
	t.Helper()
	_, err := unix.Write(a, []byte("x"))
	require.NoError(t, err)
	text := make([]byte, 2)
	n, _, err := unix.Recvfrom(b, text, unix.MSG_DONTWAIT)
	return err == nil && string(text[:n]) == "x"
}

// openPipes returns the pipes of a supervisor, all closed when the test ends.
func openPipes(t *testing.T, c Config) (*supervisor, pipes) {
	t.Helper()
	s := &supervisor{Config: c, companionLink: -1}
	p, err := s.newPipes()
	require.NoError(t, err)
	t.Cleanup(func() {
		p.closeChildEnds()
		_ = unix.Close(s.handlerLink)
		if s.companionLink >= 0 {
			_ = unix.Close(s.companionLink)
		}
	})
	for _, fd := range p.childEnds {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		require.NoError(t, err)
		require.NotZero(t, flags&unix.FD_CLOEXEC, "no other program gets it")
	}
	return s, p
}

func TestAHandlerWithoutACompanionHasOneLink(t *testing.T) {
	s, p := openPipes(t, Config{})
	require.Equal(t, [3]uintptr{0, 1, 2}, p.handler.standard)
	require.Len(t, p.handler.passed, 1)
	require.True(t, connected(t, s.handlerLink, p.handler.passed[0]))
	require.Empty(t, p.companion.passed)
	require.Equal(t, -1, s.companionLink)
}

func TestACompanionIsLinkedToTheHandlersProcess(t *testing.T) {
	s, p := openPipes(t, Config{Companion: true})
	require.Equal(t, [3]uintptr{0, 1, 2}, p.handler.standard, "the handler keeps its output")
	require.True(t, connected(t, s.handlerLink, p.handler.passed[0]))
	require.True(t, connected(t, s.companionLink, p.companion.passed[0]))
	require.True(t, connected(t, p.handler.passed[1], p.companion.passed[1]))
	require.Equal(t, []int{-1, -1}, p.companion.passed[2:], "it redacts nothing")
	require.NotEqual(t, uintptr(1), p.companion.standard[1], "it does not hold the handler's output")
}

// TestRedactedOutputPassesTheCompanion gives the handler pipes that the companion
// reads, and the handler's user each of them.
func TestRedactedOutputPassesTheCompanion(t *testing.T) {
	var given []int
	_, p := openPipes(t, Config{Companion: true, Redact: true, GiveDescriptor: func(fd int) error {
		given = append(given, fd)
		return nil
	}})
	require.Equal(t, uintptr(0), p.handler.standard[0])
	require.Equal(t, uintptr(1), p.companion.standard[1])
	require.Equal(t, []int{int(p.handler.standard[1]), int(p.handler.standard[2])}, given)
	output, messages := p.companion.passed[2], p.companion.passed[3]
	requirePasses(t, int(p.handler.standard[1]), output)
	if messages < 0 { // the tests' own standard output and error are one file
		require.Equal(t, p.handler.standard[1], p.handler.standard[2])
		messages = output
	}
	requirePasses(t, int(p.handler.standard[2]), messages)
}

func requirePasses(t *testing.T, write, read int) {
	t.Helper()
	_, err := unix.Write(write, []byte("text"))
	require.NoError(t, err)
	text := make([]byte, 4)
	require.True(t, readFull(read, text))
	require.Equal(t, "text", string(text))
}

func TestSameIsTrueForOneFile(t *testing.T) {
	first, err := os.CreateTemp(t.TempDir(), "")
	require.NoError(t, err)
	defer func() { _ = first.Close() }()
	again, err := os.Open(first.Name())
	require.NoError(t, err)
	defer func() { _ = again.Close() }()
	other, err := os.CreateTemp(t.TempDir(), "")
	require.NoError(t, err)
	defer func() { _ = other.Close() }()
	require.True(t, same(int(first.Fd()), int(again.Fd())))
	require.False(t, same(int(first.Fd()), int(other.Fd())))
	require.False(t, same(int(first.Fd()), -1))
}

// TestTheTerminalIsNotOursWithoutOne has a descriptor that is none, and a file.
func TestTheTerminalIsNotOursWithoutOne(t *testing.T) {
	null, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer func() { _ = null.Close() }()
	for _, fd := range []int{-1, int(null.Fd()), 1 << 20} {
		x := terminal{fd: fd, group: unix.Getpgrp()}
		require.False(t, x.ours(), fd)
		require.Zero(t, x.foreground(), fd)
		require.False(t, x.give(x.group), fd)
	}
}

func TestChildrenAreThoseOfThisProcess(t *testing.T) {
	cmd := exec.Command("cat")
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NotContains(t, children(), os.Getpid())
	require.NoError(t, cmd.Start())
	require.Contains(t, children(), cmd.Process.Pid)
	require.Contains(t, numbers("/proc"), cmd.Process.Pid)
	require.NoError(t, stdin.Close())
	require.NoError(t, cmd.Wait())
	require.NotContains(t, children(), cmd.Process.Pid)
	require.Nil(t, numbers("/not/there"))
	require.Contains(t, numbers("/proc/self/fd"), 2)
}

// TestSignalInfoHasRoomForTheKernels is SI_MAX_SIZE, which the kernel may write.
func TestSignalInfoHasRoomForTheKernels(t *testing.T) {
	require.GreaterOrEqual(t, int(unsafe.Sizeof(signalInfo{})), 128)
	require.EqualValues(t, 16, unsafe.Offsetof(signalInfo{}.PID))
}
