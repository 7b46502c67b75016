package main_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/task"
)

// TestEveryKindCanBeAddedToATask fails if with-secrets lacks a kind.
func TestEveryKindCanBeAddedToATask(t *testing.T) {
	for _, kind := range task.Kinds() {
		got := finish(t, prepared(t, "", "task", "with-secrets", kind.Name, "--help"))
		require.Zero(t, got.status, got.stderr)
		require.Contains(t, got.stdout, "task with-secrets "+kind.Name+" [flags] ")
	}
}

// TestInPodIsForWhatAPodHas refuses the kinds that the pod reads anyway, and
// inline, whose values are in the task.
func TestInPodIsForWhatAPodHas(t *testing.T) {
	path := write(t, "task.yaml", "{}")
	for _, kind := range task.Kinds() {
		got := finish(t, prepared(t, "", "manifest", "--task", path, "--image", "i", "--launcher-image", "l", "--in-pod", kind.Name, "--", "true"))
		require.Equal(t, !kind.InPod(), strings.Contains(got.stderr, "--in-pod"), got.stderr)
	}
}
