package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
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

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join("..", "..", "docs", "context.schema.json"))
	require.NoError(t, err)
	return schema
}

func requireValid(t *testing.T, schema *jsonschema.Schema, text string) {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	require.NoError(t, err)
	require.NoError(t, schema.Validate(value))
}

func TestContextIsWhatItsSchemaSays(t *testing.T) {
	schema := schema(t)
	tasks := map[string]string{"full": full, "empty": "{}", "nulls": `{"metadata": null, "spec": {"parameters": null, "handler": null}}`}
	for name, text := range tasks {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "task.yaml")
			require.NoError(t, os.WriteFile(path, []byte(text), 0o600))

			stdin := start(t, nil, "", "run", "--task", path, "--deliver", "stdin", "--", "cat")
			require.Zero(t, stdin.status, stdin.stderr)
			requireValid(t, schema, stdin.stdout)

			fd := start(t, nil, "", "run", "--task", path, "--deliver", "fd", "--", "cat", "/dev/fd/3")
			require.Equal(t, stdin.stdout, fd.stdout)

			env := start(t, nil, "", "run", "--task", path, "--deliver", "env", "-s", "inline={'BINARY': 'no NUL'}", "--",
				"printenv", "LAUNCHER_CONTEXT_JSON")
			require.Zero(t, env.status, env.stderr)
			requireValid(t, schema, env.stdout)
		})
	}
}

func TestContextKeepsWhatTheTaskSays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "task.yaml")
	require.NoError(t, os.WriteFile(path, []byte(full), 0o600))
	got := start(t, nil, "", "run", "--task", path, "--", "cat")
	require.Equal(t, `{"version":1,`+
		`"metadata":{"name":"train","uid":"4a1c","project":"fraud","iteration":3,"labels":{"kind":"job"},"annotations":{"a":"b"},"owner":"ana"},`+
		`"spec":{"handler":"test_function","parameters":{"text":"a","number":1.50,"big":12345678901234567890,"hex":31,"yes":true,"none":null,"list":[1,{"b":"c"}]},`+
		`"inputs":{"infile.txt":"s3://bucket/infile.txt"},"hyperparams":{},"output_path":"/out"},`+
		`"team":["a","b"],`+
		`"secrets":{"EMPTY":"","KEY-with.dots":"x","TEXT":"é\"\\\n\u0001<>&"},"secrets_base64":{"BINARY":"/wCA"}}`+"\n", got.stdout)
}

func TestContextWithoutANumberForJSONIsRefused(t *testing.T) {
	got := start(t, nil, "", "run", "-p", "rate=.inf", "--", "cat")
	require.Equal(t, result{stderr: "launcher: --param rate:1:1: JSON has no form for this number\nhint: quote it\n", status: 125}, got)
}
