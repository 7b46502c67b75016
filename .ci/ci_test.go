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

// TestScripts runs testdata: each script has a small module in which it starts
// the scripts of this folder.
func TestScripts(t *testing.T) {
	out, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE", "GOPROXY").Output()
	require.NoError(t, err)
	settings := strings.Split(strings.TrimSpace(string(out)), "\n")
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			for i, name := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY"} {
				env.Setenv(name, settings[i])
			}
			folder := filepath.Join(env.WorkDir, ".ci")
			if err := os.Mkdir(folder, 0o755); err != nil {
				return err
			}
			for _, name := range []string{"licenses", "vulncheck"} {
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
