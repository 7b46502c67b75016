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
func TestScripts(t *testing.T) { runScripts(t, launchertest.Folder(), false) }

// TestScriptsOfThePortableProgram runs the same scripts with the program of macOS,
// and of Linux on other architectures. Lines that begin with [full] or [portable]
// are for one of them.
func TestScriptsOfThePortableProgram(t *testing.T) { runScripts(t, launchertest.Portable(t), true) }

// runScripts runs the scripts with the launcher of a folder.
func runScripts(t *testing.T, folder string, portable bool) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "" && !portable, // writes what was printed; read the diff
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", folder+":"+launchertest.Folder()+":"+os.Getenv("PATH"))
			env.Setenv("SAVED", env.Getenv("PATH"))
			env.Setenv("BIN", folder)
			return nil
		},
		Condition: func(cond string) (bool, error) {
			program, ok := strings.CutPrefix(cond, "has:")
			switch {
			case cond == "full" || cond == "portable":
				return portable == (cond == "portable"), nil
			case !ok:
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
	err := ts.Exec("/bin/sh", append([]string{"-c", inPod, ts.Getenv("BIN") + "/launcher"}, args[1:]...)...)
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
