//go:build linux && (amd64 || arm64) && !portable

package supervise_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// inits is the launcher and what it is compared with, each as PID 1 of a
// container has it; the handler follows.
var inits = map[string][]string{
	"launcher":  {"launcher", "run", "--deliver", "env", "--grace", "300ms", "--"},
	"tini":      {"tini", "--"},
	"dumb-init": {"dumb-init", "--"},
}

// scenario is something that happens in a container, to be observed from
// outside.
type scenario struct {
	name, script string
	drive        func(c *launchertest.Process) // what is done to it, nil for nothing
	launcher     string                        // the outcome that the launcher promises
	raced        []string                      // those of dumb-init, whose own end races with what is left
}

const forever = "exec sleep 1000"

var scenarios = []scenario{
	{"the handler exits with 42", "exit 42", nil, "42", nil},
	{"the handler is killed, as when memory runs out", "kill -KILL $$", nil, "137", nil},
	{"the command does not exist", "", nil, "127", nil},
	{"TERM, which the handler leaves at its default", "echo ready; " + forever, terminate, "ready; 143", nil},
	{"TERM, which the handler catches", "trap 'echo caught; exit 3' TERM; echo ready; while :; do sleep 0.01; done", terminate, "ready; caught; 3", nil},
	{"a thousand orphans, then TERM", "i=0; while [ $i -lt 1000 ]; do (true &); i=$((i+1)); done; echo ready; " + forever, afterOrphans, "ready; 143", nil},
	{"the handler leaves a child that holds its output", "sleep 1000 & exit 5", nil, "5", nil},
	{"the handler leaves a child that would clean up on TERM",
		"mkfifo $D/f; (trap 'echo cleaned; exit' TERM; echo >$D/f; while :; do sleep 0.01; done) & read x <$D/f; exit 5", nil, "cleaned; 5", []string{"5", "cleaned; 5"}},
	{"the handler leaves a daemon in a separate session that would clean up on TERM",
		"mkfifo $D/f; (setsid sh -c \"trap 'echo cleaned; exit' TERM; echo >$D/f; while :; do sleep 0.01; done\" &); read x <$D/f; exit 6", nil, "cleaned; 6", nil},
	{"the handler leaves a child that ignores TERM", "trap '' TERM; sleep 1000 & exit 5", nil, "5", nil},
	{"the handler stops itself; CONT", "echo ready; kill -STOP $$; echo continued; exit 4", afterStop, "ready; continued; 4", nil},
}

func terminate(c *launchertest.Process) { c.Signal(unix.SIGTERM) }

func afterOrphans(c *launchertest.Process) {
	launchertest.Eventually(c.T, "zombies", func() bool { return len(launchertest.Children(c.T, c.Cmd.Process.Pid)) == 1 })
	terminate(c)
}

func afterStop(c *launchertest.Process) {
	pid := launchertest.Children(c.T, c.Cmd.Process.Pid)[0]
	launchertest.Eventually(c.T, "it does not stop", func() bool { return strings.HasPrefix(launchertest.StatusField(pid, "State"), "T") })
	c.Signal(unix.SIGCONT)
}

// outcome runs a scenario: its lines and the exit status.
func (s scenario) outcome(t *testing.T, init []string) string {
	handler := []string{"sh", "-c", s.script}
	if s.script == "" {
		handler = []string{"no-such-command"}
	}
	cmd := launchertest.PID1Command(append(append([]string{}, init...), handler...)...)
	cmd.Env = append(cmd.Env, "D="+t.TempDir(), "PATH=/usr/bin:/bin") // folders that every user can look into
	c := launchertest.Start(t, cmd)
	var said []string
	if s.drive != nil {
		said = append(said, c.Line())
		s.drive(c)
	}
	status, rest := c.End()
	said = append(said, strings.Fields(rest)...)
	return strings.Join(append(said, fmt.Sprint(status)), "; ")
}

// TestInitsCompared runs every scenario as PID 1 under the launcher and those
// that others know, and writes down what each does: docs/init.md.
func TestInitsCompared(t *testing.T) {
	launchertest.Needs(t, "setsid", "a daemon as an init meets it")
	table := []string{"| as PID 1 | launcher | tini | dumb-init |", "| --- | --- | --- | --- |"}
	for _, s := range scenarios {
		if s.launcher == "" {
			continue
		}
		row := "| " + s.name + " "
		for _, init := range []string{"launcher", "tini", "dumb-init"} {
			if _, err := exec.LookPath(init); err != nil && init != "launcher" {
				t.Run(init, func(t *testing.T) { launchertest.Lacks(t, init, "how the launcher compares with it") })
				continue
			}
			outcome := s.outcome(t, inits[init])
			if init == "launcher" {
				require.Equal(t, s.launcher, outcome, s.name)
			}
			if init == "dumb-init" && s.raced != nil {
				require.Contains(t, s.raced, outcome)
				outcome = strings.Join(s.raced, ", or ")
			}
			row += "| " + outcome + " "
		}
		table = append(table, row+"|")
	}
	requireWritten(t, "../../docs/init.md", strings.Join(table, "\n"))
}

// requireWritten compares a page's generated table with what was found, or
// writes it where UPDATE_DOCS is set.
func requireWritten(t *testing.T, path, table string) {
	t.Helper()
	const begin, end = "<!-- begin -->\n", "\n<!-- end -->"
	page := launchertest.ReadFile(t, path)
	from, to := strings.Index(page, begin)+len(begin), strings.Index(page, end)
	if os.Getenv("UPDATE_DOCS") != "" {
		require.NoError(t, os.WriteFile(path, []byte(page[:from]+table+page[to:]), 0o644))
		return
	}
	if strings.Count(table, "\n") > 0 && strings.Count(strings.SplitN(table, "\n", 4)[2], "|") == 5 {
		require.Equal(t, page[from:to], table)
	}
}
