package conformance_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// askers is handlers that ask the launcher for a secret. Their folder is the working
// directory.
var askers = []struct{ name, program, folder, script string }{
	{"a POSIX shell", "sh", ".", `"$LAUNCHER_BIN" get-secret KEY`},
	{"Bash", "bash", "bash", `source ./launcher_context.bash; get_secret KEY`},
	{"R", "Rscript", "r", `source("launcher_context.R"); cat(get_context()$get_secret("KEY"))`},
}

// TestShellsFindALauncherOutsidePATH is a launcher that an init container copied to
// /tools, however it is started.
func TestShellsFindALauncherOutsidePATH(t *testing.T) {
	tools := installed(t)
	for _, a := range askers {
		t.Run(a.name, func(t *testing.T) {
			launchertest.NeedsAll(t, []string{a.program}, "a launcher outside PATH, for "+a.name)
			if a.program == "Rscript" {
				launchertest.NeedsAll(t, []string{"Rscript -e 'library(jsonlite)'"}, "a launcher outside PATH, for R")
			}
			option := map[string]string{"Rscript": "-e"}[a.program]
			if option == "" {
				option = "-c"
			}
			for _, flags := range [][]string{{"--deliver", "stdin"}, {"--deliver", "fd"}, {"--deliver", "env"}, {"--deliver", "files"},
				{"--deliver", "socket"}, {"--deliver", "fd", "--mask"}, {"--deliver", "fd", "--init", "always"}} {
				args := append(append([]string{"run", "-s", `inline={"KEY": "v"}`}, flags...), "--", a.program, option, a.script)
				require.Equal(t, "v", output(t, filepath.Join("..", a.folder), tools+"/launcher", args...), flags)
			}
		})
	}
}

// TestLauncherBinIsTheProgram and not the name that it was started by.
func TestLauncherBinIsTheProgram(t *testing.T) {
	tools, other := installed(t), installed(t)
	require.NoError(t, os.Symlink(tools+"/launcher", tools+"/link"))
	const show = `printf %s "$LAUNCHER_BIN"`
	t.Setenv("LAUNCHER_BIN", "/bogus")
	for _, start := range []string{`./launcher run`, `./link run`, `PATH=. launcher run`, `exec -a /bin/false ./launcher run`, `./launcher run --init always`, `./launcher run --mask`} {
		require.Equal(t, tools+"/launcher", output(t, tools, "bash", "-c", start+` -- /bin/sh -c "$0"`, show), start)
	}
	require.Equal(t, other+"/launcher", output(t, tools, "./launcher", "run", "--", other+"/launcher", "run", "--", "sh", "-c", show), "the inner one's")
}

// installed returns a folder with the launcher that PATH does not have.
func installed(t *testing.T) string {
	t.Helper()
	tools := t.TempDir()
	require.NoError(t, exec.Command(filepath.Join(bin, "launcher"), "install", tools).Run())
	return tools
}

// output runs a program in a folder, with no launcher in PATH, and returns what it prints.
func output(t *testing.T, folder, program string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), program, args...)
	command.Dir = folder
	text, err := command.CombinedOutput()
	require.NoError(t, err, "%s", text)
	return string(text)
}
