package main_test

import (
	"bufio"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// canaries is a value for each source; each is unlike anything else on the
// machine, in every encoding.
var canaries = map[string]string{
	"INLINE": `canary-i "1" <é>`, "VARIABLE": "canary-e 2&x", "FILE": "canary-f=3/x", "KUBERNETES": "canary-k 4+x", "PROJECT": "canary-p 5?x",
}

// forms is each canary as a careless program might write it.
func forms() []string { return formsOf(slices.Collect(maps.Values(canaries))...) }

func formsOf(values ...string) []string {
	var all []string
	for _, value := range values {
		quoted, _ := json.Marshal(value)
		all = append(all, value, hex.EncodeToString([]byte(value)), url.QueryEscape(value), url.PathEscape(value),
			string(quoted[1:len(quoted)-1]), strings.Trim(strconv.Quote(value), `"`), strconv.QuoteToASCII(value)[1:],
			base64.StdEncoding.EncodeToString([]byte(value)), base64.RawURLEncoding.EncodeToString([]byte(value)))
	}
	return all
}

func requireNoCanary(t *testing.T, where, text string) {
	t.Helper()
	text = strings.ToLower(text)
	for _, form := range forms() {
		if strings.Contains(text, strings.ToLower(form)) {
			t.Errorf("%s holds %q", where, form)
		}
	}
}

// canaryRun is the flags and the environment of a run with all canaries.
func canaryRun(t *testing.T) (args, env []string) {
	t.Helper()
	dir := t.TempDir()
	task, err := json.Marshal(map[string]any{"spec": map[string]any{"secret_sources": []any{
		map[string]any{"kind": "inline", "source": map[string]string{"INLINE": canaries["INLINE"]}},
		map[string]any{"kind": "env", "source": "VARIABLE"},
		map[string]any{"kind": "file", "source": write(t, dir+"/s.txt", "FILE="+canaries["FILE"]+"\n")},
		map[string]any{"kind": "kubernetes", "source": []string{"KUBERNETES"}},
	}}})
	require.NoError(t, err)
	return []string{"--verbose"}, []string{
		"MLRUN_EXEC_CONFIG=" + string(task), "VARIABLE=" + canaries["VARIABLE"],
		"MLRUN_K8S_SECRET__KUBERNETES=" + canaries["KUBERNETES"], "MLRUN_K8S_SECRET__PROJECT=" + canaries["PROJECT"],
		"TMPDIR=" + dir,
	}
}

// TestARunningHandlerShowsNoSecret looks everywhere that another process of the
// same user can while the handler runs.
func TestARunningHandlerShowsNoSecret(t *testing.T) {
	for _, deliver := range []string{"stdin", "fd", "files", "socket"} {
		t.Run(deliver, func(t *testing.T) {
			_, env := canaryRun(t)
			control, release, err := os.Pipe()
			require.NoError(t, err)
			out, in, err := os.Pipe()
			require.NoError(t, err)
			// The handler waits for a line, where its standard input is the context
			// on its standard error.
			cmd := exec.Command(filepath.Join(bin, "launcher"), "run", "--deliver", deliver, "--mask", "--", "probe", "wait", "0")
			cmd.Stdin = control
			if deliver == "stdin" {
				cmd = exec.Command(filepath.Join(bin, "launcher"), "run", "--deliver", deliver, "--", "probe", "wait", "2")
				cmd.Stderr = control
			}
			cmd.Env = append(env, "PATH="+bin)
			cmd.Stdout = in
			require.NoError(t, cmd.Start())
			line, err := bufio.NewReader(out).ReadString('\n')
			require.NoError(t, err)
			requireNoCanary(t, "standard output", line)
			if deliver != "stdin" {
				eventually(t, "the parent stays", func() bool { return resides(t, cmd.Process.Pid) })
			}
			requireNoCanaryInProcesses(t)
			_, err = release.WriteString("end\n")
			require.NoError(t, err)
			require.NoError(t, cmd.Wait())
		})
	}
}

// requireNoCanaryInProcesses searches every process but this one, which made
// the canaries up and gave them to the launcher.
func requireNoCanaryInProcesses(t *testing.T) {
	t.Helper()
	var searched int
	for _, file := range []string{"environ", "cmdline", "comm"} {
		paths, err := filepath.Glob("/proc/[0-9]*/" + file)
		require.NoError(t, err)
		for _, path := range paths {
			if text, err := os.ReadFile(path); err == nil { // others come and go
				requireNoCanary(t, path, string(text))
				searched++
			}
		}
	}
	require.Greater(t, searched, 3)
}

// TestNothingPrintedHoldsASecret is every command at top verbosity, with and
// without errors, in both forms of the messages.
func TestNothingPrintedHoldsASecret(t *testing.T) {
	broken := map[string]string{
		"a missing key":     "-s\nenv=NOT_SET",
		"a bad literal":     "-s\ninline={'A': '" + canaries["INLINE"] + "' oops",
		"a bad source":      "-s\n" + canaries["INLINE"],
		"a bad kind":        "-s\nvault=" + canaries["INLINE"],
		"a list as inline":  "-s\ninline=['" + canaries["VARIABLE"] + "']",
		"nested inline":     "-s\ninline={'A': ['" + canaries["VARIABLE"] + "']}",
		"a bad parameter":   "-p\n" + canaries["VARIABLE"],
		"a bad YAML value":  "-p\nA=[" + canaries["VARIABLE"],
		"an env collision":  "--deliver\nenv\n-s\ninline={\"A-B\": \"" + canaries["VARIABLE"] + "\", \"A.B\": \"x\"}",
		"a dangerous name":  "--deliver\nenv\n-s\ninline={\"LD_PRELOAD\": \"" + canaries["VARIABLE"] + "\"}",
		"nothing wrong":     "",
		"no such command":   "",
		"the env delivery":  "--deliver\nenv",
		"missing, let pass": "--missing\nwarn\n-s\nenv=NOT_SET",
	}
	for name, flags := range broken {
		for _, command := range []string{"run", "explain"} {
			for _, log := range []string{"text", "json"} {
				t.Run(name+"/"+command+"/"+log, func(t *testing.T) {
					args, env := canaryRun(t)
					args = append(args, "--log", log)
					if flags != "" {
						args = append(args, strings.Split(flags, "\n")...)
					}
					handler := "true"
					if name == "no such command" {
						handler = "no-such-command"
					}
					got := start(t, env, "", slices.Concat([]string{command}, args, []string{"--", handler})...)
					require.NotEmpty(t, got.stderr)
					requireNoCanary(t, "standard error", got.stderr)
					requireNoCanary(t, "standard output", got.stdout)
				})
			}
		}
	}
}

// badFiles is files with a canary in every place where a parser may stop.
var badFiles = map[string]string{
	"lines.txt": "A=1\n@ no equals\n=@\n@=\x00\nA=@", "a.env": "A=\"@$HOME\"\nB='@\nC=@ #@ #@", "b.env": "A@=1\nB: @\nexport\n@",
	"task.yaml": "a: [@", "alias.yaml": "a: *@", "tag.yaml": "a: !@ b", "escape.yaml": `a: "@\q"`, "twice.yaml": "spec: {@: 1, @: 2}",
	"shape.yaml": "spec: ['@']", "kind.yaml": "spec: {secret_sources: [{kind: inline, source: ['@']}]}",
	"cut.json": `{"spec": {"secret_sources": [{"kind": "inline", "source": {"A": "@`, "pair.json": `{"@": "@\ud800"}`,
}

func TestNoErrorOfAParserHoldsAPartOfTheText(t *testing.T) {
	const canary = "Zq7canaryXw9"
	for name, text := range badFiles {
		t.Run(name, func(t *testing.T) {
			path := write(t, filepath.Join(t.TempDir(), name), strings.ReplaceAll(text, "@", canary))
			flag := []string{"--task", path}
			if !strings.HasSuffix(name, ".yaml") && !strings.HasSuffix(name, ".json") {
				flag = []string{"-s", "file=" + path}
			}
			got := start(t, nil, "", slices.Concat([]string{"run", "--verbose"}, flag, []string{"--", "true"})...)
			require.Equal(t, 125, got.status, got.stderr)
			if name == "twice.yaml" {
				return // a field's name is a name, and is said
			}
			for i := 0; i+5 <= len(canary); i++ {
				require.NotContains(t, got.stderr, canary[i:i+5])
			}
		})
	}
}

// inMemory is a file that is opened by a descriptor of the directory in memory.
var inMemory = regexp.MustCompile(`openat\(\d+</dev/shm/launcher-[0-9a-z]+>, "`)

// TestNothingIsWrittenToDisk has the launcher and a Python handler run where
// every file that they open for writing is seen.
func TestNothingIsWrittenToDisk(t *testing.T) {
	strace := needs(t, "strace", "that nothing is written to disk")
	if os.Getuid() != 0 {
		launchertest.Lacks(t, "root", "that nothing is written to disk: only root's strace can read file names of the launcher")
	}
	for _, deliver := range []string{"stdin", "fd", "env", "files", "socket"} {
		args, env := canaryRun(t)
		trace := filepath.Join(t.TempDir(), "trace")
		cmd := exec.Command(strace, slices.Concat([]string{"-f", "-qq", "-y", "-e", "trace=openat,open,creat,memfd_create", "-o", trace,
			filepath.Join(bin, "launcher"), "run", "--deliver", deliver}, args, []string{"--", "probe", "exit", "0"})...)
		cmd.Env = append(env, "PATH="+bin)
		got := finish(t, cmd)
		require.Zero(t, got.status, got.stderr)
		text, err := os.ReadFile(trace)
		require.NoError(t, err)
		require.Contains(t, string(text), "O_RDONLY")
		for line := range strings.Lines(string(text)) {
			if !inMemory.MatchString(line) && !strings.Contains(line, `"/dev/null"`) && !strings.Contains(line, `"/dev/tty"`) && !strings.Contains(line, `"/proc/self/comm"`) {
				require.NotRegexp(t, `O_WRONLY|O_RDWR|O_CREAT|creat\(`, line)
			}
		}
	}
}
