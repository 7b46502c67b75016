package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

func TestMain(m *testing.M) { launchertest.Main(m, "probe", "bare", "peak") }

// TestScripts runs testdata/script: what a user types and sees.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "", // writes what was printed; read the diff
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", launchertest.Folder()+":"+os.Getenv("PATH"))
			env.Setenv("SAVED", env.Getenv("PATH"))
			env.Setenv("BIN", launchertest.Folder())
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
// status N; stdout and stderr are there for the commands of those names. Standard
// input is /dev/null, as in a pod; "exec launcher" has a pipe.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: status N ARG...")
	}
	const inPod = `exec "$0" "$@" </dev/null`
	err := ts.Exec("/bin/sh", append([]string{"-c", inPod, launchertest.Path("launcher")}, args[1:]...)...)
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
