// Package conformance_test asks the module of each language the same questions,
// behind the real launcher, in every delivery. README.md in the folder above
// says how a language is added; docs/languages.md is what the answers were.
package conformance_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// bin is the folder of the real launcher, which Bash and R call by its name.
var bin string

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "conformance-")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	bin = dir
	if _, err := launchertest.Build(filepath.Join(dir, "launcher")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	// A version manager's shim takes longer than the program.
	python, err := exec.Command("python3", "-c", "import sys; print(sys.executable, end='')").Output()
	if err == nil {
		err = os.Symlink(string(python), filepath.Join(dir, "python3"))
	}
	if err != nil && !errors.Is(err, exec.ErrNotFound) {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
