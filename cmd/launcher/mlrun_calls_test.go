package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// mlrunCall is one function of calls.py with its task, and how MLRun's call of it
// ends. run_mlrun.py writes calls.json.
type mlrunCall struct {
	Title     string         `json:"title"`
	Signature string         `json:"signature"`
	Function  string         `json:"function"`
	Spec      map[string]any `json:"spec"`
	MLRun     string         `json:"mlrun"`
}

const callsTable = "../../docs/mlrun-calls.md"

const callsHead = `# How a function is called

What a Python function is given and what becomes of its value: by MLRun 1.12.1, and by ` + "`launcher run --handler`" + ` without MLRun. A test
runs each and writes this page. The value is what the function returned: its argument, or the type of it. **Bold** rows differ, on purpose.
`

// callsNotes has the reason of each difference.
var callsNotes = map[string]string{
	"positional_only":             "MLRun passes all arguments by name",
	"annotated_by_an_alias":       "MLRun does not see the names of the handler's module",
	"annotated_any":               "MLRun unpickles the file",
	"keyword_arguments_of_inputs": "MLRun raises KeyError",
}

// TestHowMLRunCallsAFunction compares each call and writes the table of docs, if
// UPDATE_DOCS is set.
func TestHowMLRunCallsAFunction(t *testing.T) {
	python := withoutMLRun(t)
	var calls []mlrunCall
	require.NoError(t, json.Unmarshal([]byte(launchertest.ReadFile(t, mlrunHandlersFolder+"calls.json")), &calls))
	ours := make([]string, len(calls))
	t.Run("calls", func(t *testing.T) {
		for i, call := range calls {
			t.Run(call.Function, func(t *testing.T) {
				t.Parallel()
				ours[i] = call.outcome(t, python)
				if callsNotes[call.Function] == "" {
					require.Equal(t, call.MLRun, ours[i])
				}
			})
		}
	})
	var table strings.Builder
	table.WriteString(callsHead)
	title := ""
	for i, call := range calls {
		if call.Title != title {
			title = call.Title
			fmt.Fprintf(&table, "\n## %s\n\n| function | the task's spec | MLRun | launcher |\n| --- | --- | --- | --- |\n", title)
		}
		table.WriteString(call.row(t, ours[i]))
	}
	if os.Getenv("UPDATE_DOCS") != "" {
		require.NoError(t, os.WriteFile(callsTable, []byte(table.String()), 0o644))
	}
	require.Equal(t, table.String(), launchertest.ReadFile(t, callsTable))
}

// row returns the call's row of the table.
func (c mlrunCall) row(t *testing.T, ours string) string {
	spec, err := json.Marshal(c.Spec)
	require.NoError(t, err)
	signature := "`" + c.Signature + "`"
	if note := callsNotes[c.Function]; note != "" {
		signature, ours = "**"+signature+"**", ours+" ("+note+")"
	}
	return fmt.Sprintf("| %s | `%s` | %s | %s |\n", signature, spec, c.MLRun, ours)
}

// outcome runs the function and returns its value, or how it ends.
func (c mlrunCall) outcome(t *testing.T, python []string) string {
	file := mlrunHandlersFolder + "calls.py"
	root := t.TempDir()
	got := finishForMLRun(t, python, file, c.Function, c.Spec, root)
	switch {
	case c.Title == "The end" && got.Status != 1:
		return fmt.Sprintf("status %d", got.Status)
	case got.Status == 1:
		return "fails"
	}
	require.Zero(t, got.Status, "%s", got.Stderr)
	value, ok := readRun(t, root, false).Results["return"]
	if !ok {
		return "no result"
	}
	if text, ok := value.(string); ok {
		return text
	}
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return string(text)
}

// TestMLRunItselfFindsTheTasksSecrets is a handler that asks MLRun's own functions,
// with MLRun installed.
func TestMLRunItselfFindsTheTasksSecrets(t *testing.T) {
	python := withMLRun(t)
	folder := t.TempDir()
	file := launchertest.WriteFile(t, folder+"/handler.py", `
import mlrun
from mlrun import get_secret_or_env

def handler(context, data, db_name):
    print("|", mlrun.get_secret_or_env("DB_PASSWORD"), get_secret_or_env("DB_PASSWORD"), get_secret_or_env("NONE", default="d"))
    own = mlrun.get_or_create_ctx("other")
    print("|", own.get_secret("DB_PASSWORD"), own.name, own.project, own.get_param("db_name"), own is mlrun.get_or_create_ctx("third"))
    print("|", isinstance(data, mlrun.DataItem), isinstance(own, mlrun.MLClientCtx), data.get())
    context.log_result("found", True)
`)
	data := launchertest.WriteFile(t, folder+"/data.txt", "data")
	task := launchertest.WriteFile(t, folder+"/task.yaml", "{metadata: {name: train}, spec: {output_path: "+folder+"/out, inputs: {data: "+data+"}}}")
	cmd := exec.Command(launchertest.Path("launcher"), "run", "--task", task, "-s", `inline={"DB_PASSWORD": "pw"}`, "-p", "db_name=sales", "--handler", file+":handler")
	cmd.Env = []string{"PATH=" + strings.TrimSuffix(python, "/python") + ":" + os.Getenv("PATH"), "HOME=" + folder}
	got := launchertest.Finish(t, cmd)
	require.Zero(t, got.Status, "%s", got.Stderr)
	require.Contains(t, got.Stdout, "| pw pw d\n")
	require.Contains(t, got.Stdout, "| pw train default sales True\n")
	require.Contains(t, got.Stdout, "| True True b'data'\n")
	require.FileExists(t, folder+"/out/train/0/results.json")
}
