//go:build !portable

package memfd

import (
	"bytes"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestOtherFilesAreNotSealed(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/file")
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	require.False(t, IsSealed(int(file.Fd())))
	require.False(t, IsSealed(-1))
}

func TestNobodyCanChangeASealedFile(t *testing.T) {
	for _, text := range [][]byte{nil, []byte("a"), bytes.Repeat([]byte("x"), 3<<20)} {
		fd, err := Sealed("test", text)
		require.NoError(t, err)
		require.True(t, IsSealed(fd))
		path := "/proc/self/fd/" + strconv.Itoa(fd)
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.True(t, bytes.Equal(text, got))

		_, err = unix.Pwrite(fd, []byte("y"), 0)
		require.Error(t, err)
		require.Error(t, unix.Ftruncate(fd, 1<<20))
		writable, err := os.OpenFile(path, os.O_RDWR, 0)
		if err == nil { // the seals hold for root too
			_, err = writable.WriteAt([]byte("y"), 0)
			require.ErrorIs(t, err, unix.EPERM)
			require.ErrorIs(t, writable.Truncate(7), unix.EPERM)
			require.NoError(t, writable.Close())
		}
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		require.NoError(t, err)
		require.NotZero(t, flags&unix.FD_CLOEXEC)
		require.NoError(t, unix.Close(fd))
	}
}
