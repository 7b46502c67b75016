package exposure

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// check is the report on a file.
func check(t *testing.T, path string) Report {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var r Report
	require.NoError(t, r.Check(Input{Origin: filepath.Base(path), Path: filepath.Base(path), Placed: true, Text: text}))
	return r
}

// manifests is the shapes of public charts, and MLRun's pods.
func manifests(t *testing.T) []string {
	t.Helper()
	own, err := filepath.Glob("testdata/*.yaml")
	require.NoError(t, err)
	mlrun, err := filepath.Glob("../../cmd/launcherctl/testdata/mlrun/*.yaml")
	require.NoError(t, err)
	require.Len(t, mlrun, 2)
	return append(own, mlrun...)
}

// TestReportsAreAsTheyWere compares each report with its file. UPDATE_GOLDEN=1 writes
// them: read the diff.
func TestReportsAreAsTheyWere(t *testing.T) {
	for _, path := range manifests(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			r := check(t, path)
			got := string(r.Text()) + "skipped: " + r.SkippedKinds() + "\n"
			golden := "testdata/" + strings.TrimSuffix(filepath.Base(path), ".yaml") + ".txt"
			if os.Getenv("UPDATE_GOLDEN") != "" {
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), got)
		})
	}
}

// TestNoReportHoldsAValue has canaries in every manifest.
func TestNoReportHoldsAValue(t *testing.T) {
	for _, path := range manifests(t) {
		r := check(t, path)
		all, err := json.Marshal([]any{r, r.SARIF("1"), string(r.Text())})
		require.NoError(t, err)
		require.NotContains(t, string(all), "c4n4ry", path)
		require.NotContains(t, string(all), "YzRuNHJ5", path)
	}
}
