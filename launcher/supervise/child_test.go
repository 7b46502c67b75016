//go:build linux && (amd64 || arm64) && !portable

package supervise

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/sigstate"
)

func pair(t testing.TB) (here, there int) {
	t.Helper()
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = unix.Close(ends[0]), unix.Close(ends[1]) })
	return ends[0], ends[1]
}

func TestAMessageArrivesAsItWasSent(t *testing.T) {
	for _, size := range []int{0, 1, 4 << 20} { // the last does not fit a socket's buffer
		here, there := pair(t)
		args := []string{"launcher", "run", "", "-s", "inline={'K': '\xff\n'}"}
		environ := []string{"A=" + strings.Repeat("x", size), "EMPTY=", "=", ""}
		block := []byte(strings.Join(append(args, environ...), "\x00") + "\x00")
		sent := message{Signals: sigstate.State{Mask: 1 << 63, Ignored: 3}, Directory: "/dev/shm/x", Companion: true, Arguments: len(args)}
		errs := make(chan error)
		go func() { errs <- sent.send(here, block) }()
		c := Child{Link: there}
		require.NoError(t, c.receive())
		require.NoError(t, <-errs)
		require.Equal(t, args, c.Args)
		require.Equal(t, environ, c.Environ)
		require.Equal(t, sent.Signals, c.Signals)
		require.Equal(t, sent.Directory, c.Directory)
		require.True(t, c.HasCompanion)
	}
}

func TestAMessageThatIsCutIsTheParentsEnd(t *testing.T) {
	for n := range 12 {
		here, there := pair(t)
		whole := append(binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, 2), 2), "{}a\x00"...)
		_, err := unix.Write(here, whole[:n])
		require.NoError(t, err)
		require.NoError(t, unix.Shutdown(here, unix.SHUT_WR))
		require.ErrorIs(t, (&Child{Link: there}).receive(), ErrParentEnded)
	}
}

func TestOnlyAProcessOfTheParentIsAChild(t *testing.T) {
	c, err := NewChild([]string{"launcher", "run"})
	require.NoError(t, err)
	require.Nil(t, c)
	_, there := pair(t) // whose peer is this process, and not its parent
	_, err = NewChild([]string{string(HandlerProcess), strconv.Itoa(there)})
	require.ErrorIs(t, err, ErrParentEnded)
	null, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer func() { _ = null.Close() }()
	for _, arg := range []string{"", "x", "-1", "99999", strconv.Itoa(int(null.Fd()))} {
		_, err = NewChild([]string{string(CompanionProcess), arg})
		require.ErrorContains(t, err, "is the name of a process that only the launcher starts", arg)
	}
}

// FuzzMessage is any message: it is refused, or its strings are all there.
func FuzzMessage(f *testing.F) {
	whole, err := json.Marshal(message{Directory: "/dev/shm/x", Companion: true, Arguments: 2})
	require.NoError(f, err)
	f.Add(whole, []byte("launcher\x00run\x00A=b\x00"))
	f.Add([]byte("{}"), []byte(nil))
	f.Add([]byte(`{"Arguments": -1}`), []byte("a\x00"))
	f.Add([]byte(`{"Arguments": 1e9}`), []byte("\x00\x00"))
	f.Fuzz(func(t *testing.T, text, strs []byte) {
		var c Child
		if c.take(text, strs) != nil {
			require.Empty(t, c.Args)
			return
		}
		joined := strings.Join(append(append([]string(nil), c.Args...), c.Environ...), "\x00")
		require.Equal(t, strings.TrimSuffix(string(strs), "\x00"), joined)
	})
}
