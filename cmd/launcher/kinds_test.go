package main_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
	"github.com/seed45446ece/launcher/launcher/task"
)

// TestTheLauncherReadsEveryKind fails if a kind is only in the table.
func TestTheLauncherReadsEveryKind(t *testing.T) {
	page := launchertest.ReadFile(t, "../../docs/tasks.md")
	for _, kind := range task.Kinds() {
		t.Run(kind.Name, func(t *testing.T) {
			source := kind.Name + "={}"
			got := launchertest.Run(t, nil, "", "explain", "-s", source)
			require.NotContains(t, got.Stderr, "internal error")
			require.NotContains(t, got.Stderr, "unknown kind")
			got = launchertest.Run(t, nil, "", "explain", "--require-confidential", "-s", source)
			require.Equal(t, !kind.Confidential, strings.Contains(got.Stderr, "refuses the "+kind.Name+" source"), got.Stderr)
			require.Contains(t, page, "\n| `"+kind.Name+"` |")
		})
	}
	got := launchertest.Run(t, nil, "", "explain", "-s", "vault=x")
	require.Equal(t, launchertest.Result{Stderr: "launcher: --secrets vault: unknown kind of secret source \"vault\"\n" +
		"hint: use one of " + strings.Join(task.KindNames(func(task.Kind) bool { return true }), ", ") + "\n", Status: 125}, got)
}
