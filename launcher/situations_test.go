package launcher_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// situation is a shell script that starts a program by $RUN, which is env(1) or the
// launcher. The program "see" counts the contexts that it finds, and becomes its
// arguments.
type situation struct {
	name     string
	needs    []string
	script   string
	contexts int
}

const see = `#!/bin/sh
[ -z "$LAUNCHER_BIN" ] || [ "$("$LAUNCHER_BIN" get-secret KEY)" != the-value ] || echo >>"$SEEN"
exec "$@"
`

var situations = []situation{
	{"a pipeline", nil, `printf 'a\nb\n' | $RUN see cat | cat`, 1},
	{"a file on standard input", nil, `echo x >file; { $RUN see head -n 1; cat; } <file`, 1},
	{"nothing on standard input", nil, `$RUN see echo x </dev/null`, 1},
	{"a loop that reads lines", nil, `printf 'a\nb\n' | while read -r line; do $RUN see echo "$line"; done`, 2},
	{"process substitution", []string{"bash"}, `bash -c '$RUN see cat <(echo x) <(echo y)'`, 1},
	{"descriptors of two digits", []string{"bash"}, `bash -c 'exec 13<<<thirteen 42<<<forty-two; $RUN see bash -c "cat <&13 <&42; cat <&13"'`, 1},
	{"make's jobserver", []string{"make"}, `mkdir -p sub; printf 'all:\n\t+$$RUN see $(MAKE) -C sub\n' >Makefile
		printf 'all: a b c\na b c:\n\t@echo $@\n' >sub/Makefile; make -j2 --no-print-directory 2>&1 | grep -v 'see make' | sort`, 1},
	{"LISTEN_FDS", nil, `echo passed >socket
		LISTEN_FDS=1 sh -c 'LISTEN_PID=$$ exec $RUN see sh -c "echo \$LISTEN_FDS; test \$LISTEN_PID = \$\$ && cat <&3"' 3<socket`, 1},
	{"flock 9", []string{"flock"}, `: >lock
		(flock 9; $RUN see sh -c 'flock -n lock true || echo locked') 9<lock; flock -n lock echo free
		(flock 9; $RUN see sh -c 'exec 9<&-; flock -w 20 lock echo given up') 9<lock
		flock lock $RUN see sh -c 'flock -n lock true || echo locked'; flock -n lock echo free`, 3},
	{"xargs -P", []string{"xargs"}, `echo a b c d e | xargs -n 1 -P 3 $RUN see echo | sort`, 5},
	{"npm", []string{"npm"}, `printf '{"scripts": {"show": "$RUN see cat"}}' >package.json; echo x | npm run --silent show`, 1},
	{"standard error as standard output", nil, `$RUN see sh -c 'echo a; echo b >&2; echo c' 2>&1`, 1},
}

// TestAHandlerSeesWhatItSeesUnderEnv is the situations of a shell, and the context
// beside them.
func TestAHandlerSeesWhatItSeesUnderEnv(t *testing.T) {
	for _, s := range situations {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			for _, program := range s.needs {
				launchertest.Needs(t, program, s.name)
			}
			want, _ := s.run(t, "env")
			require.NotEmpty(t, want.Stdout)
			for _, flags := range []string{"", "--deliver fd", "--deliver env", "--deliver files", "--deliver socket", "--init always", "--mask"} {
				got, contexts := s.run(t, `launcher run -s inline={"KEY":"the-value"} `+flags+" --")
				require.Equal(t, want, got, flags)
				require.Equal(t, s.contexts, contexts, "contexts with %s", flags)
			}
		})
	}
}

// run runs the script, and returns how many programs found their context.
func (s situation) run(t *testing.T, run string) (launchertest.Result, int) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Chmod(launchertest.WriteFile(t, filepath.Join(dir, "bin/see"), see), 0o700))
	cmd := launchertest.Command("sh", "-c", s.script)
	cmd.Dir = dir
	cmd.Env = append(cmd.Env, "RUN="+run, "SEEN="+dir+"/seen", "HOME="+dir, "npm_config_update_notifier=false")
	cmd.Env[0] = "PATH=" + dir + "/bin:" + strings.TrimPrefix(cmd.Env[0], "PATH=")
	got := launchertest.Finish(t, cmd)
	seen, _ := os.ReadFile(dir + "/seen")
	got.Stdout = strings.ReplaceAll(got.Stdout, dir, "")
	return got, strings.Count(string(seen), "\n")
}
