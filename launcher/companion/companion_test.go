//go:build linux && (amd64 || arm64) && !portable

package companion

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

type text struct{ Value []byte }

func pair(t testing.TB) (here, there int) {
	t.Helper()
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	return ends[0], ends[1]
}

func TestAMessageOfAnySizeArrives(t *testing.T) {
	for _, size := range []int{0, 1, 4 << 20} {
		here, there := pair(t)
		sent, got := text{make([]byte, size)}, text{}
		errs := make(chan error)
		go func() { errs <- Send(here, sent) }()
		require.NoError(t, Receive(there, &got))
		require.NoError(t, <-errs)
		require.Equal(t, sent, got)
		_, _ = unix.Close(here), unix.Close(there)
	}
}

func TestTheEndOfTheOtherProcess(t *testing.T) {
	here, there := pair(t)
	require.NoError(t, unix.Close(here))
	require.ErrorIs(t, Receive(there, &text{}), ErrEnded)
	require.NoError(t, Send(there, text{}), "it needs no message")
	require.NoError(t, unix.Close(there))
}

// FuzzReceive is any message of the other process: an error, or what it says.
func FuzzReceive(f *testing.F) {
	f.Add([]byte(`{"Value": "YWJj"}`))
	f.Add([]byte(`{"Value": [1]}`))
	f.Add([]byte("{"))
	f.Fuzz(func(t *testing.T, sent []byte) {
		here, there := pair(t)
		defer func() { _ = unix.Close(there) }()
		if len(sent) > 100_000 { // more than a socket holds
			sent = sent[:100_000]
		}
		n, err := unix.Write(here, sent)
		require.NoError(t, err)
		require.Len(t, sent, n)
		require.NoError(t, unix.Close(here))
		err = Receive(there, &text{})
		require.True(t, len(sent) > 0 || err == ErrEnded)
	})
}
