package python

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

func TestThePythonModulePassesItsOwnTests(t *testing.T) {
	python := launchertest.Needs(t, "python3", "the Python module")
	files, err := filepath.Glob("*.py") // go test's cache then follows what is opened
	require.NoError(t, err)
	for _, file := range files {
		_, err = os.ReadFile(file)
		require.NoError(t, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	// -B: no __pycache__ is left in the source tree.
	output, err := exec.CommandContext(ctx, python, "-B", "-m", "unittest").CombinedOutput()
	require.NoError(t, err, "%s", output)
	// Before Python 3.12 a run that found no test ends with status 0.
	require.Regexp(t, regexp.MustCompile(`\nRan [1-9][0-9]+ tests in `), string(output))
}

func TestTheTextsAreWhatArgumentsCanHold(t *testing.T) {
	for _, text := range []string{module, standIn, runner, checker} {
		require.NotEmpty(t, text)
		require.Less(t, len(text), 64<<10)
		require.Regexp(t, `^[\t\n -~]*$`, text)
	}
}
