package manifest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/cluster/manifest"
	"github.com/seed45446ece/launcher/resolve/document"
)

// FuzzInto adds the launcher to whatever is a manifest: no text makes it panic,
// and a second time changes nothing.
func FuzzInto(f *testing.F) {
	for _, seed := range []string{
		"kind: Pod\nspec:\n  containers:\n  - name: a\n    command: [x]\n",
		"apiVersion: batch/v1\nkind: Job\nspec:\n  template:\n    spec:\n      restartPolicy: Never\n      containers:\n      - {name: a, command: [x], env: [{name: A}]}\n",
		"kind: Pod\nspec:\n  containers:\n  - command: [x]\n    env:\n    - name: K\n      valueFrom: {secretKeyRef: {name: mlrun-project-secrets-p, key: K}}\n    - {name: LAUNCHER_PROJECT_SECRETS, value: 'A, B'}\n",
		"kind: CronJob\nspec: {jobTemplate: {spec: {template: {spec: {containers: [{command: [a]}]}}}}}",
		"kind: Workflow\nspec:\n  templates:\n  - name: a\n    container: {command: [x]}\n  - script:\n      command: [y]\n",
		"kind: SparkApplication\nspec:\n  driver: {}\n  executor:\n    template: {spec: {containers: [{}]}}\n",
		"spec: {containers: [1, null, [a]], volumes: 1}\n---\n- a\n---\n", "kind: Workflow\nspec: {templates: {a: 1}}", "a: &b\n  spec: {containers: [{name: &c d, command: [*c]}]}\n",
	} {
		f.Add(seed)
	}
	task, err := document.Parse("task", []byte("metadata: {project: p}\nspec: {secret_sources: [{kind: kubernetes, source: [K]}, {kind: azure_vault, source: {name: vault, k8s_secret: c, secrets: []}}]}"))
	require.NoError(f, err)
	options := manifest.Options{Launcher: manifest.Launcher{Image: "l", From: manifest.FromInit, Deliver: "files"}, User: manifest.User{UID: 1, GID: 1}}
	into := func(t *testing.T, text string) (string, error) {
		m, err := manifest.Into(t.Context(), manifest.Base{Origin: "base.yaml", Text: []byte(text)}, task, options)
		return string(m.Text), err
	}
	f.Fuzz(func(t *testing.T, text string) {
		once, err := into(t, text)
		if err != nil {
			return
		}
		twice, err := into(t, once)
		if err != nil && strings.Contains(err.Error(), "MiB") {
			return
		}
		require.NoError(t, err, once)
		require.Equal(t, once, twice)
	})
}
