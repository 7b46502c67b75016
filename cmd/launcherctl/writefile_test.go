package main_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// shared is a directory that others can write, with a target outside of it.
func shared(t *testing.T, mode fs.FileMode) (folder, target string) {
	t.Helper()
	folder, target = t.TempDir(), write(t, "target", "untouched")
	require.NoError(t, os.Chmod(folder, mode))
	return folder, target
}

// valuesTo writes the Secret of a task with one value.
func valuesTo(t *testing.T, path string) result {
	t.Helper()
	return ctlIn(t, t.TempDir(), []string{"V=" + canary}, "manifest", "--task", write(t, "t.yaml", "metadata: {name: a}\n"), "-s", "env=V", "--image", "i", "--launcher-image", "l",
		"--values-file", path, "--", "true")
}

// withSecretTo adds a source to a task file.
func withSecretTo(t *testing.T, path string) result {
	t.Helper()
	return ctlIn(t, t.TempDir(), nil, "task", "with-secrets", "kubernetes", "--task", path, "A")
}

var writers = map[string]func(*testing.T, string) result{"values": valuesTo, "task": withSecretTo}

// TestALinkOfAnotherUserIsNotFollowed plants one in each place of a path.
func TestALinkOfAnotherUserIsNotFollowed(t *testing.T) {
	for name, write := range writers {
		for _, mode := range []fs.FileMode{0o777, fs.ModeSticky | 0o777, 0o775} {
			t.Run(name+"/"+mode.String(), func(t *testing.T) {
				folder, target := shared(t, mode)
				require.NoError(t, os.Symlink(target, filepath.Join(folder, "link")))
				require.NoError(t, os.Symlink(filepath.Dir(target), filepath.Join(folder, "folder")))
				require.NoError(t, os.Symlink(filepath.Join(folder, "gone"), filepath.Join(folder, "dangling")))
				private := filepath.Join(t.TempDir(), "private")
				require.NoError(t, os.Symlink(filepath.Join(folder, "link"), private))
				for _, path := range []string{filepath.Join(folder, "link"), filepath.Join(folder, "folder", "target"), filepath.Join(folder, "dangling"), private} {
					got := write(t, path)
					require.Equal(t, 125, got.status, path)
					require.Equal(t, "untouched", read(t, target))
				}
				require.NoFileExists(t, filepath.Join(folder, "gone"))
				entries, err := os.ReadDir(folder)
				require.NoError(t, err)
				require.Len(t, entries, 3, "nothing is left behind")
			})
		}
	}
}

// TestNothingThatExistsIsWrittenInto plants a FIFO, to which somebody listens, a
// socket, and a file that somebody holds open.
func TestNothingThatExistsIsWrittenInto(t *testing.T) {
	folder, _ := shared(t, fs.ModeSticky|0o777)
	fifo := filepath.Join(folder, "fifo")
	require.NoError(t, unix.Mkfifo(fifo, 0o666))
	listener, err := os.OpenFile(fifo, os.O_RDONLY|unix.O_NONBLOCK, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	for _, path := range []string{fifo, folder, filepath.Join(folder, "none", "x"), filepath.Join(folder, "x") + "/", "/dev/fd/99", "/dev/fd/x", "/proc/self/fd/../x"} {
		got := valuesTo(t, path)
		require.Equal(t, 125, got.status, path)
		require.Empty(t, got.stdout, path)
		requireNoForm(t, got.stderr, canary)
	}
	n, err := listener.Read(make([]byte, 1))
	require.Zero(t, n, err)

	held := filepath.Join(folder, "held")
	require.NoError(t, os.WriteFile(held, []byte("before"), 0o666))
	reader, err := os.Open(held)
	require.NoError(t, err)
	t.Cleanup(func() { _ = reader.Close() })
	require.Zero(t, valuesTo(t, held).status)
	text := make([]byte, 100)
	n, _ = reader.Read(text)
	require.Equal(t, "before", string(text[:n]))
	info, err := os.Stat(held)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode())
}

// TestATaskKeepsItsModeAndItsLink where nobody else can write.
func TestATaskKeepsItsModeAndItsLink(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, "real"), 0o711))
	path := filepath.Join(folder, "real", "task.yaml")
	require.NoError(t, os.WriteFile(path, []byte("metadata: {name: a}\n"), 0o640))
	require.NoError(t, os.Symlink("real/../real", filepath.Join(folder, "folder")))
	require.NoError(t, os.Symlink("folder/task.yaml", filepath.Join(folder, "link")))
	require.Zero(t, withSecretTo(t, filepath.Join(folder, "link")).status)
	info, err := os.Lstat(path)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o640), info.Mode())
	require.Contains(t, read(t, path), "kind: kubernetes")
	require.NoError(t, os.Symlink("loop", filepath.Join(folder, "loop")))
	require.Equal(t, 125, valuesTo(t, filepath.Join(folder, "loop")).status)
}

// TestAFIFOOfOnesOwnTakesTheValues, which a shell's user makes with mkfifo.
func TestAFIFOOfOnesOwnTakesTheValues(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, unix.Mkfifo(fifo, 0o600))
	reader, err := os.OpenFile(fifo, os.O_RDONLY|unix.O_NONBLOCK, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = reader.Close() })
	require.Zero(t, valuesTo(t, fifo).status)
	text := make([]byte, 1000)
	n, err := reader.Read(text)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(text[:n]), "apiVersion: v1\nkind: Secret\n"))
	require.Zero(t, valuesTo(t, "/dev/null").status)
}

// TestAPipeOfTheCommandTakesTheValues as a shell's >(...) and as /dev/stdout.
func TestAPipeOfTheCommandTakesTheValues(t *testing.T) {
	for _, path := range []string{"/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"} {
		got := valuesTo(t, path)
		require.Zero(t, got.status, got.stderr)
		require.True(t, strings.HasPrefix(got.stdout, "apiVersion: v1\nkind: Secret\n"), got.stdout)
	}
	bash := launchertest.Needs(t, "bash", "a pipe of >(...)")
	out := filepath.Join(t.TempDir(), "out")
	script := `launcherctl manifest --task "$1" -s env=V --image i --launcher-image l --values-file >(cat >"$2.part"; mv "$2.part" "$2") -- true >/dev/null; wait $!; until [ -e "$2" ]; do :; done`
	cmd := exec.Command(bash, "-c", script, "bash", write(t, "t.yaml", "metadata: {name: a}\n"), out)
	cmd.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "V=" + canary}
	require.Zero(t, finish(t, cmd).status)
	require.True(t, strings.HasPrefix(read(t, out), "apiVersion: v1\nkind: Secret\n"))
}
