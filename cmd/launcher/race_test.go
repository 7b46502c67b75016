package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// hostileUser is the handler's user and that of a process which attacks the
// launcher.
const hostileUser = 4242

// victims is files that root can change and the hostile user cannot, and a
// directory of that user on a disk, where a value may land.
type victims struct {
	dir    string
	before map[string]string
}

func newVictims(t *testing.T) victims {
	t.Helper()
	v := victims{dir: t.TempDir()}
	require.NoError(t, os.Mkdir(v.dir+"/root", 0o700))
	write(t, v.dir+"/root/file", "untouched")
	require.NoError(t, os.Chmod(v.dir+"/root/file", 0o600))
	require.NoError(t, os.Mkdir(v.dir+"/theirs", 0o711))
	require.NoError(t, os.Chown(v.dir+"/theirs", hostileUser, hostileUser))
	v.before = v.look(t)
	return v
}

// look maps each file below to its owner, mode and content.
func (v victims) look(t *testing.T) map[string]string {
	t.Helper()
	seen := map[string]string{}
	require.NoError(t, filepath.Walk(v.dir, func(path string, info os.FileInfo, err error) error {
		require.NoError(t, err)
		st := info.Sys().(*syscall.Stat_t)
		seen[path] = info.Mode().String() + " " + strconv.Itoa(int(st.Uid)) + ":" + strconv.Itoa(int(st.Gid))
		if info.Mode().IsRegular() {
			seen[path] += " " + read(t, path)
		}
		return nil
	}))
	return seen
}

func (v victims) targets() []string {
	return []string{v.dir + "/root/file", v.dir + "/root", v.dir + "/theirs", v.dir + "/nothing"}
}

// TestLinksOfAnotherUserAreNotFollowed is 200 rounds of the launcher as root,
// while processes of another user exchange all that it makes for links.
func TestLinksOfAnotherUserAreNotFollowed(t *testing.T) {
	if os.Getuid() != 0 {
		launchertest.Lacks(t, "root", "that root follows no link of another user")
	}
	require.NoError(t, os.Chmod(bin, 0o755))
	for name, c := range map[string]struct {
		mode  os.FileMode
		flags string
		runs  bool
	}{
		"sticky, --user":     {os.ModeSticky | 0o777, "--user 4242", true},
		"not sticky, --user": {0o777, "--user 4242", false},
		"not sticky, root":   {0o777, "", true},
	} {
		for _, deliver := range []string{"files", "socket"} {
			t.Run(name+"/"+deliver, func(t *testing.T) {
				memory, victims := newMemory(t), newVictims(t)
				require.NoError(t, os.Chmod(string(memory), c.mode))
				for range 2 {
					attack(t, append([]string{"swap", string(memory)}, victims.targets()...))
				}
				got := finish(t, playRounds(memory, 200, "--deliver "+deliver+" "+c.flags))
				require.Equal(t, victims.before, victims.look(t), got.stderr)
				memory.requireNoValue(t, "canary-value")
				ended, started, _ := strings.Cut(strings.TrimSpace(got.stdout), " ")
				t.Logf("%s rounds, %s handlers started", ended, started)
				require.Equal(t, "200", ended)
				if c.runs {
					require.NotEqual(t, "0", started, got.stderr)
				}
			})
		}
	}
}

// attack starts the probe as the hostile user, until the test ends.
func attack(t *testing.T, args []string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(bin, "probe"), args...)
	cmd.SysProcAttr = credential(hostileUser)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
}

// playRounds runs the launcher over and over and prints how often it ended, and
// how often its handler was started.
func playRounds(memory memory, rounds int, flags string) *exec.Cmd {
	const script = `ended=0 started=0
while [ $ended -lt $1 ]; do
	case $(launcher run $2 -s "inline={'KEY': 'canary-value'}" -- echo started) in started) started=$((started + 1));; esac
	ended=$((ended + 1))
done
echo $ended $started`
	return memory.asRoot(script, strconv.Itoa(rounds), flags)
}
