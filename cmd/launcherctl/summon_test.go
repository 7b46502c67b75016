package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// stored is what every provider has. A provider ends a value with a newline, as
// pass does, and summon removes it.
var provided = map[string]string{"prod/db": "p@ss $w \"q\" \\ é\t'", "prod/key": "a: key", "prod/empty": ""}

// secretsYML is a file with each tag.
const secretsYML = `common:
  LEVEL: !var:default='in%20fo' prod/empty
  LITERAL: !str $$HOME pa$$word 012 # a comment
  DB: overridden
dev:
  DB: !var dev/db
prod:
  DB: !var $env/db
  EMPTY: !var prod/empty
  GIVEN: !default='x':var prod/db
  KEY_FILE: !var:file prod/key
  CERTIFICATE: !file |
    line one
    line two
`

// showAll prints what a program of summon sees.
const showAll = `for v in "$LEVEL" "$LITERAL" "$DB" "$EMPTY" "$GIVEN" "$SUMMON_ENV"; do printf '%s|' "$v"; done; cat "$KEY_FILE" "$CERTIFICATE"`

const allShown = "in fo|$HOME pa$word 012|p@ss $w \"q\" \\ é\t'||p@ss $w \"q\" \\ é\t'|prod|a: keyline one\nline two\n"

// TestProvidersOfSummonRun converts a file, and runs the command that the task's
// comment shows. If summon itself is installed, it must show the same.
func TestProvidersOfSummonRun(t *testing.T) {
	for name, provider := range map[string]func(*testing.T, string) (string, []string){
		"a shell script": shellProvider, "Python": pythonProvider, "pass": passProvider, "gopass": gopassProvider,
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			path, env := provider(t, folder)
			require.NoError(t, os.WriteFile(filepath.Join(folder, "secrets.yml"), []byte(secretsYML), 0o600))
			run := func(args ...string) result {
				cmd := exec.Command(args[0], args[1:]...)
				cmd.Dir, cmd.Env = folder, append([]string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + folder}, env...)
				return finish(t, cmd)
			}
			got := run(filepath.Join(bin, "launcherctl"), "task", "from", "summon", "--provider", path, "-e", "prod", "-D", "env=prod", "secrets.yml")
			require.Equal(t, result{got.stdout, "", 0}, got)
			require.NoError(t, os.WriteFile(filepath.Join(folder, "task.yaml"), []byte(got.stdout), 0o600))
			require.Equal(t, result{}, run(filepath.Join(bin, "launcherctl"), "task", "check", "task.yaml"))

			command := strings.TrimPrefix(strings.Split(got.stdout, "\n")[1], "#   ")
			command = strings.NewReplacer("--task FILE", "--task task.yaml", "sh COMMAND", `sh sh -c "$0"`).Replace(command)
			require.Equal(t, result{allShown, "", 0}, run("sh", "-c", command, showAll), command)
			if summon := storeProgram("summon"); summon != "" {
				require.Equal(t, result{allShown, "", 0}, run(summon, "-p", path, "-e", "prod", "-D", "env=prod", "sh", "-c", showAll))
			}
			fails := run(filepath.Join(bin, "launcher"), "run", "-s", `exec={"command": ["`+path+`"], "secrets": {"A": "prod/none"}}`, "--", "true")
			require.Equal(t, 125, fails.status)
			require.Contains(t, fails.stderr, `secret "A": exec: program "`+filepath.Base(path)+`" ended with status`)
		})
	}
}

// storeProgram returns the path of another store's program, from the folder of
// LAUNCHER_TEST_STORES or the PATH, or "".
func storeProgram(name string) string {
	if path, err := exec.LookPath(filepath.Join(os.Getenv("LAUNCHER_TEST_STORES"), "bin", name)); err == nil {
		return path
	}
	path, _ := exec.LookPath(name)
	return path
}

// keep writes the values to files, each with a final newline.
func keep(t *testing.T, folder string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "store", "prod"), 0o700))
	for name, value := range provided {
		require.NoError(t, os.WriteFile(filepath.Join(folder, "store", name), []byte(value+"\n"), 0o600))
	}
}

func writeProgram(t *testing.T, path, text string) (string, []string) {
	t.Helper()
	keep(t, filepath.Dir(path))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o700))
	return path, nil
}

func shellProvider(t *testing.T, folder string) (string, []string) {
	launchertest.Needs(t, "sh", "a provider of summon in sh")
	return writeProgram(t, filepath.Join(folder, "files"), `#!/bin/sh
[ "$#" = 1 ] || { echo "one identifier" >&2; exit 2; }
exec cat "${0%/*}/store/$1"
`)
}

// pythonProvider has summon's stream mode too: without an argument it answers each
// line in base64.
func pythonProvider(t *testing.T, folder string) (string, []string) {
	python := launchertest.Needs(t, "python3", "a provider of summon in Python")
	return writeProgram(t, filepath.Join(folder, "files.py"), "#!"+python+`
import base64, pathlib, sys

def read(name):
    return (pathlib.Path(__file__).parent / "store" / name).read_bytes()[:-1]

if len(sys.argv) == 2:
    sys.stdout.buffer.write(read(sys.argv[1]))
else:
    for line in sys.stdin:
        print(base64.b64encode(read(line.rstrip("\n"))).decode(), flush=True)
`)
}

// passProvider is Debian's pass, with a key of its own. Summon's protocol is what it
// does with one argument.
func passProvider(t *testing.T, folder string) (string, []string) {
	pass := launchertest.Needs(t, "pass", "pass as a provider of summon")
	gpg := launchertest.Needs(t, "gpg", "pass as a provider of summon")
	home := shortFolder(t)
	env := []string{"GNUPGHOME=" + home, "PASSWORD_STORE_DIR=" + filepath.Join(folder, ".local/share/gopass/stores/root")}
	run := func(stdin string, args ...string) {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir, cmd.Env, cmd.Stdin = folder, append(env, "PATH="+os.Getenv("PATH"), "HOME="+folder), strings.NewReader(stdin)
		got := finish(t, cmd)
		require.Zero(t, got.status, got.stderr)
	}
	t.Cleanup(func() { run("", "gpgconf", "--kill", "all") })
	run("", gpg, "--batch", "--quiet", "--passphrase", "", "--quick-generate-key", "test@example.com")
	run("", pass, "init", "test@example.com")
	for name, value := range provided {
		run(value+"\n", pass, "insert", "--multiline", name)
	}
	return pass, env
}

// shortFolder returns a folder whose path leaves room for the name of a socket.
func shortFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("/tmp", "gpg")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}

// gopassProvider is gopass-summon-provider, with the store of pass.
func gopassProvider(t *testing.T, folder string) (string, []string) {
	provider := storeProgram("gopass-summon-provider")
	if provider == "" {
		t.Skip("lacks: gopass-summon-provider: gopass as a provider of summon")
	}
	_, env := passProvider(t, folder)
	return provider, env
}
