package sources

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve/azure"
	"github.com/seed45446ece/launcher/resolve/document"
)

func read(t *testing.T, kind string) (Sources, error) {
	t.Helper()
	n, err := document.Parse("task", fmt.Appendf(nil, "spec: {secret_sources: [{kind: %s, source: {}}]}", kind))
	require.NoError(t, err)
	return Read(n, nil, azure.Clouds{})
}

// TestReadKnowsEveryKind fails if a kind is only in the table, or if it is read
// by somebody else than the table says.
func TestReadKnowsEveryKind(t *testing.T) {
	for _, kind := range task.Kinds() {
		s, err := read(t, kind.Name)
		if err != nil {
			require.NotContains(t, err.Error(), "internal error")
			require.NotContains(t, err.Error(), "unknown kind")
		}
		require.Equal(t, kind.ReadByClient, len(s.Client) == 1, kind.Name)
		require.Equal(t, kind.ReadByClient, len(s.Project)+len(s.Vaults)+len(s.Programs) == 0, kind.Name)
	}
	_, err := read(t, "vault")
	require.EqualError(t, err, `task:1:25: unknown kind of secret source "vault"`)
}
