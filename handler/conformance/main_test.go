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
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/appended"
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
	if err := buildLauncher(filepath.Join(dir, "launcher")); err != nil {
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

// buildLauncher builds the launcher as the Makefile does, of two programs.
func buildLauncher(path string) error {
	entry := ""
	if runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64" {
		entry = " -E launcher_entry"
	}
	var programs [][]byte
	for _, tags := range []string{",split", ""} {
		build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags", "urfave_cli_no_docs"+tags,
			"-ldflags", "-s -w -buildid="+entry, "-o", path, "../../cmd/launcher")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build launcher: %w\n%s", err, out)
		}
		program, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		programs = append(programs, program)
	}
	return os.WriteFile(path, appended.Join(programs[0], programs[1]), 0o755)
}

// needs skips a test, and says what stays untested, where the machine has not
// got a program, or a command of more than one word fails; where nothing may be
// left out the test fails.
func needs(t *testing.T, programs []string, untested string) {
	t.Helper()
	for _, program := range programs {
		_, err := exec.LookPath(program)
		if strings.Contains(program, " ") {
			err = exec.Command("sh", "-c", program).Run()
		}
		if err != nil {
			lacks := fmt.Sprintf("lacks: %s: %s", program, untested)
			if os.Getenv("LAUNCHER_TEST_REQUIRE") == "all" {
				require.FailNow(t, lacks)
			}
			t.Skip(lacks)
		}
	}
}
