package python

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestThePythonModulePassesItsOwnTests(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		lacks := "lacks: python3: the Python module"
		if os.Getenv("LAUNCHER_TEST_REQUIRE") == "all" {
			require.FailNow(t, lacks)
		}
		t.Skip(lacks)
	}
	_, err = os.Stat("test_launcher_context.py") // go test's cache then follows that file too
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	// -B: no __pycache__ is left in the source tree.
	output, err := exec.CommandContext(ctx, python, "-B", "-m", "unittest").CombinedOutput()
	require.NoError(t, err, "%s", output)
	// Before Python 3.12 a run that found no test ends with status 0.
	require.Regexp(t, regexp.MustCompile(`\nRan [1-9][0-9]+ tests in `), string(output))
}

func TestSourceIsWhatAnArgumentCanHold(t *testing.T) {
	require.NotEmpty(t, Source)
	require.Less(t, len(Source), 32<<10)
	require.Regexp(t, `^[\t\n -~]*$`, Source)
}
