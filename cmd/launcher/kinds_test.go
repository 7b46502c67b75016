package main_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/task"
)

// TestTheLauncherReadsEveryKind fails if a kind is only in the table.
func TestTheLauncherReadsEveryKind(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	for _, kind := range task.Kinds() {
		t.Run(kind.Name, func(t *testing.T) {
			source := kind.Name + "={}"
			got := start(t, nil, "", "explain", "-s", source)
			require.NotContains(t, got.stderr, "internal error")
			require.NotContains(t, got.stderr, "unknown kind")
			got = start(t, nil, "", "explain", "--require-confidential", "-s", source)
			require.Equal(t, !kind.Confidential, strings.Contains(got.stderr, "refuses the "+kind.Name+" source"), got.stderr)
			require.Contains(t, string(readme), "`"+kind.Name+"`")
		})
	}
	got := start(t, nil, "", "explain", "-s", "vault=x")
	require.Equal(t, result{stderr: "launcher: --secrets vault: unknown kind of secret source \"vault\"\n" +
		"hint: one of inline, env, file, kubernetes, azure_vault\n", status: 125}, got)
}
