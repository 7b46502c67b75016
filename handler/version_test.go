package handler_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestACopyNeedsOnlyGo124 is for a handler whose module should not require the
// launcher's: "go vet" knows what each version of the standard library has.
func TestACopyNeedsOnlyGo124(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "go.mod"), []byte("module example.com/copy\n\ngo 1.24\n"), 0o600))
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(folder, file), text, 0o600))
		}
	}
	for _, system := range []string{"linux", "darwin"} {
		cmd := exec.Command("go", "vet", ".")
		cmd.Dir = folder
		cmd.Env = append(os.Environ(), "GOOS="+system, "GOWORK=off", "CGO_ENABLED=0")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
	}
}
