package main_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/cluster/clustertest"
)

// TestSetRefusesWhatNoVariableHolds unless it is for mounted Secrets.
func TestSetRefusesWhatNoVariableHolds(t *testing.T) {
	const prefix = len("MLRUN_K8S_SECRET__KEY=")
	for name, c := range map[string]struct {
		value, says string
	}{
		"NUL":      {canary + "\x00", "it holds a NUL byte"},
		"too long": {canary + strings.Repeat("x", 131072-prefix-len(canary)), "MLRUN_K8S_SECRET__KEY=VALUE would be 131072 bytes, and Linux allows 131071"},
		"longest":  {strings.Repeat("x", 131071-prefix), ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := clustertest.New(t)
			args := []string{"secrets", "set", "--project", "fraud", "--from-file", "KEY=-"}
			got := ctl(t, s, c.value, args...)
			if c.says == "" {
				require.Zero(t, got.status, got.stderr)
				return
			}
			require.Equal(t, 125, got.status)
			require.Contains(t, got.stderr, `the value of "KEY" cannot be a pod's variable: `+c.says)
			require.Contains(t, got.stderr, "hint: read it by {secrets: [KEY], mount: DIR} in the task's kubernetes source, and set it with --mount-only\n")
			requireNoForm(t, got.stderr, canary)
			require.Empty(t, s.Requests())
			got = ctl(t, s, c.value, append(args, "--mount-only")...)
			require.Zero(t, got.status, got.stderr)
			require.Equal(t, c.value, stored(t, s)["KEY"])
		})
	}
}

// TestAPodIsGivenNoVariableThatCannotStart is a Secret that somebody else has filled.
func TestAPodIsGivenNoVariableThatCannotStart(t *testing.T) {
	const flags = "--image i --launcher-image l -- true"
	for name, c := range map[string]struct {
		source, command, says string
		status                int
		has, lacks            string
	}{
		"manifest, a named key": {"[KEYSTORE]", "manifest", `launcherctl: key "KEYSTORE" of Secret "mlrun-project-secrets-fraud" cannot be variable MLRUN_K8S_SECRET__KEYSTORE: it holds a NUL byte`, 125, "", "Job"},
		"run, a named key":      {"[KEYSTORE]", "run", `cannot be variable MLRUN_K8S_SECRET__KEYSTORE: it holds a NUL byte`, 125, "", "job"},
		"all keys":              {"[]", "manifest", `warning: key "KEYSTORE" of Secret "mlrun-project-secrets-fraud" is left out`, 0, "__DB_PASSWORD", "__KEYSTORE"},
		"a mount":               {"{secrets: [KEYSTORE], mount: /etc/tls}", "manifest", "", 0, "key: KEYSTORE", "__KEYSTORE"},
		"all keys, mounted":     {"{secrets: [], mount: /etc/tls}", "manifest", "", 0, "key: KEYSTORE", "__KEYSTORE"},
		"another key":           {"[DB_PASSWORD]", "manifest", "", 0, "__DB_PASSWORD", "KEYSTORE"},
	} {
		t.Run(name, func(t *testing.T) {
			s := clustertest.New(t)
			store(s, map[string]string{"KEYSTORE": canary + "\x00", "DB_PASSWORD": canary})
			task := write(t, "task.yaml", "metadata: {name: train, project: fraud}\nspec:\n  secret_sources:\n  - {kind: kubernetes, source: "+c.source+"}\n")
			got := ctl(t, s, "", append([]string{c.command, "--task", task}, strings.Fields(flags)...)...)
			require.Equal(t, c.status, got.status, got.stderr)
			require.Contains(t, got.stderr, c.says)
			require.Contains(t, got.stdout, c.has)
			require.NotContains(t, got.stdout, c.lacks)
			require.Empty(t, s.Paths(jobs))
			requireNoForm(t, got.stdout+got.stderr, canary)
			if c.says != "" {
				require.Contains(t, got.stderr, "hint: read it from a mounted Secret: {secrets: [KEYSTORE], mount: DIR}")
			}
		})
	}
	t.Run("a Secret that may not be read", func(t *testing.T) {
		s := clustertest.New(t)
		store(s, map[string]string{"KEYSTORE": canary + "\x00"})
		s.Deny("get", "secrets")
		task := write(t, "task.yaml", "metadata: {name: train, project: fraud}\nspec:\n  secret_sources:\n  - {kind: kubernetes, source: [KEYSTORE]}\n")
		got := ctl(t, s, "", append([]string{"manifest", "--task", task}, strings.Fields(flags)...)...)
		require.Zero(t, got.status, got.stderr)
		require.Empty(t, got.stderr)
		require.Contains(t, got.stdout, "__KEYSTORE")
	})
	t.Run("a cluster that is lost is asked once", func(t *testing.T) {
		s := clustertest.New(t)
		s.Inject(clustertest.On("get", "", clustertest.Lost))
		task := write(t, "task.yaml", "metadata: {name: train, project: fraud}\nspec:\n  secret_sources:\n"+
			"  - {kind: kubernetes, source: {secret: a, secrets: [A]}}\n  - {kind: kubernetes, source: {secret: b, secrets: [B]}}\n")
		got := ctl(t, s, "", append([]string{"manifest", "--task", task}, strings.Fields(flags)...)...)
		require.Zero(t, got.status, got.stderr)
		require.Empty(t, got.stderr)
		for _, r := range s.Requests() {
			require.True(t, strings.HasSuffix(r.Path, "/secrets/a"), r.Path)
		}
	})
}
