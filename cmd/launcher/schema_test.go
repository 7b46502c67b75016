package main_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// full is a task with something of everything that a context can hold.
const full = `
metadata: {name: train, uid: 4a1c, project: fraud, iteration: 3, labels: {kind: job}, annotations: {a: b}, owner: ana}
spec:
  handler: test_function
  parameters: {text: a, number: 1.50, big: 12345678901234567890, hex: 0x1F, yes: true, none: null, list: [1, {b: c}]}
  inputs: {infile.txt: s3://bucket/infile.txt}
  hyperparams: {}
  output_path: /out
  secret_sources:
  - kind: inline
    source: {TEXT: "é\"\\\n\u0001<>&", EMPTY: "", KEY-with.dots: x, BINARY: !!binary /wCA}
team: [a, b]
`

func TestContextIsWhatItsSchemaSays(t *testing.T) {
	schema := launchertest.Schema(t)
	tasks := map[string]string{"full": full, "empty": "{}", "nulls": `{"metadata": null, "spec": {"parameters": null, "handler": null}}`}
	for name, text := range tasks {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "task.yaml")
			require.NoError(t, os.WriteFile(path, []byte(text), 0o600))

			stdin := launchertest.Run(t, nil, "", "run", "--task", path, "--deliver", "stdin", "--", "cat")
			require.Zero(t, stdin.Status, stdin.Stderr)
			launchertest.RequireValid(t, schema, stdin.Stdout)

			fd := launchertest.Run(t, nil, "", "run", "--task", path, "--deliver", "fd", "--", "cat", "/dev/fd/3")
			require.Equal(t, stdin.Stdout, fd.Stdout)

			env := launchertest.Run(t, nil, "", "run", "--task", path, "--deliver", "env", "-s", "inline={'BINARY': 'no NUL'}", "--",
				"printenv", "LAUNCHER_CONTEXT_JSON")
			require.Zero(t, env.Status, env.Stderr)
			launchertest.RequireValid(t, schema, env.Stdout)
		})
	}
}

func TestContextKeepsWhatTheTaskSays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "task.yaml")
	require.NoError(t, os.WriteFile(path, []byte(full), 0o600))
	got := launchertest.Run(t, nil, "", "run", "--task", path, "--", "cat")
	require.Equal(t, `{"version":1,`+
		`"metadata":{"name":"train","uid":"4a1c","project":"fraud","iteration":3,"labels":{"kind":"job"},"annotations":{"a":"b"},"owner":"ana"},`+
		`"spec":{"handler":"test_function","parameters":{"text":"a","number":1.50,"big":12345678901234567890,"hex":31,"yes":true,"none":null,"list":[1,{"b":"c"}]},`+
		`"inputs":{"infile.txt":"s3://bucket/infile.txt"},"hyperparams":{},"output_path":"/out"},`+
		`"team":["a","b"],`+
		`"secrets":{"EMPTY":"","KEY-with.dots":"x","TEXT":"é\"\\\n\u0001<>&"},"secrets_base64":{"BINARY":"/wCA"}}`+"\n", got.Stdout)
}

func TestContextWithoutANumberForJSONIsRefused(t *testing.T) {
	got := launchertest.Run(t, nil, "", "run", "-p", "rate=.inf", "--", "cat")
	require.Equal(t, launchertest.Result{Stderr: "launcher: --param rate:1:1: JSON cannot hold this number\nhint: quote it\n", Status: 125}, got)
}
