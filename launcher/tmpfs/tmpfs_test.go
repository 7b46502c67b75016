//go:build linux

package tmpfs_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/launchertest"
	"github.com/seed45446ece/launcher/launcher/tmpfs"
)

// newBase returns a directory in memory for the launcher's directories.
func newBase(t *testing.T) string {
	t.Helper()
	base, err := os.MkdirTemp("/dev/shm", "test-")
	if err != nil {
		launchertest.Lacks(t, "/dev/shm", "the directory in memory: "+err.Error())
	}
	t.Cleanup(func() { _ = os.RemoveAll(base) })
	return base
}

func newDirectory(t *testing.T, base string) *tmpfs.Directory {
	t.Helper()
	d, err := tmpfs.Make(base, true)
	require.NoError(t, err)
	t.Cleanup(d.Close)
	return d
}

func owner(info os.FileInfo) *syscall.Stat_t { return info.Sys().(*syscall.Stat_t) }

func requireMode(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	info, err := os.Lstat(path)
	require.NoError(t, err)
	require.Equal(t, mode, info.Mode())
}

func TestMakeWhateverTheUmask(t *testing.T) {
	base := newBase(t)
	require.NoError(t, os.Chmod(base, os.ModeSetgid|0o700))
	for _, umask := range []int{0, 0o777} {
		old := unix.Umask(umask)
		d, err := tmpfs.Make(base, true)
		require.Equal(t, umask, unix.Umask(old), "it is as it was")
		require.NoError(t, err)
		old = unix.Umask(umask)
		err = d.WriteFile("KEY", []byte("x"), tmpfs.Keep, tmpfs.Keep)
		fd, wrong := d.Bind("socket", tmpfs.Keep, tmpfs.Keep)
		unix.Umask(old)
		require.NoError(t, errors.Join(err, wrong))
		info, err := os.Stat(d.Path())
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
		requireMode(t, d.Path()+"/KEY", 0o400)
		requireMode(t, d.Path()+"/socket", os.ModeSocket|0o600)
		require.NoError(t, unix.Close(fd))
		require.NoError(t, d.Remove())
		require.NoDirExists(t, d.Path())
		d.Close()
	}
}

// TestMakeRefusesASharedParent only if somebody could gain by it.
func TestMakeRefusesASharedParent(t *testing.T) {
	base := newBase(t)
	for mode, stable := range map[os.FileMode]bool{
		0o777: false, 0o775: false, 0o757: false, 0o755: true, 0o700: true, os.ModeSticky | 0o777: true,
	} {
		require.NoError(t, os.Chmod(base, mode))
		d, err := tmpfs.Make(base, true)
		if stable {
			require.NoError(t, err, mode)
			require.NoError(t, d.Remove())
			d.Close()
			continue
		}
		require.ErrorIs(t, err, tmpfs.ErrShared, mode)
		d, err = tmpfs.Make(base, false)
		require.NoError(t, err)
		require.NoError(t, d.Remove())
		d.Close()
	}
	left, err := os.ReadDir(base)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestMakeRefusesAParentOfAnotherUser(t *testing.T) {
	if os.Getuid() != 0 {
		launchertest.Lacks(t, "root", "a parent directory of another user")
	}
	base := newBase(t)
	require.NoError(t, os.Chmod(base, os.ModeSticky|0o777))
	require.NoError(t, os.Chown(base, 4242, 4242))
	_, err := tmpfs.Make(base, true)
	require.ErrorIs(t, err, tmpfs.ErrShared)
}

func TestMakeRefusesADisk(t *testing.T) {
	_, err := tmpfs.Make("/proc", false)
	require.ErrorIs(t, err, tmpfs.ErrNotMemory)
	_, err = tmpfs.Make("/not/there", false)
	require.ErrorIs(t, err, unix.ENOENT)
	_, err = tmpfs.Make("/etc/passwd", false)
	require.ErrorIs(t, err, unix.ENOTDIR)
}

// TestNothingIsAddedOnceItIsGivenAway is the order that keeps links out.
func TestNothingIsAddedOnceItIsGivenAway(t *testing.T) {
	if os.Getuid() != 0 {
		launchertest.Lacks(t, "root", "a directory that is given away")
	}
	d := newDirectory(t, newBase(t))
	require.NoError(t, d.WriteFile("KEY", []byte("x"), 4242, 4243))
	info, err := os.Stat(d.Path() + "/KEY")
	require.NoError(t, err)
	require.EqualValues(t, 4242, owner(info).Uid)
	require.EqualValues(t, 4243, owner(info).Gid)
	require.ErrorIs(t, d.WriteFile("KEY", nil, 4242, 4242), unix.EEXIST)
	require.NoError(t, d.Give(4242, 4242))
	require.ErrorContains(t, d.WriteFile("OTHER", nil, 4242, 4242), "no longer belongs to the launcher")
	_, err = d.Bind("socket", 4242, 4242)
	require.ErrorContains(t, err, "no longer belongs to the launcher")
	require.NoError(t, d.Remove())
}

// TestNothingIsWrittenThroughALink has a link where a file or socket goes.
func TestNothingIsWrittenThroughALink(t *testing.T) {
	d := newDirectory(t, newBase(t))
	target := filepath.Join(t.TempDir(), "target")
	require.NoError(t, os.Symlink(target, d.Path()+"/KEY"))
	require.ErrorIs(t, d.WriteFile("KEY", []byte("x"), tmpfs.Keep, tmpfs.Keep), unix.EEXIST)
	_, err := d.Bind("KEY", tmpfs.Keep, tmpfs.Keep)
	require.ErrorIs(t, err, unix.EADDRINUSE)
	require.NoFileExists(t, target)
}

func TestFindKnowsTheDirectoryAgain(t *testing.T) {
	base := newBase(t)
	d := newDirectory(t, base)
	found, err := tmpfs.Find(d.Reference())
	require.NoError(t, err)
	require.Equal(t, d.Path(), found.Path())
	found.Close()

	none, err := tmpfs.Find("")
	require.NoError(t, err)
	require.Nil(t, none)
	for _, text := range []string{"x", "1:2", "x:y:/dev/shm", "-1:2:/dev/shm", "1:2:"} {
		_, err := tmpfs.Find(text)
		require.Error(t, err, text)
	}

	require.NoError(t, os.Rename(d.Path(), base+"/moved"))
	_, err = tmpfs.Find(d.Reference())
	require.ErrorIs(t, err, unix.ENOENT)
	require.NoError(t, os.Symlink(base+"/moved", d.Path()))
	_, err = tmpfs.Find(d.Reference())
	require.Error(t, err, "a link to it is another file")
	require.NoError(t, os.Remove(d.Path()))
	require.NoError(t, os.Mkdir(d.Path(), 0o700))
	_, err = tmpfs.Find(d.Reference())
	require.ErrorContains(t, err, "was replaced by another directory")
}

// TestRemoveDeletesWhatAnotherUserLeft with no more descriptors than a few, and
// nothing that a link points to.
func TestRemoveDeletesWhatAnotherUserLeft(t *testing.T) {
	d := newDirectory(t, newBase(t))
	outside := t.TempDir()
	require.NoError(t, os.WriteFile(outside+"/file", []byte("kept"), 0o600))
	require.NoError(t, os.Symlink(outside, d.Path()+"/link"))
	require.NoError(t, os.MkdirAll(d.Path()+"/a/b", 0o700))
	require.NoError(t, os.Symlink(outside, d.Path()+"/a/b/link"))
	require.NoError(t, os.MkdirAll(d.Path()+"/lifted-1/lifted-1", 0o700))
	require.NoError(t, os.WriteFile(d.Path()+"/lifted-1/lifted-1/file", nil, 0o600))
	for i := range 1000 {
		require.NoError(t, os.WriteFile(d.Path()+"/a/b/"+strings.Repeat("n", 200)+strconv.Itoa(i), nil, 0))
	}
	deep := makeDeep(t, d.Path(), 3000)
	var limit unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	open, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: uint64(len(open)) + 90, Max: limit.Max}))
	defer func() { _ = unix.Setrlimit(unix.RLIMIT_NOFILE, &limit) }()
	require.NoError(t, d.Remove())
	require.NoDirExists(t, d.Path())
	require.FileExists(t, outside+"/file")
	require.Equal(t, 3000, deep)
}

// makeDeep makes directories in each other, deeper than a path can say.
func makeDeep(t *testing.T, path string, depth int) (made int) {
	t.Helper()
	at, err := unix.Open(path, unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	require.NoError(t, err)
	for made < depth {
		require.NoError(t, unix.Mkdirat(at, "deep", 0o700))
		next, err := unix.Openat(at, "deep", unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		require.NoError(t, err)
		require.NoError(t, unix.Close(at))
		at, made = next, made+1
	}
	require.NoError(t, unix.Close(at))
	return made
}

// TestRemoveOfWhatWasMovedAway deletes the files and leaves what has the name.
func TestRemoveOfWhatWasMovedAway(t *testing.T) {
	base := newBase(t)
	d := newDirectory(t, base)
	require.NoError(t, d.WriteFile("KEY", []byte("x"), tmpfs.Keep, tmpfs.Keep))
	require.NoError(t, os.Rename(d.Path(), base+"/moved"))
	require.NoError(t, os.Mkdir(d.Path(), 0o700))
	require.ErrorContains(t, d.Remove(), "it was moved away; its files are deleted")
	require.NoFileExists(t, base+"/moved/KEY")
	require.DirExists(t, d.Path())

	gone := newDirectory(t, base)
	require.NoError(t, os.Remove(gone.Path()))
	require.NoError(t, gone.Remove())
}

// TestBindWithoutProc runs itself again where /proc is empty.
func TestBindWithoutProc(t *testing.T) {
	const again = "LAUNCHER_TEST_WITHOUT_PROC"
	if os.Getenv(again) == "" {
		cmd := exec.Command("sh", "-c", `mount --make-rprivate / && mount -t tmpfs none /proc && exec "$@"`, "sh", os.Args[0], "-test.run=^TestBindWithoutProc$")
		cmd.Env = append(os.Environ(), again+"=1")
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
			UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}, GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}}
		launchertest.NeedsNamespaces(t, cmd)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		return
	}
	base := newBase(t)
	d := newDirectory(t, base)
	fd, err := d.Bind("socket", tmpfs.Keep, tmpfs.Keep)
	require.NoError(t, err)
	require.NoError(t, unix.Close(fd))
	requireMode(t, d.Path()+"/socket", os.ModeSocket|0o600)
	require.NoError(t, d.Remove())

	require.NoError(t, os.Chmod(base, 0o777))
	shared, err := tmpfs.Make(base, false)
	require.NoError(t, err)
	_, err = shared.Bind("socket", tmpfs.Keep, tmpfs.Keep)
	require.ErrorContains(t, err, "without /proc")
	require.NoError(t, shared.Remove())
}
