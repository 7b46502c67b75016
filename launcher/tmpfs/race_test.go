//go:build linux

package tmpfs_test

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// TestLinksOfAnotherUserAreNotFollowed is 200 rounds of the launcher as root,
// while processes of another user exchange all that it makes for links.
func TestLinksOfAnotherUserAreNotFollowed(t *testing.T) {
	if os.Getuid() != 0 {
		launchertest.Lacks(t, "root", "that root follows no link of another user")
	}
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
				memory, victims := launchertest.NewMemory(t), launchertest.NewVictims(t)
				require.NoError(t, os.Chmod(string(memory), c.mode))
				for range 2 {
					launchertest.Attack(t, append([]string{"swap", string(memory)}, victims.Targets()...))
				}
				got := launchertest.Finish(t, playRounds(memory, 200, "--deliver "+deliver+" "+c.flags))
				require.Equal(t, victims.Before, victims.Look(t), got.Stderr)
				memory.RequireNoValue(t, "canary-value")
				ended, started, _ := strings.Cut(strings.TrimSpace(got.Stdout), " ")
				t.Logf("%s rounds, %s handlers started", ended, started)
				require.Equal(t, "200", ended)
				if c.runs {
					require.NotEqual(t, "0", started, got.Stderr)
				}
			})
		}
	}
}

// playRounds runs the launcher over and over and prints how often it ended, and
// how often its handler was started.
func playRounds(memory launchertest.Memory, rounds int, flags string) *exec.Cmd {
	const script = `ended=0 started=0
while [ $ended -lt $1 ]; do
	case $(launcher run $2 -s "inline={'KEY': 'canary-value'}" -- echo started) in started) started=$((started + 1));; esac
	ended=$((ended + 1))
done
echo $ended $started`
	return memory.AsRoot(script, strconv.Itoa(rounds), flags)
}
