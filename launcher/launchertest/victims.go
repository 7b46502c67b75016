package launchertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// HostileUser is the user of the handler, and of a process that attacks the launcher.
const HostileUser = 4242

// Victims are files that root can change and the hostile user cannot, and a directory of
// that user on a disk, where a value may land.
type Victims struct {
	dir    string
	Before map[string]string
}

// NewVictims makes the files.
func NewVictims(t *testing.T) Victims {
	t.Helper()
	v := Victims{dir: t.TempDir()}
	require.NoError(t, os.Mkdir(v.dir+"/root", 0o700))
	WriteFile(t, v.dir+"/root/file", "untouched")
	require.NoError(t, os.Chmod(v.dir+"/root/file", 0o600))
	require.NoError(t, os.Mkdir(v.dir+"/theirs", 0o711))
	require.NoError(t, os.Chown(v.dir+"/theirs", HostileUser, HostileUser))
	v.Before = v.Look(t)
	return v
}

// Look maps each file below to its owner, mode and content.
func (v Victims) Look(t *testing.T) map[string]string {
	t.Helper()
	seen := map[string]string{}
	require.NoError(t, filepath.Walk(v.dir, func(path string, info os.FileInfo, err error) error {
		require.NoError(t, err)
		st := info.Sys().(*syscall.Stat_t)
		seen[path] = info.Mode().String() + " " + strconv.Itoa(int(st.Uid)) + ":" + strconv.Itoa(int(st.Gid))
		if info.Mode().IsRegular() {
			seen[path] += " " + ReadFile(t, path)
		}
		return nil
	}))
	return seen
}

// Targets returns the paths that an attacker links to.
func (v Victims) Targets() []string {
	return []string{v.dir + "/root/file", v.dir + "/root", v.dir + "/theirs", v.dir + "/nothing"}
}

// Attack starts the probe as the hostile user, until the test ends.
func Attack(t *testing.T, args []string) {
	t.Helper()
	cmd := exec.Command(Path("probe"), args...)
	cmd.SysProcAttr = AsUser(HostileUser)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
}
