package exposure

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// check is the report on a file.
func check(t *testing.T, path string) Report {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var r Report
	require.NoError(t, r.Check(Input{Origin: filepath.Base(path), Path: filepath.Base(path), Placed: true, Text: text}))
	return r
}

// manifests is the shapes of public charts, and MLRun's pods.
func manifests(t *testing.T) []string {
	t.Helper()
	own, err := filepath.Glob("testdata/*.yaml")
	require.NoError(t, err)
	mlrun, err := filepath.Glob("../../cmd/launcherctl/testdata/mlrun/*.yaml")
	require.NoError(t, err)
	require.Len(t, mlrun, 2)
	return append(own, mlrun...)
}

// TestReportsAreAsTheyWere compares each report with its file. UPDATE_DOCS=1 writes
// them.
func TestReportsAreAsTheyWere(t *testing.T) {
	for _, path := range manifests(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			r := check(t, path)
			got := string(r.Text()) + "skipped: " + r.SkippedKinds() + "\n"
			golden := "testdata/" + strings.TrimSuffix(filepath.Base(path), ".yaml") + ".txt"
			launchertest.RequireGenerated(t, golden, got)
		})
	}
}

// TestNoReportHoldsAValue has canaries in each manifest that has values.
func TestNoReportHoldsAValue(t *testing.T) {
	holding := 0
	for _, path := range manifests(t) {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		if strings.Contains(string(text), "c4n4ry") {
			holding++
		}
		r := check(t, path)
		all, err := json.Marshal([]any{r, r.SARIF("1"), string(r.Text())})
		require.NoError(t, err)
		require.NotContains(t, string(all), "c4n4ry", path)
		require.NotContains(t, string(all), "YzRuNHJ5", path)
	}
	require.GreaterOrEqual(t, holding, 6)
}

// TestAValueInPlaceOfAKeyIsFound has braces without colons, in a variable and in a
// ConfigMap.
func TestAValueInPlaceOfAKeyIsFound(t *testing.T) {
	for manifest, want := range map[string]string{
		"kind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, env: [{name: MLRUN_EXEC_CONFIG, value: 'TASK'}]}]}\n": "value of key … is in variable MLRUN_EXEC_CONFIG",
		"kind: ConfigMap\nmetadata: {name: a}\ndata: {task: 'TASK'}\n":                                                       "value of key … is in the task task",
	} {
		var r Report
		_ = r.Check(Input{Origin: "x", Text: []byte(strings.Replace(manifest, "TASK", "spec: {secret_sources: [{kind: inline, source: {A, hunter2}}]}", 1))}) // no pod in a ConfigMap
		require.Contains(t, string(r.Text()), want)
		require.NotContains(t, string(r.Text()), "hunter2")
	}
}

// TestSARIFHasTheFormOfItsVersion also has paths that are no URI as they stand, and an
// object that is in no file.
func TestSARIFHasTheFormOfItsVersion(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile("testdata/sarif.schema.json")
	require.NoError(t, err)
	for _, path := range append(manifests(t), "") {
		for _, name := range []string{path, "/abs/a b.yaml", "a:b%20.yaml", ""} {
			var r Report
			if path != "" {
				text, err := os.ReadFile(path)
				require.NoError(t, err)
				require.NoError(t, r.Check(Input{Origin: "x", Path: name, Placed: name != "", Text: text}))
			}
			text, err := json.Marshal(r.SARIF(""))
			require.NoError(t, err)
			document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
			require.NoError(t, err)
			require.NoError(t, schema.Validate(document), path)
		}
	}
}

// TestThePageShowsAReportAndEveryRule compares it with what is printed.
func TestThePageShowsAReportAndEveryRule(t *testing.T) {
	page, err := os.ReadFile("../../docs/check.md")
	require.NoError(t, err)
	text, err := os.ReadFile("testdata/page.yaml")
	require.NoError(t, err)
	var r Report
	require.NoError(t, r.Check(Input{Origin: "job.yaml", Placed: true, Text: text}))
	shown := regexp.MustCompile("(?s)\n```\n(job/.*?)```\n").FindSubmatch(page)
	require.NotNil(t, shown)
	require.Equal(t, string(shown[1]), string(r.Text()))
	for _, rule := range rules {
		require.Contains(t, string(page), fmt.Sprintf("| `%s` | %s | ", rule.ID, rule.Severity))
	}
	require.Equal(t, len(rules), len(regexp.MustCompile("(?m)^\\| `[a-z-]+` \\| (?:note|warning|error) ").FindAll(page, -1)))
}

// FuzzCheck reads any text: it is refused, or each finding has a place in it.
func FuzzCheck(f *testing.F) {
	paths, err := filepath.Glob("testdata/*.yaml")
	require.NoError(f, err)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(string(text))
	}
	f.Add("--- {kind: Pod, spec: {containers: [{}]}}\n---\n")
	f.Add(`{"kind": "List", "items": [{"spec": {"containers": [{"env": [{"name": "A_TOKEN", "value": "x"}]}]}}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var r Report
		if len(text) > 1<<16 || r.Check(Input{Origin: "x", Path: "x", Placed: true, Text: []byte(text)}) != nil {
			return
		}
		require.NotEmpty(t, r.Objects)
		for _, o := range r.Objects {
			for _, finding := range o.Findings {
				require.Positive(t, finding.Line)
				require.Positive(t, finding.Column)
				require.LessOrEqual(t, finding.Line, strings.Count(text, "\n")+1)
			}
		}
		_, err := json.Marshal([]any{r, r.SARIF("1"), string(r.Text())})
		require.NoError(t, err)
	})
}
