package task

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
)

func TestKindOf(t *testing.T) {
	for _, kind := range Kinds() {
		got, err := KindOf(resolve.Declaration{Kind: kind.Name})
		require.NoError(t, err)
		require.Equal(t, kind, got)
	}
	_, err := KindOf(resolve.Declaration{Kind: "pass word", At: document.Position{Origin: "task.yaml", Line: 3, Column: 5}})
	require.EqualError(t, err, `task.yaml:3:5: unknown kind of secret source "…"`)
	require.Equal(t, []string{Env, File}, KindNames(Kind.InPod))
}

// TestOnlyKindsWithoutValuesArePassedOn has one declaration of each kind.
func TestOnlyKindsWithoutValuesArePassedOn(t *testing.T) {
	for _, kind := range append(Kinds(), Kind{Name: "unknown", HoldsValues: true}) {
		n, err := document.Parse("task", fmt.Appendf(nil, "spec: {secret_sources: [{kind: %s, source: {A: canary}}]}", kind.Name))
		require.NoError(t, err)
		text, err := WithoutValues(n).AppendJSON(nil)
		require.NoError(t, err)
		if kind.HoldsValues {
			require.NotContains(t, string(text), "canary", kind.Name)
		} else {
			require.Contains(t, string(text), "canary", kind.Name)
		}
	}
}
