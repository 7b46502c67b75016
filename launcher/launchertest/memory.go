package launchertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// Memory is a directory on tmpfs that the programs of one test have as /dev/shm: a test
// sees what they leave there, and nothing of other programs.
type Memory string

// NewMemory makes a Memory that is deleted after the test.
func NewMemory(t *testing.T) Memory {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "test-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return Memory(dir)
}

// Command returns a program with that /dev/shm, as PID 1 of a container or not.
func (m Memory) Command(pid1 bool, args ...string) *exec.Cmd {
	mounts := `mount --bind "$0" /dev/shm`
	if pid1 {
		mounts += " && mount -t proc proc /proc"
	}
	cmd := Command(append([]string{"sh", "-c", mounts + ` && exec "$@"`, string(m)}, Command(args...).Args...)...)
	cmd.SysProcAttr = PIDNamespace()
	cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWNS
	if !pid1 {
		cmd.SysProcAttr.Cloneflags &^= syscall.CLONE_NEWPID
	}
	return cmd
}

// AsRoot returns a shell that runs as root with that /dev/shm, and with all users.
func (m Memory) AsRoot(script string, args ...string) *exec.Cmd {
	const mounts = `mount --make-rprivate / && mount --bind "$0" /dev/shm || exit 99; `
	cmd := Command(append([]string{"sh", "-c", mounts + script, string(m)}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	return cmd
}

// RequireEmpty fails if something is left.
func (m Memory) RequireEmpty(t *testing.T) {
	t.Helper()
	left, err := os.ReadDir(string(m))
	require.NoError(t, err)
	require.Empty(t, left)
}

// RequireNoValue fails if a file that is left holds a value.
func (m Memory) RequireNoValue(t *testing.T, value string) {
	t.Helper()
	require.NoError(t, filepath.Walk(string(m), func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			require.NotContains(t, ReadFile(t, path), value, path)
		}
		return nil // another process still adds to it
	}))
}
