package launcher_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher"
	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// hostile is values that the programs people use now damage, or that some
// source or delivery cannot carry.
var hostile = map[string]string{
	"dollar":           "pa$word",
	"two dollars":      "a$$b",
	"braces":           "a${HOME}b$(id)`id`",
	"hash":             "a #b#c",
	"hash first":       "#secret",
	"double quotes":    `"a"b"`,
	"single quotes":    `'a'b'`,
	"both quotes":      `it's "so"`,
	"backslashes":      `C:\new\table\\x\`,
	"equals":           "=a==b=",
	"blanks around":    "  \ta b\t  ",
	"newlines":         "\na\nb\n\n",
	"carriage returns": "a\r\nb\rc",
	"PEM":              "-----BEGIN KEY-----\nMIIB+/=\n-----END KEY-----\n",
	"1 MiB":            strings.Repeat("0123456789abcde\n", 1<<16),
	"emoji":            "pä$$wörd 🔑 \u2028",
	"not UTF-8":        "\xff\xfe\x80abc",
	"NUL":              "a\x00b",
	"control":          "\x01\x1b[31m\x7f",
	"number":           "012",
	"percent":          "%s%d%n%%",
	"JSON":             `{"a": [1, "b"]}`,
	"empty":            "",
}

// carrier is a source; it can carry what its format has a way to write.
type carrier struct {
	name  string
	can   func(value string) bool
	start func(t *testing.T, dir, value string) (args, env []string)
}

const key = "KEY"

func jsonTask(t *testing.T, source map[string]any) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"spec": map[string]any{"secret_sources": []any{source}}})
	require.NoError(t, err)
	return string(text)
}

func always(string) bool { return true }

func noNUL(value string) bool {
	return !strings.Contains(value, "\x00") && len(value) < 131072-len(key)-1
}

func oneLine(value string) bool {
	return !strings.ContainsAny(value, "\n\r\x00") && strings.TrimSpace(value) == value
}

var carriers = []carrier{
	{"inline JSON", utf8.ValidString, func(t *testing.T, dir, value string) ([]string, []string) {
		task := jsonTask(t, map[string]any{"kind": "inline", "source": map[string]string{key: value}})
		return []string{"--task", launchertest.WriteFile(t, dir+"/task.json", task)}, nil
	}},
	{"inline YAML binary", always, func(t *testing.T, dir, value string) ([]string, []string) {
		task := "spec: {secret_sources: [{kind: inline, source: {KEY: !!binary '" + base64.StdEncoding.EncodeToString([]byte(value)) + "'}}]}"
		return []string{"--task", launchertest.WriteFile(t, dir+"/task.yaml", task)}, nil
	}},
	{"inline Python literal", func(v string) bool { return noNUL(v) && utf8.ValidString(v) }, func(_ *testing.T, _, value string) ([]string, []string) {
		literal := strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`).Replace(value)
		return []string{"-s", "inline={'KEY': '" + literal + "'}"}, nil
	}},
	{"env", noNUL, func(_ *testing.T, _, value string) ([]string, []string) {
		return []string{"-s", "env=KEY"}, []string{"KEY=" + value}
	}},
	{"file lines", oneLine, func(t *testing.T, dir, value string) ([]string, []string) {
		return []string{"-s", "file=" + launchertest.WriteFile(t, dir+"/secrets.txt", "A=1\nKEY="+value+"\nB=2\n")}, nil
	}},
	{"file dotenv", func(v string) bool {
		return !strings.ContainsAny(v, "'\x00") && !strings.Contains(v, "\r") && !strings.HasSuffix(v, `\`) && utf8.ValidString(v)
	}, func(t *testing.T, dir, value string) ([]string, []string) {
		return []string{"-s", "file=" + launchertest.WriteFile(t, dir+"/app.env", "KEY='"+value+"'\n")}, nil
	}},
	{"kubernetes variable", noNUL, func(_ *testing.T, _, value string) ([]string, []string) {
		return []string{"-s", "kubernetes=KEY"}, []string{"MLRUN_K8S_SECRET__KEY=" + value}
	}},
	{"kubernetes mount", always, func(t *testing.T, dir, value string) ([]string, []string) {
		launchertest.WriteFile(t, dir+"/vol/..2026/KEY", value)
		require.NoError(t, os.Symlink("..2026", dir+"/vol/..data"))
		require.NoError(t, os.Symlink("..data/KEY", dir+"/vol/KEY"))
		task := jsonTask(t, map[string]any{"kind": "kubernetes", "source": map[string]any{"mount": dir + "/vol", "secrets": []string{key}}})
		return []string{"--task", launchertest.WriteFile(t, dir+"/task.json", task)}, nil
	}},
	{"local", oneLine, func(t *testing.T, dir, value string) ([]string, []string) {
		return []string{"-s", "kubernetes=KEY", "--local", launchertest.WriteFile(t, dir+"/laptop.txt", "KEY="+value+"\n")}, nil
	}},
}

// reader is a handler in some language that writes the value of KEY, byte for
// byte, to standard output.
type reader struct {
	name, needs string
	deliveries  []string
	command     []string
}

var all = []string{"stdin", "fd", "env", "files", "socket"}

var readers = []reader{
	{"Go", "", all, []string{"probe", "secret", key}},
	{"shell", "sh", all[:4], []string{"sh", "-c", "launcher get-secret KEY"}},
	{"Python", "python3", all[:3], []string{"python3", "-c", `import sys
sys.path.insert(0, sys.argv[1])
from launcher_context import get_context
value = get_context().get_secret("KEY")
sys.stdout.buffer.write(value if isinstance(value, bytes) else value.encode())`, python}},
}

var python, _ = filepath.Abs("../handler/python")

// TestHostileValuesArriveByteForByte is every value through every source that
// can carry it, by every delivery, read back by each language.
func TestHostileValuesArriveByteForByte(t *testing.T) {
	for _, reader := range readers {
		t.Run(reader.name, func(t *testing.T) {
			t.Parallel()
			reader.command = slices.Clone(reader.command)
			if reader.needs != "" {
				reader.command[0] = launchertest.Needs(t, reader.needs, "hostile values as "+reader.name+" reads them")
			}
			for _, carrier := range carriers {
				for name, value := range hostile {
					if !carrier.can(value) {
						continue
					}
					for _, deliver := range reader.deliveries {
						t.Run(carrier.name+"/"+name+"/"+deliver, func(t *testing.T) {
							requireCarried(t, carrier, value, deliver, reader)
						})
					}
				}
			}
		})
	}
}

func requireCarried(t *testing.T, c carrier, value, deliver string, r reader) {
	t.Helper()
	if strings.HasPrefix(c.name, "inline P") && len(value) > 100_000 {
		return // no argument of a command line is that long
	}
	args, env := c.start(t, t.TempDir(), value)
	args = append([]string{"run", "--deliver", deliver}, args...)
	got := launchertest.Run(t, env, "", append(append(args, "--"), r.command...)...)
	if deliver == "env" && !noNUL(value) {
		requireRefused(t, got)
		return
	}
	require.Zero(t, got.Status, got.Stderr)
	require.Empty(t, got.Stderr)
	require.True(t, value == got.Stdout, "%d bytes became %d", len(value), len(got.Stdout))
}

// requireRefused is what a delivery that cannot carry a value does.
func requireRefused(t *testing.T, got launchertest.Result) {
	t.Helper()
	require.Equal(t, 125, got.Status)
	require.Empty(t, got.Stdout)
	require.Contains(t, got.Stderr, `launcher: secret "KEY": env: `)
	require.Contains(t, got.Stderr, "hint: use --deliver stdin, which carries every value\n")
}

// TestEnvCarriesUpToTheLongestVariable is the border of execve(2).
func TestEnvCarriesUpToTheLongestVariable(t *testing.T) {
	for length, status := range map[int]int{131071: 0, 131072: 125} {
		value := strings.Repeat("x", length-len("KEY="))
		path := launchertest.WriteFile(t, filepath.Join(t.TempDir(), "secrets.txt"), "KEY="+value)
		got := launchertest.Run(t, nil, "", "run", "--deliver", "env", "-s", "file="+path, "--", "probe", "secret", key)
		require.Equal(t, status, got.Status, got.Stderr)
		if status == 0 {
			require.True(t, got.Stdout == value)
		} else {
			requireRefused(t, got)
		}
	}
}

// TestEnvRefusesWhatSteersTheHandler has one name of each kind; the list is in
// launcher/dangerous_test.go.
func TestEnvRefusesWhatSteersTheHandler(t *testing.T) {
	names := strings.Fields(`LD_PRELOAD TZDIR PATH ZDOTDIR LESSOPEN GIT_EXTERNAL_DIFF PYTHONPATH npm_config_registry OPENJ9_JAVA_OPTIONS R_LIBS
		PERL5OPT BUNDLE_GEMFILE PHPRC LUA_CPATH ERL_AFLAGS JULIA_LOAD_PATH DOTNET_STARTUP_HOOKS GODEBUG MAKEFLAGS CUDA_INJECTION64_PATH
		https_proxy SSL_CERT_FILE KUBECONFIG AZURE_CLIENT_ID MLRUN_EXEC_CONFIG LAUNCHER_TASK`)
	source := map[string]string{"AZURE_STORAGE_CONNECTION_STRING": "v", "TRUST_PROXY": "v", "LAUNCHER_LICENSE": "v"}
	for _, name := range names {
		source[name] = "v"
	}
	inline, err := json.Marshal(source)
	require.NoError(t, err)

	refused := launchertest.Run(t, nil, "", "run", "--deliver", "env", "-s", "inline="+string(inline), "--", "true")
	require.Equal(t, 125, refused.Status)
	require.Equal(t, len(names), strings.Count(refused.Stderr, " steers "), refused.Stderr)
	for _, name := range names {
		require.Contains(t, refused.Stderr, fmt.Sprintf("launcher: secret %q: env: variable %s steers", name, name))
	}
	stdin := launchertest.Run(t, nil, "", "run", "--deliver", "stdin", "-s", "inline="+string(inline), "--", "true")
	require.Zero(t, stdin.Status, stdin.Stderr)

	allow := []string{"run", "--deliver", "env", "-s", "inline=" + string(inline), "--allow-env", strings.Join(names[3:], ","), "--allow-env", "L*,T*"}
	still := launchertest.Run(t, nil, "", append(allow, "--", "true")...)
	require.Equal(t, 1, strings.Count(still.Stderr, " steers "), still.Stderr)
	require.Contains(t, still.Stderr, "hint: use --allow-env PATH to allow it")

	env := launchertest.Run(t, []string{"LAUNCHER_ALLOW_ENV=AZURE_*\n  NODE_OPTIONS"}, "", "run", "--deliver", "env",
		"-s", `inline={"TRUST_PROXY": "v", "AZURE_CLIENT_ID": "v", "AZURE_STORAGE_CONNECTION_STRING": "v", "NODE_OPTIONS": "v", "LAUNCHER_LICENSE": "v"}`,
		"--", "printenv", "TRUST_PROXY", "AZURE_CLIENT_ID", "AZURE_STORAGE_CONNECTION_STRING", "NODE_OPTIONS", "LAUNCHER_LICENSE")
	require.Equal(t, "v\nv\nv\nv\nv\n", env.Stdout, env.Stderr)
}

// TestOnlyOwnSettingsAreRemoved has every flag's variable in the list, and none
// of another program's.
func TestOnlyOwnSettingsAreRemoved(t *testing.T) {
	for _, command := range []string{"run", "explain"} {
		help := launchertest.Run(t, nil, "", command, "--help").Stdout
		for _, name := range regexp.MustCompile(`\[\$(LAUNCHER_[A-Z_]+)\]`).FindAllStringSubmatch(help, -1) {
			require.Contains(t, strings.Fields(launcher.Settings), name[1])
		}
	}
	got := launchertest.Run(t, []string{"LAUNCHER_URL=x", "LAUNCHER_VERBOSE=false", "LAUNCHER_QUIET=true"}, "", "run", "--deliver", "fd", "--", "env")
	require.Contains(t, got.Stdout, "LAUNCHER_URL=x\n")
	require.NotRegexp(t, "LAUNCHER_(VERBOSE|QUIET)", got.Stdout)
}

// TestEnvRefusesWhatAShellSetsItself is names whose value would be another in a
// shell script.
func TestEnvRefusesWhatAShellSetsItself(t *testing.T) {
	for _, name := range strings.Fields("_ PWD OLDPWD SHLVL OPTIND LINENO BASH BASH_VERSION BASHPID RANDOM PPID UID PS1 COMP_WORDBREAKS") {
		refused := launchertest.Run(t, nil, "", "run", "--deliver", "env", "-s", fmt.Sprintf(`inline={"%s": "v"}`, name), "--", "true")
		require.Equal(t, 125, refused.Status, name)
		require.Contains(t, refused.Stderr, "is set by the shell itself")
	}
}

func TestEnvHasOneVariableOfAName(t *testing.T) {
	same := launchertest.Run(t, nil, "", "run", "--deliver", "env", "-s", `inline={"my-key": "a", "my.key": "b"}`, "--", "true")
	require.Equal(t, 125, same.Status)
	require.Contains(t, same.Stderr, `secret "my.key": env: variable my_key is also used for secret "my-key"`)

	own := launchertest.Run(t, []string{"TOKEN=old", "TOKEN=older", "no equals sign"}, "", "run", "--deliver", "env", "-s", `inline={"TOKEN": "new"}`, "--", "env")
	require.Equal(t, 1, strings.Count("\n"+own.Stdout, "\nTOKEN="), own.Stdout)
	require.Contains(t, own.Stdout, "TOKEN=new\n")
}

func TestEnvNamesWhatAShellCanHold(t *testing.T) {
	got := launchertest.Run(t, nil, "", "run", "--deliver", "env", "-s", `inline={"db-password.": "a", "1st": "b"}`, "--", "env")
	require.Contains(t, got.Stdout, "\ndb_password_=a\n")
	require.Contains(t, got.Stdout, "\n_1st=b\n")
	require.Contains(t, got.Stdout, `"secrets_env":{"1st":"_1st","db-password.":"db_password_"}`)
}
