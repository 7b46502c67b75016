package launcher

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve"
)

func TestTheEnvironmentSaysWhereTheContextIs(t *testing.T) {
	for delivery, want := range map[Delivery]string{Stdin: "stdin", FD: "fd:3", Env: "env", Files: "files:", Socket: "unix:socket"} {
		j := Job{Deliver: delivery, Context: Context{Task: task.Empty()}, Environ: resolve.Environ{"LAUNCHER_CONTEXT": "another's"}}
		entries, err := j.environment()
		require.NoError(t, err)
		require.Contains(t, entries, "LAUNCHER_CONTEXT="+want)
		require.True(t, slices.IsSorted(entries))
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
	require.Equal(t, "env: the task and the names of its keys are longer than the 131071 bytes of a variable", refused.Error())
}
