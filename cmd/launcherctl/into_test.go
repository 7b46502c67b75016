package main_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/cluster/clustertest"
)

// ownJob is a manifest as people write them.
const ownJob = `# nightly
apiVersion: batch/v1
kind: Job
metadata: {name: nightly}
spec:
  template:
    spec:
      containers:
      - name: main   # the handler
        image: train:1
        command: [sh, -c]
        # its work
        args:
        - |
          # $$(TASK) stays what it was
          echo "$TASK $(TASK)"; cat

        env:
        - {name: TASK, value: own}
      restartPolicy: Never
`

// TestAnEditedManifestRunsWhatItRan runs the pod of a Job that has gained the
// launcher: its command with its arguments and variables, and the secrets.
func TestAnEditedManifestRunsWhatItRan(t *testing.T) {
	got := ctlIn(t, t.TempDir(), nil, "manifest", "--task", write(t, "t.yaml", "metadata: {project: fraud}"), "-s", "kubernetes=KEY",
		"--into", write(t, "job.yaml", ownJob), "--launcher-image", "l")
	require.Zero(t, got.status, got.stderr)
	ended := kubelet{t.TempDir(), map[string]map[string][]byte{"mlrun-project-secrets-fraud": {"KEY": []byte("$(TASK)")}}}.run(t, got.stdout)
	require.Zero(t, ended.status, ended.stderr)
	require.True(t, strings.HasPrefix(ended.stdout, "own own\n{"), ended.stdout)
	require.Contains(t, ended.stdout, `"secrets":{"KEY":"$(TASK)"}`)
}

// TestOtherLinesOfAManifestStay looks for each line but the command's, in its
// order.
func TestOtherLinesOfAManifestStay(t *testing.T) {
	got := ctlIn(t, t.TempDir(), nil, "manifest", "--task", write(t, "t.yaml", "metadata: {project: fraud}"), "-s", "kubernetes=KEY",
		"--into", write(t, "job.yaml", ownJob), "--launcher-image", "l")
	require.Zero(t, got.status, got.stderr)
	rest := strings.Split(got.stdout, "\n")
	for line := range strings.SplitSeq(ownJob, "\n") {
		if strings.Contains(line, "command:") {
			continue
		}
		for len(rest) > 0 && rest[0] != line {
			rest = rest[1:]
		}
		require.NotEmpty(t, rest, line)
		rest = rest[1:]
	}
}

// TestTheKeysAreThoseOfTheManifestsNamespace asks the cluster for a task that
// names none: MLRun's own are left out, and no value is printed.
func TestTheKeysAreThoseOfTheManifestsNamespace(t *testing.T) {
	s := clustertest.New(t)
	s.Put("/api/v1/namespaces/night/secrets/mlrun-project-secrets-fraud", map[string]any{"apiVersion": "v1", "kind": "Secret",
		"metadata": map[string]any{"name": "mlrun-project-secrets-fraud", "namespace": "night"}, "data": map[string]any{"b": "Q2FuYXJ5", "A": "Q2FuYXJ5", "mlrun.x": "Q2FuYXJ5"}})
	task := write(t, "t.yaml", "metadata: {project: fraud}")
	base := write(t, "job.yaml", strings.Replace(ownJob, "{name: nightly}", "{name: nightly, namespace: night}", 1))
	got := ctl(t, s, "", "manifest", "--task", task, "--into", base, "--launcher-image", "l", "--verbose")
	require.Zero(t, got.status, got.stderr)
	require.Contains(t, got.stdout, "name: MLRUN_K8S_SECRET__A\n")
	require.Contains(t, got.stdout, "key: b\n")
	require.NotContains(t, got.stdout+got.stderr, "mlrun.x")
	require.NotContains(t, got.stdout+got.stderr, "Q2FuYXJ5")
	require.NotContains(t, got.stdout, "optional: true")

	got = ctl(t, s, "", "manifest", "--task", task, "--into", base, "--launcher-image", "l", "-n", "day")
	require.Equal(t, 125, got.status)
	require.Contains(t, got.stderr, `the manifest is for namespace "night", not "day"`)
	got = ctl(t, s, "", "manifest", "--task", task, "--image", "i", "--launcher-image", "l", "true")
	require.Zero(t, got.status)
	require.Contains(t, got.stderr, `warning: project "fraud" has no keys in namespace "ml"`)
	s.Deny("get", "secrets")
	got = ctl(t, s, "", "manifest", "--task", task, "--into", base, "--launcher-image", "l")
	require.Equal(t, 125, got.status)
	require.Contains(t, got.stderr, "kind: Role\n")
	require.Empty(t, got.stdout)
}
