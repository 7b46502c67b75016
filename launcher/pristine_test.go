package launcher

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve"
)

func TestPristineKeepsWhatProgramsExpect(t *testing.T) {
	kept := []string{
		"PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "TMPDIR", "TZ", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "HOSTNAME",
		"KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "KUBERNETES_PORT_443_TCP",
		"REDIS_SERVICE_HOST", "REDIS_SERVICE_PORT", "REDIS_SERVICE_PORT_HTTP", "REDIS_PORT", "REDIS_PORT_6379_TCP_ADDR",
		"LAUNCHER_SERVICE_HOST", "LAUNCHER_PORT",
	}
	removed := []string{
		"DB_PASSWORD", "DB_PORT", "AWS_SECRET_ACCESS_KEY", "PYTHONPATH", "LD_PRELOAD", "HOMEBREW", "PATHS", "REDIS_PASSWORD", "REDIS_PORTAL",
		"REDIS_SERVICE_HOSTS", "PORT", "SERVICE_HOST", "MLRUN_EXEC_CONFIG", "MLRUN_EXEC_CODE", "LAUNCHER_TASK",
	}
	environ := resolve.Environ{}
	for _, name := range append(slices.Clone(kept), removed...) {
		environ[name] = "x"
	}
	j := Job{Pristine: true, Deliver: Stdin, Environ: environ, Context: Context{Task: task.Empty()}, Command: Command{Needed: []string{"NEEDED"}}}
	environ["NEEDED"] = "x"
	got, err := j.environment()
	require.NoError(t, err)
	for _, name := range append(kept, "NEEDED") {
		require.Contains(t, got, name+"=x")
	}
	for _, name := range removed {
		require.NotContains(t, got, name+"=x")
	}
	require.Contains(t, got, "LAUNCHER_CONTEXT=stdin")
}

func TestPristineDeliversSecretsAsVariables(t *testing.T) {
	j := Job{Pristine: true, Deliver: Env, Environ: resolve.Environ{"OTHER": "x"}, Context: Context{Task: task.Empty(), Secrets: secretsOf("TOKEN", "t")}}
	got, err := j.environment()
	require.NoError(t, err)
	require.Contains(t, got, "TOKEN=t")
	require.NotContains(t, got, "OTHER=x")
}
