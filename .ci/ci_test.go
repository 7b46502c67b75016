package ci

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

// settingNames are Go's settings that say where modules come from.
var settingNames = []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GOFLAGS", "GOTOOLCHAIN"}

// TestScripts runs testdata: each script has a small module in which it starts
// the scripts of this folder. The program summary is in PATH.
func TestScripts(t *testing.T) {
	bin := t.TempDir()
	out, err := exec.Command("go", "build", "-o", bin, "./summary").CombinedOutput()
	require.NoError(t, err, "%s", out)
	settings, err := exec.Command("go", append([]string{"env"}, settingNames...)...).Output()
	require.NoError(t, err)
	values := strings.Split(string(settings), "\n")
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			for i, name := range settingNames {
				env.Setenv(name, values[i])
			}
			env.Setenv("PATH", bin+":"+env.Getenv("PATH"))
			folder := filepath.Join(env.WorkDir, ".ci")
			if err := os.Mkdir(folder, 0o755); err != nil {
				return err
			}
			for _, name := range []string{"licenses", "needs", "vulncheck"} {
				text, err := os.ReadFile(name)
				if err != nil {
					return err
				}
				if err := os.WriteFile(filepath.Join(folder, name), text, 0o755); err != nil {
					return err
				}
			}
			return nil
		},
	})
}
