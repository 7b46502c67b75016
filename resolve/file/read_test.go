package file

import (
	"bytes"
	"context"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// soon is a context that ends a test which blocks.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func write(t *testing.T, name string, content []byte) string {
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, content, 0o600))
	return path
}

func TestReadKeepsEveryByte(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for name, want := range map[string][]byte{
		"empty": {}, "every byte": all, "line end": []byte("x\r\n"), "byte order mark": []byte("\xef\xbb\xbfx"),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Read(soon(t), write(t, "f", want))
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

func TestReadFollowsSymbolicLinks(t *testing.T) {
	path := write(t, "real", []byte("x"))
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(path, link))
	got, err := Read(soon(t), link)
	require.NoError(t, err)
	require.Equal(t, "x", string(got))
}

func TestReadTakesAFileThatClaimsNoSize(t *testing.T) {
	got, err := Read(soon(t), "/proc/self/status")
	require.NoError(t, err)
	require.Contains(t, string(got), "VmSize")
}

func TestReadRefusesWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	require.NoError(t, syscall.Mkfifo(at("fifo"), 0o600))
	require.NoError(t, os.Symlink(at("fifo"), at("to fifo")))
	require.NoError(t, os.Symlink(dir, at("to directory")))
	require.NoError(t, os.Symlink(at("loop"), at("loop")))
	socket, err := net.Listen("unix", at("socket"))
	require.NoError(t, err)
	defer socket.Close()

	for _, c := range []struct{ path, want string }{
		{dir, "is a directory"},
		{at("to directory"), "is a directory"},
		{at("fifo"), "is a FIFO"},
		{at("to fifo"), "is a FIFO"},
		{at("socket"), "is a socket"},
		{"/dev/zero", "is a device"},
		{"/dev/tty", "is a device"},
		{at("loop"), "too many levels of symbolic links"},
		{"/proc/self/status/x", "not a directory"},
		{"", "path is empty"},
		{"a\x00b", `"a\x00b" holds a NUL byte`},
	} {
		t.Run(c.path, func(t *testing.T) {
			_, err := Read(soon(t), c.path)
			require.ErrorContains(t, err, c.want)
			require.NotErrorIs(t, err, fs.ErrNotExist)
		})
	}
}

func TestReadQuotesThePath(t *testing.T) {
	path := filepath.Join(t.TempDir(), "line\nbreak")
	_, err := Read(soon(t), path)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, `line\nbreak"`)
	require.NotContains(t, err.Error(), "\n")
}

func TestReadOfWhatIsNotThere(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Symlink(filepath.Join(dir, "gone"), filepath.Join(dir, "dangling")))
	for _, name := range []string{"gone", "no/such/folder", "dangling"} {
		_, err := Read(soon(t), filepath.Join(dir, name))
		require.ErrorIs(t, err, fs.ErrNotExist)
	}
}

func TestReadStopsAtItsLimit(t *testing.T) {
	path := write(t, "f", nil)
	require.NoError(t, os.Truncate(path, maxSize))
	got, err := Read(soon(t), path)
	require.NoError(t, err)
	require.Len(t, got, maxSize)

	for _, size := range []int64{maxSize + 1, 1 << 40} {
		require.NoError(t, os.Truncate(path, size))
		_, err = Read(soon(t), path)
		require.ErrorContains(t, err, "is larger than 16 MiB")
	}
}

// endless is a file that never says how large it is.
type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

func TestContentStopsWhereASizeLied(t *testing.T) {
	_, err := content("f", endless{})
	require.ErrorContains(t, err, "is larger than 16 MiB")
	got, err := content("f", bytes.NewReader([]byte("x")))
	require.NoError(t, err)
	require.Equal(t, "x", string(got))
}

func TestReadReturnsWhenTheContextEnds(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Read(ended, write(t, "f", []byte("x")))
	require.ErrorIs(t, err, context.Canceled)

	ctx, cancel := context.WithCancel(t.Context())
	never := make(chan struct{})
	defer close(never)
	_, err = Await(ctx, func() (int, error) {
		cancel() // while the file system does not answer
		<-never
		return 0, nil
	})
	require.ErrorIs(t, err, context.Canceled)
}

func TestAPanicWhileReadingIsAnErrorWithoutItsText(t *testing.T) {
	_, err := Await(t.Context(), func() (int, error) { panic("canary") })
	require.EqualError(t, err, "internal error: reading panicked; please report it")
}
