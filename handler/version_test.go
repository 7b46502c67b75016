package handler_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNewcomer4ACopyNeedsOnlyGo124 is for a handler whose module should not require the
// launcher's: "go vet" knows what each version of the standard library has.
func TestNewcomer4ACopyNeedsOnlyGo124(t *testing.T) {
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

// TestNewcomer10EveryModuleSaysItsVersion is for whoever finds a copy of a module, and
// for the next version: no file is forgotten.
func TestNewcomer10EveryModuleSaysItsVersion(t *testing.T) {
	makefile, err := os.ReadFile("../Makefile")
	require.NoError(t, err)
	version := regexp.MustCompile(`(?m)^VERSION \?= (.+)$`).FindStringSubmatch(string(makefile))
	require.NotNil(t, version)
	for _, file := range []string{
		"bash/launcher_context.bash", "java/LauncherContext.java", "node/launcher-context.cjs", "node/launcher-context.d.cts",
		"perl/LauncherContext.pm", "php/LauncherContext.php", "python/launcher_context.py", "r/launcher_context.R",
		"ruby/launcher_context.rb", "rust/launcher_context.rs",
	} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Regexp(t, `(its task\. Version |our \$VERSION   = ')`+regexp.QuoteMeta(version[1])+`[.']`, string(text[:2000]), file)
	}
}
