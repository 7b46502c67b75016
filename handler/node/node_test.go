package node

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheNodeModulePassesItsOwnTests(t *testing.T) {
	node := needs(t, "node", "the Node.js module")
	files, err := filepath.Glob("*.cjs")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files { // go test's cache then follows what is opened
		_, err = os.ReadFile(file)
		require.NoError(t, err)
	}
	for _, file := range []string{"launcher-context.test.cjs", "runner.test.cjs"} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		output, err := exec.CommandContext(ctx, node, "--test", "--test-reporter=tap", file).CombinedOutput()
		cancel()
		require.NoError(t, err, "%s", output)
		require.Regexp(t, `\n# pass [1-9]`, string(output))
	}
}

func TestTheTextsAreWhatArgumentsCanHold(t *testing.T) {
	for _, text := range []string{module, runner} {
		require.NotEmpty(t, text)
		require.Less(t, len(text), 32<<10)
		require.NotContains(t, text, "\x00")
	}
}

// needs is the path of a program. It skips what this machine cannot test
// without it, and says so.
func needs(t *testing.T, program, what string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	lacks := "lacks: " + program + ": " + what
	if os.Getenv("LAUNCHER_TEST_REQUIRE") == "all" {
		require.FailNow(t, lacks)
	}
	t.Skip(lacks)
	return ""
}
