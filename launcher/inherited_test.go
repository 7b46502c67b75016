package launcher_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// TestAHandlerHasTheDescriptorsOfEnv and the context's, and no other: neither one of
// the launcher's own nor one of its children's.
func TestAHandlerHasTheDescriptorsOfEnv(t *testing.T) {
	for name, start := range map[string]func(...string) *exec.Cmd{"": launchertest.Command, "as PID 1": launchertest.PID1Command} {
		for _, inherited := range [][]int{nil, {3, 5}, {3, 4, 5, 6, 7, 8, 9, 10, 11}} {
			want := descriptors(t, start("env", "probe", "process"), inherited)
			for _, flags := range []string{"stdin", "fd", "env", "files", "socket", "stdin --init always", "fd --init always", "fd --init never",
				"stdin --mask", "fd --mask", "socket --mask"} {
				args := append(append([]string{"launcher", "run", "--deliver"}, strings.Fields(flags)...), "--", "probe", "process")
				got := descriptors(t, start(args...), inherited)
				if strings.HasPrefix(flags, "stdin") {
					require.Contains(t, got["0"], "pipe:")
					got["0"] = want["0"]
				}
				want := maps.Clone(want)
				if strings.HasPrefix(flags, "fd") {
					want[map[int]string{0: "3", 2: "4", 9: "12"}[len(inherited)]] = "/memfd:launcher-context (deleted)"
				}
				require.Equal(t, want, got, "%s %s with %v", flags, name, inherited)
			}
		}
	}
}

func TestAnotherUserHasTheDescriptorsOfEnv(t *testing.T) {
	launchertest.NeedsRoot(t, "the descriptors of another user")
	want := descriptors(t, launchertest.Command("env", "probe", "process"), []int{3, 5})
	for _, flags := range []string{"env", "files", "socket", "env --mask"} {
		args := append(append([]string{"launcher", "run", "--user", "4242", "--deliver"}, strings.Fields(flags)...), "--", "probe", "process")
		require.Equal(t, want, descriptors(t, launchertest.Command(args...), []int{3, 5}), flags)
	}
}

// descriptors returns what the probe has open if it inherits a file at these numbers.
func descriptors(t *testing.T, cmd *exec.Cmd, inherited []int) map[string]string {
	t.Helper()
	file, err := os.Open("/etc/hostname")
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	for _, fd := range inherited {
		cmd.ExtraFiles = append(cmd.ExtraFiles, make([]*os.File, fd-3-len(cmd.ExtraFiles))...)
		cmd.ExtraFiles = append(cmd.ExtraFiles, file)
	}
	got := launchertest.Probe(t, cmd).Descriptors
	for _, output := range []string{"1", "2"} { // pipes of the test, or of --mask
		require.Contains(t, got[output], "pipe:")
		delete(got, output)
	}
	return got
}

// TestDescriptorsThatCarrySecretsInStayBehind is files in memory that the task, --local
// and a file source are read from.
func TestDescriptorsThatCarrySecretsInStayBehind(t *testing.T) {
	carrier := func(text string) *os.File {
		file, err := os.Open(launchertest.WriteFile(t, filepath.Join(t.TempDir(), "carrier"), text))
		require.NoError(t, err)
		t.Cleanup(func() { _ = file.Close() })
		return file
	}
	local, file, other := carrier("B=b"), carrier("C=c\nD=d"), carrier("")
	for flags, source := range map[string]string{
		"--deliver stdin": "{path: /proc/self/fd/5, format: lines}", "--deliver files": "/proc/self/fd/5",
		"--mask": "/proc/self/fd/5", "--deliver env": "{path: /proc/self/fd/5, secrets: [C]}",
	} {
		task := carrier(`spec: {secret_sources: [{kind: inline, source: {A: a}}, {kind: file, source: ` + source + `}]}`)
		cmd := launchertest.Command(append(append([]string{"launcher", "run"}, strings.Fields(flags)...),
			"--task", "/dev/fd/3", "--local", "/dev/fd/4", "--", "probe", "process")...)
		cmd.ExtraFiles = []*os.File{task, local, file, other}
		got := launchertest.Probe(t, cmd).Descriptors
		require.Equal(t, other.Name(), got["6"])
		for _, fd := range []string{"3", "4", "5"} {
			require.NotContains(t, got, fd, flags)
		}
	}
}

// TestSecretsOnStandardInputStayBehind if it is a file, which a handler could read
// again.
func TestSecretsOnStandardInputStayBehind(t *testing.T) {
	path := launchertest.WriteFile(t, filepath.Join(t.TempDir(), "secrets.txt"), "A=a\nB=b")
	task := launchertest.WriteFile(t, filepath.Join(t.TempDir(), "task.yaml"), "spec: {}")
	for _, flags := range []string{
		"--deliver fd -s file=/dev/stdin", "--deliver files --mask -s file=/dev/fd/0", "--deliver env --local /dev/stdin",
		"--deliver fd --init always -s file=/proc/self/fd/0", "--deliver fd --task -",
	} {
		name := path
		if strings.HasSuffix(flags, "-") {
			name = task
		}
		stdin, err := os.Open(name)
		require.NoError(t, err)
		cmd := launchertest.Command(append(append([]string{"launcher", "run"}, strings.Fields(flags)...), "--", "probe", "process")...)
		cmd.Stdin = stdin
		require.Equal(t, "/dev/null", launchertest.Probe(t, cmd).Descriptors["0"], flags)
		require.NoError(t, stdin.Close())
	}
}

// TestTheContextOfAnOuterLauncherStaysBehind in a launcher that it starts, unless its
// number is another file's by then.
func TestTheContextOfAnOuterLauncherStaysBehind(t *testing.T) {
	outer := []string{"launcher", "run", "--deliver", "fd", "-s", `inline={"KEY": "outer"}`, "--"}
	for _, flags := range []string{"env", "fd", "files", "env --mask"} {
		inner := append(append([]string{launchertest.Path("launcher"), "run", "--deliver"}, strings.Fields(flags)...), "--", "probe", "process")
		got := launchertest.Probe(t, launchertest.Command(append(outer, inner...)...)).Descriptors
		require.NotContains(t, got, "3", flags)
		inner = append([]string{"sh", "-c", `exec "$@" 3</etc/hostname`, "sh"}, inner...)
		got = launchertest.Probe(t, launchertest.Command(append(outer, inner...)...)).Descriptors
		require.Equal(t, "/etc/hostname", got["3"], flags)
	}
}

// TestTheDefaultDeliveryLosesNothing is each kind of standard input.
func TestTheDefaultDeliveryLosesNothing(t *testing.T) {
	dir := t.TempDir()
	task := launchertest.WriteFile(t, dir+"/task.yaml", "spec: {}")
	launchertest.WriteFile(t, dir+"/secrets.txt", "KEY=x")
	for _, c := range []struct{ name, script, want string }{
		{"/dev/null", `"$@" </dev/null`, "stdin"},
		{"closed", `"$@" <&-`, "stdin"},
		{"a file", `"$@" <task.yaml`, "fd:3"},
		{"an empty file", `: >empty; "$@" <empty`, "fd:3"},
		{"a directory", `"$@" <.`, "fd:3"},
		{"another device", `"$@" </dev/zero`, "fd:3"},
		{"a pipe", `: | "$@"`, "fd:3"},
		{"a FIFO", `mkfifo fifo; "$@" 0<>fifo`, "fd:3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := launchertest.Command("sh", "-c", c.script, "sh", "launcher", "run", "--", "sh", "-c", "echo $LAUNCHER_CONTEXT")
			cmd.Dir = dir
			require.Equal(t, launchertest.Result{Stdout: c.want + "\n"}, launchertest.Finish(t, cmd))
		})
	}
	t.Run("read by the launcher", func(t *testing.T) {
		for _, flags := range [][]string{{"--task", "-"}, {"--task", "/dev/stdin"}, {"-s", "file=/dev/stdin"}, {"-s", `file={"path": "/dev/stdin", "format": "lines"}`},
			{"-s", `file={"path": "/dev/fd/0", "secrets": ["KEY"]}`}, {"--local", "/dev/stdin"}} {
			cmd := launchertest.Command(append(append([]string{"launcher", "run"}, flags...), "--", "sh", "-c", "echo $LAUNCHER_CONTEXT")...)
			path := task
			if flags[0] != "--task" {
				path = dir + "/secrets.txt"
			}
			file, err := os.Open(path)
			require.NoError(t, err)
			cmd.Stdin = file
			require.Equal(t, launchertest.Result{Stdout: "stdin\n"}, launchertest.Finish(t, cmd), flags)
			require.NoError(t, file.Close())
		}
	})
	t.Run("a socket", func(t *testing.T) {
		ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		require.NoError(t, err)
		socket := os.NewFile(uintptr(ends[0]), "socket")
		defer func() { _, _ = socket.Close(), unix.Close(ends[1]) }()
		cmd := launchertest.Command("launcher", "run", "--", "sh", "-c", "echo $LAUNCHER_CONTEXT; readlink /proc/self/fd/0 | cut -d: -f1")
		cmd.Stdin = socket
		require.Regexp(t, `^fd:[3-9]\nsocket\n$`, launchertest.Finish(t, cmd).Stdout)
	})
	t.Run("a terminal", func(t *testing.T) {
		x := launchertest.StartOnTerminal(t, launchertest.Command("launcher", "run", "--", "sh", "-c", `echo "$LAUNCHER_CONTEXT"; read line; echo "read $line"`))
		x.Expect("fd:3")
		x.Type("text\n")
		x.Expect("read text")
		require.NoError(t, x.Cmd.Wait())
	})
}

// TestAPipelineOnATerminal has standard input that is a pipe and another program that
// reads the output.
func TestAPipelineOnATerminal(t *testing.T) {
	for _, flags := range []string{"", "--deliver files", "--init always", "--mask"} {
		x := launchertest.StartOnTerminal(t, launchertest.Command("sh", "-c", `echo x | launcher run `+flags+` -s inline='{"KEY":"v"}' -- sh -c 'cat; "$LAUNCHER_BIN" get-secret KEY' | sed s/^/seen:/; echo end`))
		x.Expect("seen:x\r\nseen:v")
		x.Expect("end")
		require.NoError(t, x.Cmd.Wait())
	}
}
