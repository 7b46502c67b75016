package replacefile_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/internal/replacefile"
)

// opened returns a directory with a file, and its descriptor.
func opened(t *testing.T) (string, int) {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "a"), []byte("old"), 0o644))
	dir, err := unix.Open(folder, unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = unix.Close(dir) })
	return folder, dir
}

func TestIn(t *testing.T) {
	folder, dir := opened(t)
	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(folder, "link")))
	for _, name := range []string{"a", "new", "link"} {
		require.NoError(t, replacefile.In(dir, name, 0o640, replacefile.Text([]byte("text"))))
		info, err := os.Lstat(filepath.Join(folder, name))
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o640), info.Mode(), name)
		text, err := os.ReadFile(filepath.Join(folder, name))
		require.NoError(t, err)
		require.Equal(t, "text", string(text))
	}
}

// TestAnErrorLeavesTheOldFile and nothing else.
func TestAnErrorLeavesTheOldFile(t *testing.T) {
	folder, dir := opened(t)
	full := errors.New("disk full")
	require.ErrorIs(t, replacefile.In(dir, "a", 0o600, func(w io.Writer) error {
		_, _ = io.WriteString(w, "half")
		return full
	}), full)
	require.NoError(t, os.Mkdir(filepath.Join(folder, "folder"), 0o700))
	require.Error(t, replacefile.In(dir, "folder", 0o600, replacefile.Text(nil)))
	require.Error(t, replacefile.In(dir, "none/a", 0o600, replacefile.Text(nil)))
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, 2)
	text, err := os.ReadFile(filepath.Join(folder, "a"))
	require.NoError(t, err)
	require.Equal(t, "old", string(text))
}

// TestAFileThatIsReplacedMeanwhile is what another user with a right to the directory
// may do: the new file is not what is in place then.
func TestAFileThatIsReplacedMeanwhile(t *testing.T) {
	folder, dir := opened(t)
	err := replacefile.In(dir, "a", 0o600, func(io.Writer) error {
		made, err := filepath.Glob(filepath.Join(folder, ".launcher-*"))
		require.NoError(t, err)
		require.Len(t, made, 1)
		require.NoError(t, os.Remove(made[0]))
		return os.WriteFile(made[0], []byte("theirs"), 0o600)
	})
	require.EqualError(t, err, "another user replaced the file while it was written")
}
