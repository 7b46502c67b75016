package file

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve"
)

// fifo returns the path of a FIFO that gets the text from one writer.
func fifo(t *testing.T, text []byte) string {
	path := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	go func() { _ = os.WriteFile(path, text, 0) }()
	return path
}

func TestPipesReadAFIFOOnce(t *testing.T) {
	path := fifo(t, []byte("A=1\n"))
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(path, link))
	var pipes Pipes
	var all sync.WaitGroup
	for _, name := range []string{path, link, path} {
		all.Go(func() {
			text, err := pipes.Read(soon(t), name)
			require.NoError(t, err)
			require.Equal(t, "A=1\n", string(text))
		})
	}
	all.Wait()
}

func TestPipesReadADescriptor(t *testing.T) {
	read, write, err := os.Pipe()
	require.NoError(t, err)
	_, err = io.WriteString(write, "A=1\n")
	require.NoError(t, err)
	require.NoError(t, write.Close())
	var pipes Pipes
	for _, folder := range []string{"/dev/fd/", "/proc/self/fd/"} {
		text, err := pipes.Read(soon(t), folder+strconv.Itoa(int(read.Fd())))
		require.NoError(t, err)
		require.Equal(t, "A=1\n", string(text))
	}
}

func TestPipesReadAnInheritedSocket(t *testing.T) {
	ends, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	require.NoError(t, err)
	_, err = syscall.Write(ends[0], []byte("A=1\n"))
	require.NoError(t, err)
	require.NoError(t, syscall.Close(ends[0]))
	defer syscall.Close(ends[1])
	text, err := new(Pipes).Read(soon(t), "/dev/fd/"+strconv.Itoa(ends[1]))
	require.NoError(t, err)
	require.Equal(t, "A=1\n", string(text))
	require.Equal(t, []int{0, 7, -1, -1}, []int{Descriptor("/dev/stdin"), Descriptor("/dev/fd/7"), Descriptor("/dev/fd/-1"), Descriptor("/dev/fd/x")})
}

func TestPipesReadRegularFilesEachTime(t *testing.T) {
	path := write(t, "f", []byte("1"))
	var pipes Pipes
	for _, want := range []string{"1", "2"} {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o600))
		text, err := pipes.Read(soon(t), path)
		require.NoError(t, err)
		require.Equal(t, want, string(text))
	}
}

func TestPipesLimitWhatTheyRead(t *testing.T) {
	_, err := new(Pipes).Read(soon(t), fifo(t, bytes.Repeat([]byte("A=1\n"), maxSize/4+1)))
	require.ErrorContains(t, err, "is larger than 16 MiB")
}

func TestPipesReturnWhenTheContextEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	ctx, cancel := context.WithCancel(t.Context())
	s, err := New(declare(t, path), &Pipes{})
	require.NoError(t, err)
	done := make(chan error)
	go func() {
		_, err := s.Find(ctx)
		done <- err
	}()
	writer, err := os.OpenFile(path, os.O_WRONLY, 0) // waits for the reader
	require.NoError(t, err)
	cancel()
	err = <-done
	require.ErrorIs(t, err, resolve.ErrUnavailable)
	require.EqualError(t, err, `"`+path+`" was not read completely before the deadline`)
	require.NoError(t, writer.Close())
}

func TestPipesRefuseWhatHasNoEnd(t *testing.T) {
	for _, path := range []string{"/dev/zero", "/dev/null", "/dev/tty", t.TempDir()} {
		_, err := new(Pipes).Read(soon(t), path)
		require.Error(t, err)
		require.False(t, errors.Is(err, resolve.ErrUnavailable))
	}
	_, err := new(Pipes).Read(soon(t), filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
