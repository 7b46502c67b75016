// Package launchertest is what tests of several rooms have in common: the real
// program, and the programs of a machine without which a test cannot be run.
package launchertest

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

const (
	module  = "github.com/seed45446ece/launcher/"
	command = module + "cmd/launcher"
)

// Build writes the real program to a file, as the Makefile builds it. It needs
// Go.
func Build(to string) ([]byte, error) { return Program(command, to) }

// Program writes a program of this module to a file, as the Makefile builds it,
// and returns it. In "make cover" the program writes its coverage to the directory
// LAUNCHER_TEST_COVER.
func Program(pkg, to string) ([]byte, error) {
	flags := "-s -w -buildid="
	if pkg == command {
		flags += Entry()
	}
	args := []string{"build", "-trimpath", "-buildvcs=false", "-tags", "urfave_cli_no_docs", "-ldflags", flags, "-o", to, pkg}
	if directory := os.Getenv("LAUNCHER_TEST_COVER"); directory != "" && !strings.Contains(pkg, "testdata") {
		args = append(args[:3], "-covermode=atomic", "-coverpkg="+module+"...", "-tags", "urfave_cli_no_docs,launcher_cover",
			"-ldflags", flags+" -X "+module+"internal/cover.directory="+directory, "-o", to, pkg)
	}
	build := exec.Command("go", args...)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return os.ReadFile(to)
}

// Entry is the linker's flag for the launcher's own entry point, "" on a machine
// for which none is written.
func Entry() string {
	if runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64" {
		return " -E launcher_entry"
	}
	return ""
}

// Needs is the path of a program. Where the machine has not got it, Lacks says
// so.
func Needs(t testing.TB, program, untested string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		Lacks(t, program, untested)
	}
	return path
}

// Lacks skips a test, and says what stays untested, where the machine has not
// got something; where nothing may be left out it fails.
func Lacks(t testing.TB, what, untested string) {
	t.Helper()
	if os.Getenv("LAUNCHER_TEST_REQUIRE") == "all" {
		t.Fatalf("lacks: %s: %s", what, untested)
	}
	t.Skipf("lacks: %s: %s", what, untested)
}
