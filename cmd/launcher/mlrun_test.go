package main_test

import (
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// everySource is a task with sources that MLRun itself would not read, from a
// mount, from a list of variables, with a form.
const everySource = `metadata: {name: train, project: fraud, uid: 4a1c, labels: {team: risk}}
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
	launchertest.WriteFile(t, folder+"/my-key", "mounted")
	task := strings.NewReplacer("FILE", launchertest.WriteFile(t, folder+"/secrets.txt", "KEY=filed"), "FOLDER", folder).Replace(everySource)
	return []string{"run", "--task", launchertest.WriteFile(t, folder+"/task.yaml", task), "--deliver", "env", "--env-prefix", "MLRUN_K8S_SECRET__", "-p", "rate=1"},
		[]string{"from_env=variable", "HOME=" + folder}
}

func TestMLRunIsToldWhereItsSecretsAre(t *testing.T) {
	launchertest.Needs(t, "sh", "what MLRun is told")
	flags, env := forMLRun(t)
	show := []string{"--", "sh", "-c", `echo "$MLRUN_EXEC_CONFIG"`}
	want := `{"metadata":{"name":"train","project":"fraud","uid":"4a1c","labels":{"team":"risk"},"iteration":0,"annotations":{}},` +
		`"spec":{"handler":"train","parameters":{"db_name":"sales","rate":1},"inputs":{},` +
		`"secret_sources":[{"kind":"kubernetes","source":["F_KEY","INLINE","from_env","my-key"]}]}}` + "\n"
	require.Equal(t, launchertest.Result{Stdout: want}, launchertest.Run(t, env, "", append(flags, show...)...))

	launchertest.Needs(t, "env", "MLRun's variables") // a shell would not show those that are no names to it
	variables := strings.Split(launchertest.Run(t, env, "", append(flags, "--", "env")...).Stdout, "\n")
	require.Subset(t, variables, []string{
		"MLRUN_K8S_SECRET__F_KEY=filed", "MLRUN_K8S_SECRET__MY-KEY=mounted", "MLRUN_K8S_SECRET__my-key=mounted",
		"MLRUN_SECRET_STORES__KUBERNETES__ENV_VARIABLE_PREFIX=MLRUN_K8S_SECRET__",
	})

	inPod := append(env, `MLRUN_EXEC_CONFIG={"metadata":{"uid":"4a1c"},"spec":{"secret_sources":[{"kind":"inline","source":{"A":"canary"}}]}}`)
	got := launchertest.Run(t, inPod, "", append([]string{"run", "--deliver", "env", "--env-prefix", "MLRUN_K8S_SECRET__"}, show...)...)
	require.Contains(t, got.Stdout, `{"metadata":{"uid":"4a1c","iteration":0`)
	require.Contains(t, got.Stdout, `"secret_sources":[{"kind":"kubernetes","source":["A"]}]`)
	require.NotContains(t, got.Stdout, "canary")
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
	script, function := launchertest.WriteFile(t, folder+"/script.py", mlrunScript), launchertest.WriteFile(t, folder+"/function.py", mlrunFunction)
	for name, command := range map[string][]string{
		"a script":                  {python, script},
		"mlrun run":                 {python, "-m", "mlrun", "run", "--from-env", "--handler", "train", function},
		"mlrun run of spec.handler": {python, "-m", "mlrun", "run", "--from-env", function},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flags, env := forMLRun(t)
			got := launchertest.Run(t, env, "", append(append(flags, "--"), command...)...)
			require.Zero(t, got.Status, "%s%s", got.Stdout, got.Stderr)
			require.Regexp(t, `(?m)^found\|in%line \$x\|variable\|filed\|mounted\|None$`, got.Stdout)
			require.Regexp(t, `(?m)^task\|train\|fraud\|sales\|1$`, got.Stdout)
		})
	}
}

// mlrunHandlers is a handler as MLRun's users write it, of what MLRun and the
// launcher's own context both have.
const mlrunHandlers = `def train(context, db_name, rate: float = 0.5, other="d"):
    context.logger.info("running", rate=rate)
    print("|", context.name, context.uid, context.project, context.iteration, context.labels["team"])
    print("|", context.get_secret("INLINE"), context.get_secret("my-key"), context.get_secret("none"))
    print("|", db_name, rate, other, context.parameters["db_name"], context.get_param("no", 3), context.get_param("db_name"))

def rest(context, **kwargs):
    print("|", sorted(kwargs.items(), key=str))

class Model:
    def __init__(self, context, bucket, region="eu"):
        self.where = (context.name, bucket, region)
    def train(self, context, db_name):
        print("|", *self.where, db_name)

class Any:
    def __init__(self, **kwargs):
        self.kwargs = sorted(kwargs)
    def train(self, rate):
        print("|", self.kwargs, rate)
`

// TestAHandlerOfMLRunsRunsUnchanged calls each by MLRun itself and without it,
// from a file and from MLRun's variable.
func TestAHandlerOfMLRunsRunsUnchanged(t *testing.T) {
	python := withMLRun(t)
	file := launchertest.WriteFile(t, t.TempDir()+"/handlers.py", mlrunHandlers)
	code := "MLRUN_EXEC_CODE=" + base64.StdEncoding.EncodeToString([]byte(mlrunHandlers))
	for _, handler := range []string{"train", "rest", "Model::train", "Any::train"} {
		t.Run(strings.ReplaceAll(handler, "::", " "), func(t *testing.T) {
			t.Parallel()
			flags, env := forMLRun(t)
			flags = append(flags, "-p", "_init_args={bucket: b}")
			called := launchertest.Run(t, env, "", append(flags, "--handler", file+":"+handler)...)
			require.Zero(t, called.Status, "%s", called.Stderr)
			require.NotEmpty(t, called.Stdout)
			coded := launchertest.Run(t, append(env, code), "", append(flags, "--handler", handler)...)
			require.Equal(t, called.Stdout, coded.Stdout)
			mlruns := launchertest.Run(t, env, "", append(flags, "--", python, "-m", "mlrun", "run", "--from-env", "--handler", handler, file)...)
			var said strings.Builder
			for line := range strings.Lines(mlruns.Stdout) {
				if strings.HasPrefix(line, "| ") {
					said.WriteString(line)
				}
			}
			require.Equal(t, called.Stdout, said.String(), "%s", mlruns.Stderr)
		})
	}
}

// withMLRun is a Python that has mlrun: that of LAUNCHER_TEST_MLRUN, which has to
// have it, or the machine's own. MLRun does not install everywhere.
func withMLRun(t *testing.T) string {
	const untested = "MLRun itself as the handler"
	python := filepath.Join(os.Getenv("LAUNCHER_TEST_MLRUN"), "bin", "python")
	if os.Getenv("LAUNCHER_TEST_MLRUN") == "" {
		python = launchertest.Needs(t, "python3", untested)
	}
	find := "import importlib.util, sys; sys.exit(importlib.util.find_spec('mlrun') is None)"
	if exec.CommandContext(t.Context(), python, "-c", find).Run() != nil {
		if os.Getenv("LAUNCHER_TEST_MLRUN") == "" {
			t.Skipf("lacks: mlrun (LAUNCHER_TEST_MLRUN=VENV): %s", untested)
		}
		launchertest.Lacks(t, "mlrun in LAUNCHER_TEST_MLRUN", untested)
	}
	return python
}
