package node

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

func TestTheNodeModulePassesItsOwnTests(t *testing.T) {
	node := launchertest.Needs(t, "node", "the Node.js module")
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
