package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// everySource is a task with sources that MLRun itself would not read, from a
// mount, from a list of variables, with a form.
const everySource = `metadata: {name: train, project: fraud}
spec:
  handler: train
  parameters: {db_name: sales}
  secret_sources:
  - {kind: inline, source: "{'INLINE': 'in%line $x'}"}
  - {kind: env, source: [from_env]}
  - {kind: file, source: {path: FILE, format: lines}, prefix: F_}
  - {kind: kubernetes, source: {mount: FOLDER, secrets: [my-key]}}
`

// forMLRun is the flags with which MLRun itself finds what it asks for, and the
// environment.
func forMLRun(t *testing.T) (flags, env []string) {
	folder := t.TempDir()
	write(t, folder+"/my-key", "mounted")
	task := strings.NewReplacer("FILE", write(t, folder+"/secrets.txt", "KEY=filed"), "FOLDER", folder).Replace(everySource)
	return []string{"run", "--task", write(t, folder+"/task.yaml", task), "--deliver", "env", "--env-prefix", "MLRUN_K8S_SECRET__", "-p", "rate=1"},
		[]string{"from_env=variable", "HOME=" + folder}
}

func TestMLRunIsToldWhereItsSecretsAre(t *testing.T) {
	needs(t, "sh", "what MLRun is told")
	flags, env := forMLRun(t)
	show := []string{"--", "sh", "-c", `echo "$MLRUN_EXEC_CONFIG"`}
	want := `{"metadata":{"name":"train","project":"fraud","iteration":0,"labels":{},"annotations":{}},` +
		`"spec":{"handler":"train","parameters":{"db_name":"sales","rate":1},"inputs":{},` +
		`"secret_sources":[{"kind":"kubernetes","source":["F_KEY","INLINE","from_env","my-key"]}]}}` + "\n"
	require.Equal(t, result{stdout: want}, start(t, env, "", append(flags, show...)...))

	needs(t, "env", "MLRun's variables") // a shell would not show those that are no names to it
	variables := strings.Split(start(t, env, "", append(flags, "--", "env")...).stdout, "\n")
	require.Subset(t, variables, []string{
		"MLRUN_K8S_SECRET__F_KEY=filed", "MLRUN_K8S_SECRET__MY-KEY=mounted", "MLRUN_K8S_SECRET__my-key=mounted",
		"MLRUN_SECRET_STORES__KUBERNETES__ENV_VARIABLE_PREFIX=MLRUN_K8S_SECRET__",
	})

	inPod := append(env, `MLRUN_EXEC_CONFIG={"metadata":{"uid":"4a1c"},"spec":{"secret_sources":[{"kind":"inline","source":{"A":"canary"}}]}}`)
	got := start(t, inPod, "", append([]string{"run", "--deliver", "env", "--env-prefix", "MLRUN_K8S_SECRET__"}, show...)...)
	require.Contains(t, got.stdout, `{"metadata":{"uid":"4a1c","iteration":0`)
	require.Contains(t, got.stdout, `"secret_sources":[{"kind":"kubernetes","source":["A"]}]`)
	require.NotContains(t, got.stdout, "canary")
}

const mlrunScript = `import mlrun

context = mlrun.get_or_create_ctx("other")
print("found", *[context.get_secret(key) for key in ("INLINE", "from_env", "F_KEY", "my-key", "none")], sep="|")
print("task", context.name, context.project, context.get_param("db_name"), context.get_param("rate"), sep="|")
`

const mlrunFunction = `def train(context, db_name, rate):
    print("found", *[context.get_secret(key) for key in ("INLINE", "from_env", "F_KEY", "my-key", "none")], sep="|")
    print("task", context.name, context.project, db_name, rate, sep="|")
`

// TestMLRunItselfIsTheHandler is against the published package, in the virtual
// environment that LAUNCHER_TEST_MLRUN names, else as python3 has it.
func TestMLRunItselfIsTheHandler(t *testing.T) {
	python := withMLRun(t)
	folder := t.TempDir()
	script, function := write(t, folder+"/script.py", mlrunScript), write(t, folder+"/function.py", mlrunFunction)
	for name, command := range map[string][]string{
		"a script":                  {python, script},
		"mlrun run":                 {python, "-m", "mlrun", "run", "--from-env", "--handler", "train", function},
		"mlrun run of spec.handler": {python, "-m", "mlrun", "run", "--from-env", function},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flags, env := forMLRun(t)
			got := start(t, env, "", append(append(flags, "--"), command...)...)
			require.Zero(t, got.status, "%s%s", got.stdout, got.stderr)
			require.Regexp(t, `(?m)^found\|in%line \$x\|variable\|filed\|mounted\|None$`, got.stdout)
			require.Regexp(t, `(?m)^task\|train\|fraud\|sales\|1$`, got.stdout)
		})
	}
}

// withMLRun is a Python that has mlrun.
func withMLRun(t *testing.T) string {
	const untested = "MLRun itself as the handler"
	python := filepath.Join(os.Getenv("LAUNCHER_TEST_MLRUN"), "bin", "python")
	if os.Getenv("LAUNCHER_TEST_MLRUN") == "" {
		python = needs(t, "python3", untested)
	}
	find := "import importlib.util, sys; sys.exit(importlib.util.find_spec('mlrun') is None)"
	if exec.CommandContext(t.Context(), python, "-c", find).Run() != nil {
		lacks(t, "mlrun (LAUNCHER_TEST_MLRUN=VENV)", untested)
	}
	return python
}
