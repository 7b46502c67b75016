package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// bin is the folder of the real program, built as the Makefile builds it, and of
// the helpers that tests run as handlers.
var bin string

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "launcher-test-")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	bin = dir
	programs := map[string][]byte{}
	linked := filepath.Join(bin, "linked")
	programs["launcher"], err = launchertest.Build(linked)
	for _, name := range []string{"probe", "bare", "peak"} {
		if err == nil {
			programs[name], err = launchertest.Program("./testdata/"+name, linked)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for name, program := range programs {
		// Written in one piece, as an image's layer is unpacked: what the linker
		// leaves in the page cache is slower to start, whatever the program.
		if err := os.WriteFile(filepath.Join(bin, name), program, 0o755); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return m.Run()
}

// needs skips a test, and says what stays untested, where the machine has not
// got a program; where nothing may be left out it fails.
func needs(t testing.TB, program, untested string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil && program == "python3" { // a version manager's shim takes longer than the program
		out, err := exec.Command(path, "-c", "import sys; print(sys.executable)").Output()
		require.NoError(t, err)
		return strings.TrimSpace(string(out))
	}
	if err == nil {
		return path
	}
	launchertest.Lacks(t, program, untested)
	return ""
}

// result is what became of one run of a program.
type result struct {
	stdout, stderr string
	status         int
}

// start runs the real launcher with exactly this environment.
func start(t testing.TB, env []string, stdin string, args ...string) result {
	t.Helper()
	cmd := exec.Command(filepath.Join(bin, "launcher"), args...)
	cmd.Env = append([]string{"PATH=" + bin + ":" + os.Getenv("PATH")}, env...)
	cmd.Stdin = strings.NewReader(stdin)
	return finish(t, cmd)
}

func finish(t testing.TB, cmd *exec.Cmd) result {
	t.Helper()
	launchertest.NeedsNamespaces(t, cmd)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		require.NoError(t, err)
	}
	return result{stdout.String(), stderr.String(), ended(cmd)}
}

// TestScripts runs testdata/script: what a user types and sees.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "", // writes what was printed; read the diff
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin+":"+os.Getenv("PATH"))
			env.Setenv("SAVED", env.Getenv("PATH"))
			env.Setenv("BIN", bin)
			return nil
		},
		Condition: func(cond string) (bool, error) {
			program, ok := strings.CutPrefix(cond, "has:")
			if !ok {
				return false, fmt.Errorf("unknown condition %q", cond)
			}
			_, err := exec.LookPath(program)
			if err != nil && os.Getenv("LAUNCHER_TEST_REQUIRE") == "all" {
				return false, fmt.Errorf("lacks: %s", program)
			}
			return err == nil, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"status": status},
	})
}

// status N ARG... runs the launcher with the arguments and expects the exit
// status N; stdout and stderr are there for the commands of those names.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: status N ARG...")
	}
	err := ts.Exec("launcher", args[1:]...)
	got := 0
	if ended, ok := err.(*exec.ExitError); ok {
		got = ended.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("status %d, expected %s", got, args[0])
	}
}
