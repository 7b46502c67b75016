package manifest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/cluster/manifest"
	"github.com/seed45446ece/launcher/resolve/document"
)

// aJob is a Job in the form of most manifests.
const aJob = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: a}\nspec:\n  template:\n    spec:\n      restartPolicy: Never\n      containers:\n      - {name: main, image: i, command: [x]}\n"

// intoJob returns a function that adds the launcher to a Job.
func intoJob(t testing.TB) func(text string) (manifest.Manifest, error) {
	t.Helper()
	task, err := document.Parse("task", []byte("metadata: {project: p}\nspec: {secret_sources: [{kind: kubernetes, source: [K]}]}"))
	require.NoError(t, err)
	options := manifest.Options{Launcher: manifest.Launcher{Image: "l", From: manifest.FromInit}, User: manifest.User{UID: 1, GID: 1}}
	return func(text string) (manifest.Manifest, error) {
		return manifest.IntoJob(t.Context(), manifest.Base{Origin: "job.yaml", Text: []byte(text)}, task, options)
	}
}

// TestIntoJobFindsTheDocument wherever it stands in a file.
func TestIntoJobFindsTheDocument(t *testing.T) {
	const other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  text: |\n    --- no marker\n    kind: Job\n"
	const flow = `{"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a"}, "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "command": ["x"]}]}}}}`
	for name, text := range map[string]string{
		"alone": aJob, "a byte order mark": "\ufeff" + aJob, "JSON": flow, "a marker": "---\n" + aJob, "a directive": "%YAML 1.1\n---\n" + aJob,
		"comments": "# a\n\n--- # b\n# c\n" + aJob, "first": aJob + "---\n" + other, "last": other + "--- # a\n" + aJob + "...\n", "between": other + "---\n---\n" + aJob + "---\n" + other,
		"on its marker's line": other + "--- " + flow + "\n---\n" + other, "an anchor": strings.Replace(aJob, "{name: a}", "{name: &n a, labels: {app: *n}}", 1),
		"only generateName": strings.Replace(aJob, "{name: a}", "{generateName: a-}", 1),
		"blank lines":       "\n\n" + aJob + "\n\n---\n\n", "CRLF": strings.ReplaceAll(other+"---\n"+aJob, "\n", "\r\n"),
	} {
		m, err := intoJob(t)(text)
		require.NoError(t, err, name)
		require.Equal(t, "a", m.Job.Name, name)
		require.Equal(t, "main", m.Container, name)
		require.Equal(t, []string{"/launcher-bin/launcher", "run", "--", "x"}, m.Job.Spec.Template.Spec.Containers[0].Command, name)
		require.Equal(t, strings.Count(strings.ReplaceAll(text, "    kind: Job", ""), "kind: ConfigMap"), len(m.Warnings), name)
	}
}

// FuzzIntoJob takes whatever is a manifest: no text makes it panic, and a Job that it
// returns can be followed.
func FuzzIntoJob(f *testing.F) {
	for _, seed := range []string{aJob, aJob + "---\n" + aJob, "---\n---\n" + aJob, strings.Replace(aJob, "kind: Job\n", "kind: CronJob\n", 1),
		"apiVersion: batch/v1\nkind: CronJob\nspec: {jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{command: [a]}]}}}}}",
		"apiVersion: batch/v1\nkind: Job\nspec: {template: {spec: {containers: []}}, other: {spec: {containers: [{command: [x]}]}}}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := intoJob(t)(text)
		if err != nil {
			return
		}
		require.NotEmpty(t, m.Job.Spec.Template.Spec.Containers)
		require.Equal(t, "Never", string(m.Job.Spec.Template.Spec.RestartPolicy))
	})
}
