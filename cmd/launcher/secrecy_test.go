package main_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// TestARunningHandlerShowsNoSecret looks everywhere that another process of the
// same user can while the handler runs.
func TestARunningHandlerShowsNoSecret(t *testing.T) {
	for _, deliver := range []string{"stdin", "fd", "files", "socket"} {
		t.Run(deliver, func(t *testing.T) {
			_, env := launchertest.CanaryRun(t)
			control, release, err := os.Pipe()
			require.NoError(t, err)
			out, in, err := os.Pipe()
			require.NoError(t, err)
			// The handler waits for a line, where its standard input is the context
			// on its standard error.
			cmd := exec.Command(launchertest.Path("launcher"), "run", "--deliver", deliver, "--mask", "--", "probe", "wait", "0")
			cmd.Stdin = control
			if deliver == "stdin" {
				cmd = exec.Command(launchertest.Path("launcher"), "run", "--deliver", deliver, "--", "probe", "wait", "2")
				cmd.Stderr = control
			}
			cmd.Env = append(env, "PATH="+launchertest.Folder())
			cmd.Stdout = in
			require.NoError(t, cmd.Start())
			line, err := bufio.NewReader(out).ReadString('\n')
			require.NoError(t, err)
			launchertest.RequireNoCanary(t, "standard output", line)
			if deliver != "stdin" {
				launchertest.Eventually(t, "the parent stays", func() bool { return launchertest.IsSupervisor(t, cmd.Process.Pid) })
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
				launchertest.RequireNoCanary(t, path, string(text))
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
		"a bad literal":     "-s\ninline={'A': '" + launchertest.Canaries["INLINE"] + "' oops",
		"a bad source":      "-s\n" + launchertest.Canaries["INLINE"],
		"a bad kind":        "-s\nvault=" + launchertest.Canaries["INLINE"],
		"a list as inline":  "-s\ninline=['" + launchertest.Canaries["VARIABLE"] + "']",
		"nested inline":     "-s\ninline={'A': ['" + launchertest.Canaries["VARIABLE"] + "']}",
		"a bad parameter":   "-p\n" + launchertest.Canaries["VARIABLE"],
		"a bad YAML value":  "-p\nA=[" + launchertest.Canaries["VARIABLE"],
		"an env collision":  "--deliver\nenv\n-s\ninline={\"A-B\": \"" + launchertest.Canaries["VARIABLE"] + "\", \"A.B\": \"x\"}",
		"a dangerous name":  "--deliver\nenv\n-s\ninline={\"LD_PRELOAD\": \"" + launchertest.Canaries["VARIABLE"] + "\"}",
		"nothing wrong":     "",
		"no such command":   "",
		"the env delivery":  "--deliver\nenv",
		"missing, let pass": "--missing\nwarn\n-s\nenv=NOT_SET",
	}
	for name, flags := range broken {
		for _, command := range []string{"run", "explain"} {
			for _, log := range []string{"text", "json"} {
				t.Run(name+"/"+command+"/"+log, func(t *testing.T) {
					args, env := launchertest.CanaryRun(t)
					args = append(args, "--log", log)
					if flags != "" {
						args = append(args, strings.Split(flags, "\n")...)
					}
					handler := "true"
					if name == "no such command" {
						handler = "no-such-command"
					}
					got := launchertest.Run(t, env, "", slices.Concat([]string{command}, args, []string{"--", handler})...)
					require.NotEmpty(t, got.Stderr)
					launchertest.RequireNoCanary(t, "standard error", got.Stderr)
					launchertest.RequireNoCanary(t, "standard output", got.Stdout)
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
			path := launchertest.WriteFile(t, filepath.Join(t.TempDir(), name), strings.ReplaceAll(text, "@", canary))
			flag := []string{"--task", path}
			if !strings.HasSuffix(name, ".yaml") && !strings.HasSuffix(name, ".json") {
				flag = []string{"-s", "file=" + path}
			}
			got := launchertest.Run(t, nil, "", slices.Concat([]string{"run", "--verbose"}, flag, []string{"--", "true"})...)
			require.Equal(t, 125, got.Status, got.Stderr)
			if name == "twice.yaml" {
				return // a field's name is a name, and is said
			}
			for i := 0; i+5 <= len(canary); i++ {
				require.NotContains(t, got.Stderr, canary[i:i+5])
			}
		})
	}
}

// inMemory is a file that is opened by a descriptor of the directory in memory.
var inMemory = regexp.MustCompile(`openat\(\d+</dev/shm/launcher-[0-9a-z]+>, "`)

// TestNothingIsWrittenToDisk has the launcher and a Python handler run where
// every file that they open for writing is seen.
func TestNothingIsWrittenToDisk(t *testing.T) {
	strace := launchertest.Needs(t, "strace", "that nothing is written to disk")
	launchertest.NeedsRoot(t, "that nothing is written to disk: only root's strace can read file names of the launcher")
	for _, deliver := range []string{"stdin", "fd", "env", "files", "socket"} {
		args, env := launchertest.CanaryRun(t)
		trace := filepath.Join(t.TempDir(), "trace")
		cmd := exec.Command(strace, slices.Concat([]string{"-f", "-qq", "-y", "-e", "trace=openat,open,creat,memfd_create", "-o", trace,
			launchertest.Path("launcher"), "run", "--deliver", deliver}, args, []string{"--", "probe", "exit", "0"})...)
		cmd.Env = append(env, "PATH="+launchertest.Folder())
		got := launchertest.Finish(t, cmd)
		require.Zero(t, got.Status, got.Stderr)
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
