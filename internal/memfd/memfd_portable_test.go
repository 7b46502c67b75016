//go:build !linux || portable

package memfd

import (
	"bytes"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestTheFileIsReadOnlyAndLeavesNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for _, text := range [][]byte{nil, []byte("a"), bytes.Repeat([]byte("x"), 3<<20)} {
		fd, err := Sealed("test", text)
		require.NoError(t, err)
		f := os.NewFile(uintptr(fd), "test")
		got, err := io.ReadAll(f)
		require.NoError(t, err)
		require.True(t, bytes.Equal(text, got))
		_, err = unix.Pwrite(fd, []byte("y"), 0)
		require.Error(t, err)
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		require.NoError(t, err)
		require.NotZero(t, flags&unix.FD_CLOEXEC)
		left, err := os.ReadDir(os.TempDir())
		require.NoError(t, err)
		require.Empty(t, left)
		require.True(t, IsSealed(fd))
		require.NoError(t, f.Close())
	}
}

func TestWithoutATemporaryDirectoryThereIsNoFile(t *testing.T) {
	t.Setenv("TMPDIR", "/no/such/directory")
	_, err := Sealed("test", []byte("secret"))
	require.ErrorContains(t, err, "make a temporary file: ")
	require.NotContains(t, err.Error(), "secret")
}
