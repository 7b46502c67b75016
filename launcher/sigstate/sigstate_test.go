//go:build linux && (amd64 || arm64) && !portable

package sigstate

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// This test program is linked without launcher_entry. What the entry point
// records is tested with the real launcher, in launcher/supervise.

func TestBit(t *testing.T) {
	require.Equal(t, uint64(1), bit(syscall.SIGHUP))
	require.Equal(t, uint64(0x4000), bit(syscall.SIGTERM))
	require.Equal(t, uint64(1)<<63, bit(64))
	seen := uint64(0)
	for s := syscall.Signal(1); s <= 64; s++ {
		require.Zero(t, seen&bit(s))
		seen |= bit(s)
	}
	require.Equal(t, everySignal, seen)
}

// signalSets starts a child of the test that makes a call and then executes another
// program. It returns the signals that this program has blocked and ignored.
func signalSets(t *testing.T, call string, s State) (blocked, ignored uint64) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestMakeCall$")
	cmd.Env = []string{"CALL=" + call, fmt.Sprint("MASK=", s.Mask), fmt.Sprint("IGNORED=", s.Ignored)}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	set := func(name string) uint64 {
		digits := regexp.MustCompile(`(?m)^` + name + `:\s+([0-9a-f]+)$`).FindSubmatch(out)
		require.NotNil(t, digits, string(out))
		n, err := strconv.ParseUint(string(digits[1]), 16, 64)
		require.NoError(t, err)
		return n
	}
	return set("SigBlk"), set("SigIgn")
}

// TestMakeCall is the child: it makes the call and becomes cat.
func TestMakeCall(t *testing.T) {
	number := func(name string) uint64 {
		n, _ := strconv.ParseUint(os.Getenv(name), 10, 64)
		return n
	}
	s := State{Mask: number("MASK"), Ignored: number("IGNORED")}
	cat := func() { require.NoError(t, syscall.Exec("/bin/cat", []string{"cat", "/proc/self/status"}, nil)) }
	switch os.Getenv("CALL") {
	case "Restore":
		require.NoError(t, s.Restore())
		cat()
	case "BlockAll, Restore":
		require.NoError(t, BlockAll())
		require.NoError(t, s.Restore())
		cat()
	case "IgnoreAll":
		require.NoError(t, IgnoreAll())
		cat()
	case "":
		t.Skip("it is a child of other tests")
	default:
		require.Fail(t, "unknown call")
	}
}

// never is the signals that no process blocks or ignores.
var never = bit(syscall.SIGKILL) | bit(syscall.SIGSTOP)

func TestRestoreSetsWhatTheStateSays(t *testing.T) {
	for _, s := range []State{
		{},
		{Mask: bit(syscall.SIGUSR2) | bit(syscall.SIGCHLD) | bit(35)},
		{Ignored: bit(syscall.SIGUSR1) | bit(syscall.SIGPIPE) | bit(64)},
		{Mask: bit(syscall.SIGTERM), Ignored: bit(syscall.SIGTERM)},
		{Mask: everySignal, Ignored: everySignal},
	} {
		for _, call := range []string{"Restore", "BlockAll, Restore"} {
			blocked, ignored := signalSets(t, call, s)
			require.Equal(t, s.Mask&^never, blocked, "%s %+v", call, s)
			require.Equal(t, s.Ignored&^never, ignored, "%s %+v", call, s)
		}
	}
}

func TestIgnoreAllKeepsTheSignalsOfAnError(t *testing.T) {
	_, ignored := signalSets(t, "IgnoreAll", State{})
	for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGPIPE, 34, 64} {
		require.NotZero(t, ignored&bit(s), s)
	}
	for _, s := range []syscall.Signal{syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGKILL, syscall.SIGSTOP, syscall.SIGCHLD, syscall.SIGURG} {
		require.Zero(t, ignored&bit(s), s)
	}
}
