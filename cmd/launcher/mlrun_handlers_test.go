package main_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// mlrunHandlersFolder has handlers as MLRun's users write them. mlrun.json beside
// it is what MLRun 1.12.1 itself logs for each; run_mlrun.py writes it.
const mlrunHandlersFolder = "../../handler/python/testdata/"

// mlrunRun is what a handler has logged.
type mlrunRun struct {
	State     string            `json:"state"`
	Results   map[string]any    `json:"results"`
	Labels    map[string]string `json:"labels"`
	Artifacts []mlrunArtifact   `json:"artifacts"`
	Files     map[string]string `json:"files"`
}

type mlrunArtifact struct {
	Key    string         `json:"key"`
	Kind   string         `json:"kind"`
	Path   *string        `json:"path"`
	Labels map[string]any `json:"labels"`
}

// TestHandlersOfMLRunLogWhatMLRunLogs runs each handler without MLRun, and compares
// its results, labels, artifacts and files with those of MLRun.
func TestHandlersOfMLRunLogWhatMLRunLogs(t *testing.T) {
	python := withoutMLRun(t)
	var expected map[string]mlrunRun
	require.NoError(t, json.Unmarshal([]byte(launchertest.ReadFile(t, mlrunHandlersFolder+"mlrun.json")), &expected))
	files, err := filepath.Glob(mlrunHandlersFolder + "mlrun/*.py")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 50)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".py")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, ok := expected[name]
			if !ok {
				t.Skip("lacks: MLRun's own run of it")
			}
			text := launchertest.ReadFile(t, file)
			for module := range strings.FieldsSeq(header(text, "needs", "")) {
				if exec.Command("env", append(python, "python3", "-c", "import "+module)...).Run() != nil {
					launchertest.Lacks(t, "Python's module "+module, "handlers of MLRun that use it")
				}
			}
			require.Equal(t, want, runForMLRun(t, python, file, text))
		})
	}
}

// runForMLRun runs one handler under the launcher and returns what it has logged.
func runForMLRun(t *testing.T, python []string, file, text string) mlrunRun {
	var spec map[string]any
	require.NoError(t, json.Unmarshal([]byte(header(text, "task", "{}")), &spec))
	root, failed := t.TempDir(), header(text, "status", "") == "error"
	got := finishForMLRun(t, python, file, header(text, "function", "handler"), spec, root)
	require.Equal(t, failed, got.Status != 0, "%s", got.Stderr)
	return readRun(t, root, failed)
}

// finishForMLRun runs a function of a file with the task's spec. Its inputs are
// below the folder mlrun, and its outputs go into root.
func finishForMLRun(t *testing.T, python []string, file, function string, spec map[string]any, root string) launchertest.Result {
	folder, err := filepath.Abs(mlrunHandlersFolder + "mlrun")
	require.NoError(t, err)
	inputs, _ := spec["inputs"].(map[string]any)
	located := map[string]any{}
	for key, path := range inputs {
		located[key] = filepath.Join(folder, path.(string))
	}
	spec = maps.Clone(spec)
	spec["inputs"], spec["output_path"] = located, root
	task, err := json.Marshal(map[string]any{"metadata": map[string]any{"name": "run", "project": "fraud", "uid": "4a1c"}, "spec": spec})
	require.NoError(t, err)
	cmd := exec.Command(launchertest.Path("launcher"), "run", "--task", launchertest.WriteFile(t, t.TempDir()+"/task.json", string(task)),
		"-s", `inline={"DB_PASSWORD": "pw"}`, "--handler", file+":"+function)
	cmd.Env = python
	return launchertest.Finish(t, cmd)
}

// readRun reads results.json, which the schema in docs describes, and all files.
func readRun(t *testing.T, root string, failed bool) mlrunRun {
	run := mlrunRun{State: "completed", Results: map[string]any{}, Labels: map[string]string{}, Artifacts: []mlrunArtifact{}, Files: map[string]string{}}
	if failed {
		run.State = "error"
	}
	folder := filepath.Join(root, "run", "0")
	if data, err := os.ReadFile(filepath.Join(folder, "results.json")); err == nil {
		launchertest.RequireValid(t, launchertest.SchemaOf(t, "results.schema.json"), string(data))
		var document struct {
			mlrunRun
			Metadata struct{ Labels map[string]string } `json:"metadata"`
		}
		require.NoError(t, json.Unmarshal(data, &document))
		run = document.mlrunRun
		run.Labels, run.Files = document.Metadata.Labels, map[string]string{}
	}
	slices.SortFunc(run.Artifacts, func(a, b mlrunArtifact) int { return strings.Compare(a.Key, b.Key) })
	for _, artifact := range run.Artifacts { // MLRun's paths are below the output path
		if artifact.Path != nil {
			path, err := filepath.Rel(root, filepath.Join(folder, *artifact.Path))
			require.NoError(t, err)
			*artifact.Path = path
		}
	}
	require.NoError(t, fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && entry.Name() != "results.json" {
			run.Files[path] = content(t, filepath.Join(root, path))
		}
		return err
	}))
	return run
}

var notCompared = regexp.MustCompile(`\.(parquet|pkl)$|/model_spec\.yaml$`)

func content(t *testing.T, path string) string {
	if notCompared.MatchString(path) {
		return "not compared"
	}
	var latin1 []rune
	for _, b := range []byte(launchertest.ReadFile(t, path)) {
		latin1 = append(latin1, rune(b))
	}
	return string(latin1)
}

// header returns the value of a line "# name: value" of a handler's file.
func header(text, name, otherwise string) string {
	if found := regexp.MustCompile(`(?m)^# ` + name + `: (.*)$`).FindStringSubmatch(text); found != nil {
		return found[1]
	}
	return otherwise
}

// withoutMLRun returns an environment whose python3 has no MLRun. If
// LAUNCHER_TEST_MLRUN is set, that Python has all modules of its virtual
// environment except MLRun itself.
func withoutMLRun(t *testing.T) []string {
	python := launchertest.Needs(t, "python3", "handlers of MLRun")
	venv := os.Getenv("LAUNCHER_TEST_MLRUN")
	if venv == "" {
		return []string{"PATH=" + filepath.Dir(python) + ":" + os.Getenv("PATH"), "PYTHONDONTWRITEBYTECODE=1"}
	}
	show := exec.Command(filepath.Join(venv, "bin", "python"), "-c", "import sys, sysconfig; print(sys._base_executable, sysconfig.get_path('purelib'))")
	out, err := show.Output()
	require.NoError(t, err)
	base, modules, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	folder := t.TempDir()
	entries, err := os.ReadDir(modules)
	require.NoError(t, err)
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), "mlrun") {
			require.NoError(t, os.Symlink(filepath.Join(modules, entry.Name()), filepath.Join(folder, entry.Name())))
		}
	}
	return []string{"PATH=" + filepath.Dir(base) + ":" + os.Getenv("PATH"), "PYTHONPATH=" + folder, "PYTHONDONTWRITEBYTECODE=1"}
}

// TestMLRunStillLogsWhatIsRecorded is against the published package.
func TestMLRunStillLogsWhatIsRecorded(t *testing.T) {
	python := withMLRun(t)
	for recorded, args := range map[string][]string{"mlrun.json": nil, "calls.json": {"calls"}} {
		out, err := exec.Command(python, append([]string{"-B", mlrunHandlersFolder + "run_mlrun.py"}, args...)...).Output()
		require.NoError(t, err)
		require.JSONEq(t, launchertest.ReadFile(t, mlrunHandlersFolder+recorded), string(out))
	}
}
