package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBashCompletes runs the script in a real bash, which calls the function as it
// does when a user presses the tabulator. The words after the program are split as
// bash splits them.
func TestBashCompletes(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("lacks: bash")
	}
	script, err := runApp(map[string]string{}, nil, "completion", "bash")
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "completion.bash")
	require.NoError(t, os.WriteFile(path, []byte(script), 0o600))
	for words, want := range map[string]string{
		"":                        "run secrets completion version help",
		"r":                       "run",
		"-":                       "--help --version",
		"run -":                   "--help --task --secrets -s --deliver --mask --verbose -v --count --timeout -t",
		"run --del":               "--deliver",
		"run --deliver ":          "stdin fd",
		"run --deliver s":         "stdin",
		"run --deliver =":         "stdin fd",
		"run --deliver = s":       "stdin",
		"run --deliver = fd --ma": "--mask",
		"run --mask --deliver f":  "fd",
		"run -s x --ma":           "--mask",
		"run ":                    "", // files
		"run --task ":             "",
		"run --count ":            "",
		"run -- --ma":             "",
		"run python3 --ma":        "",
		"secrets ":                "set",
		"secrets set --":          "--help",
		"completion ":             "bash zsh fish",
		"version --":              "--help",
	} {
		args := append([]string{"-c", `source "$0" && COMP_WORDS=(prog "$@") && COMP_CWORD=$# && { _prog; echo "${COMPREPLY[*]}"; }`, path}, strings.Split(words, " ")...)
		out, err := exec.Command(bash, args...).CombinedOutput()
		require.NoError(t, err, "%q: %s", words, out)
		require.Equal(t, want, strings.TrimSpace(string(out)), words)
	}
	out, err := exec.Command(bash, "-c", `source "$0" && complete -p prog`, path).CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, "complete -o default -F _prog prog\n", string(out))
}

func TestOtherShellsTakeTheirScripts(t *testing.T) {
	for _, shell := range []string{"zsh", "fish"} {
		script, err := runApp(map[string]string{}, nil, "completion", shell)
		require.NoError(t, err)
		require.Contains(t, script, "deliver")
		program, err := exec.LookPath(shell)
		if err != nil {
			t.Logf("lacks: %s", shell)
			continue
		}
		path := filepath.Join(t.TempDir(), "completion")
		require.NoError(t, os.WriteFile(path, []byte(script), 0o600))
		out, err := exec.Command(program, "-n", path).CombinedOutput()
		require.NoError(t, err, string(out))
	}
	fish, err := runApp(map[string]string{}, nil, "completion", "fish")
	require.NoError(t, err)
	require.Contains(t, fish, "complete -c prog -n 'true; and __fish_seen_subcommand_from run' -l deliver -x -a 'stdin fd' -d 'how'\n")
	require.Contains(t, fish, "-l task -r -F -d 'the task'\n")
}

func TestCompletionTakesAShell(t *testing.T) {
	_, err := runApp(nil, nil, "completion")
	require.EqualError(t, err, "completion takes one of bash, zsh, fish")
	_, err = runApp(nil, nil, "completion", "fihs")
	require.EqualError(t, err, `shell "fihs" is not one of bash, zsh, fish`)
	require.Equal(t, "did you mean fish?", Hint(err))
}
