package main_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/cluster/clustertest"
	"github.com/seed45446ece/launcher/internal/mutation"
)

// TestASampleOfMutatedInputsShowsNoValue runs the real program with other inputs
// than the tests in one process.
func TestASampleOfMutatedInputsShowsNoValue(t *testing.T) {
	s := clustertest.New(t)
	for _, in := range append(mutation.Tasks(11, 100), mutation.Files(11, 100)...) {
		path := filepath.Join(t.TempDir(), in.File)
		require.NoError(t, os.WriteFile(path, in.Text, 0o600))
		args := fields("secrets set --verbose --project fraud --from-env-file " + path)
		if in.Format == mutation.Task {
			args = append(fields("manifest --verbose --keys A --image i --launcher-image l --values-file /dev/null --task "+path), "--", "true")
		}
		got := ctl(t, s, "", args...)
		require.Contains(t, []int{0, 125}, got.status, in.Name)
		require.Empty(t, in.Leak(got.stdout+got.stderr), in.Name)
	}
}

// TestSourcesInAnotherPlaceAreRefused, as the pod's specification would show
// their values.
func TestSourcesInAnotherPlaceAreRefused(t *testing.T) {
	const source = "[{kind: inline, source: {DB_PASSWORD: c4n4ry-value}}]"
	for task, want := range map[string]string{
		"other: {secret_sources: " + source + "}":                         "t.yaml:1:9: a secret source outside of spec.secret_sources",
		"secret_sources: " + source:                                       "t.yaml:1:1: secret_sources belongs to the task's spec",
		"spec: {sources: " + source + "}":                                 "t.yaml:1:18: a secret source outside of spec.secret_sources",
		"spec: {parameters: {secret_sources: " + source + "}}":            "t.yaml:1:21: a secret source outside of spec.secret_sources",
		"extra: [" + source + "]":                                         "t.yaml:1:10: a secret source outside of spec.secret_sources",
		"spec: {parameters: {a: {kind: inline}, source: x, kind: other}}": "",
	} {
		folder := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(folder, "t.yaml"), []byte(task), 0o600))
		got := ctlIn(t, folder, nil, "manifest", "--task", "t.yaml", "--keys", "A", "--image", "i", "--launcher-image", "l", "--", "true")
		require.Contains(t, got.stderr, want)
		require.Equal(t, want != "", got.status == 125, got.stderr)
		require.NotContains(t, got.stdout+got.stderr, "c4n4ry")
	}
}
