// Package launchertest owns what tests of several packages share: it builds the real
// launcher and programs that tests run as handlers, starts them, as PID 1 too, and says
// what stays untested on a machine that lacks something. No program imports it.
package launchertest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	module   = "github.com/seed45446ece/launcher/"
	command  = module + "cmd/launcher"
	testdata = module + "launcher/launchertest/testdata/"
)

// Build writes the real program to a file, as the Makefile builds it, and returns it. It
// needs Go.
func Build(to string) ([]byte, error) { return Program(command, to) }

// Program writes a program of this module to a file, as the Makefile builds it,
// and returns it. In "make cover" the program writes its coverage to the directory
// LAUNCHER_TEST_COVER.
func Program(pkg, to string) ([]byte, error) {
	flags := "-s -w -buildid="
	if pkg == command {
		flags += Entry()
	}
	return build(pkg, to, "urfave_cli_no_docs", flags)
}

// Portable builds the launcher of the platforms that lack the full one, for this
// machine, and returns the folder that holds it.
func Portable(t testing.TB) string {
	t.Helper()
	folder := Path("portable")
	portable.Do(func() {
		if portableErr = os.MkdirAll(folder, 0o755); portableErr == nil {
			_, portableErr = build(command, filepath.Join(folder, "launcher"), "urfave_cli_no_docs,portable", "-s -w -buildid=")
		}
	})
	require.NoError(t, portableErr)
	return folder
}

var (
	portable    sync.Once
	portableErr error
)

func build(pkg, to, tags, flags string) ([]byte, error) {
	args := []string{"build", "-trimpath", "-buildvcs=false", "-tags", tags, "-ldflags", flags, "-o", to, pkg}
	if directory := os.Getenv("LAUNCHER_TEST_COVER"); directory != "" && !strings.Contains(pkg, "testdata") {
		args = append(args[:3], "-covermode=atomic", "-coverpkg="+module+"...", "-tags", tags+",launcher_cover",
			"-ldflags", flags+" -X "+module+"internal/cover.directory="+directory, "-o", to, pkg)
	}
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return os.ReadFile(to)
}

// Entry returns the linker's flag for the launcher's own entry point, "" on a machine
// for which none is written.
func Entry() string {
	if runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64" {
		return " -E launcher_entry"
	}
	return ""
}

// Needs returns the path of a program. If the machine lacks it, Needs calls Lacks.
func Needs(t testing.TB, program, untested string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		Lacks(t, program, untested)
	}
	if program == "perl" && exec.Command(path, "-MJSON::PP", "-e", "").Run() != nil { // Debian's perl-base
		Lacks(t, "perl with its modules", untested)
	}
	if program == "python3" { // a version manager's shim takes longer than the program
		out, err := exec.Command(path, "-c", "import sys; print(sys.executable)").Output()
		require.NoError(t, err)
		return strings.TrimSpace(string(out))
	}
	return path
}

// NeedsAll calls Lacks if one of several programs is missing. An entry with a blank is a
// command for the shell, and must succeed.
func NeedsAll(t testing.TB, programs []string, untested string) {
	t.Helper()
	for _, program := range programs {
		if !strings.Contains(program, " ") {
			Needs(t, program, untested)
		} else if exec.Command("sh", "-c", program).Run() != nil {
			Lacks(t, program, untested)
		}
	}
}

// Lacks skips a test and says what stays untested because the machine lacks something.
// It fails if LAUNCHER_TEST_REQUIRE is "all".
func Lacks(t testing.TB, what, untested string) {
	t.Helper()
	if os.Getenv("LAUNCHER_TEST_REQUIRE") == "all" {
		t.Fatalf("lacks: %s: %s", what, untested)
	}
	t.Skipf("lacks: %s: %s", what, untested)
}

// NeedsRoot calls Lacks unless the tests run as root.
func NeedsRoot(t testing.TB, untested string) {
	t.Helper()
	if os.Getuid() != 0 {
		Lacks(t, "root", untested)
	}
}
