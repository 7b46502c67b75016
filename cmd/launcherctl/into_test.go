package main_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
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
