package launcher

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve"
)

func TestTheEnvironmentSaysWhereTheContextIs(t *testing.T) {
	for delivery, want := range map[Delivery]string{Stdin: "stdin", FD: "fd:12", Env: "env", Files: "files:", Socket: "unix:socket"} {
		environ := resolve.Environ{"LAUNCHER_CONTEXT": "another's", "LAUNCHER_BIN": "another's"}
		prepared, err := Job{Deliver: delivery, Context: Context{Task: task.Empty()}, Environ: environ}.environment()
		require.NoError(t, err)
		e := Execution{Deliver: delivery, Environ: toBytes(prepared)}
		entries := e.environment(Start{Descriptor: 12})
		require.Contains(t, entries, "LAUNCHER_CONTEXT="+want)
		program, err := os.Executable()
		require.NoError(t, err)
		require.Contains(t, entries, "LAUNCHER_BIN="+program)
		require.NotContains(t, strings.Join(entries, "\n"), "another's")
	}
}

// TestPassedSocketsAreForTheHandler is sd_listen_fds(3) behind a parent that stays.
func TestPassedSocketsAreForTheHandler(t *testing.T) {
	own := "LISTEN_PID=" + strconv.Itoa(os.Getpid())
	for _, c := range []struct {
		parent       int
		before, want []string
	}{
		{0, []string{"LISTEN_PID=7", "LISTEN_PIDFDID=1"}, []string{"LISTEN_PID=7", "LISTEN_PIDFDID=1"}},
		{7, []string{"A=b", "LISTEN_PID=7", "LISTEN_FDS=1", "LISTEN_PIDFDID=1"}, []string{"A=b", own, "LISTEN_FDS=1"}},
		{7, []string{"LISTEN_PID=70", "LISTEN_PIDFDID=1"}, []string{"LISTEN_PID=70", "LISTEN_PIDFDID=1"}},
		{7, []string{"LISTEN_FDS=1"}, []string{"LISTEN_FDS=1"}},
	} {
		require.Equal(t, c.want, Execution{Environ: toBytes(c.before)}.environment(Start{Parent: c.parent}))
	}
}

// TestASecretReplacesAVariableOfItsName in the environment, which the launcher's
// own map keeps.
func TestASecretReplacesAVariableOfItsName(t *testing.T) {
	environ := resolve.Environ{"TOKEN": "old", "KEPT": "x"}
	j := Job{Deliver: Env, Environ: environ, Context: Context{Task: task.Empty(), Secrets: secretsOf("TOKEN", "new", "EMPTY", "")}}
	entries, err := j.environment()
	require.NoError(t, err)
	require.Subset(t, entries, []string{"TOKEN=new", "EMPTY=", "KEPT=x"})
	require.NotContains(t, entries, "TOKEN=old")
	require.Equal(t, resolve.Environ{"TOKEN": "old", "KEPT": "x"}, environ)

	j.Deliver = Stdin
	entries, err = j.environment()
	require.NoError(t, err)
	require.Contains(t, entries, "TOKEN=old", "no other delivery puts a secret there")
	require.NotContains(t, strings.Join(entries, "\n"), "new")
}

func TestATaskThatIsLongerThanAVariableIsRefused(t *testing.T) {
	j := Job{Deliver: Env, Context: Context{Task: task.Empty(), Secrets: secretsOf(strings.Repeat("K", maxVariable/2), "")}}
	_, err := j.environment()
	var refused *RefusedError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "env: the task and the names of its keys are longer than 131071 bytes, the limit of a variable", refused.Error())
}
