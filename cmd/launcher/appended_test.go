package main_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/appended"
	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// vaultFlag is a flag that only the second program can do something with.
const vaultFlag = `azure_vault={"name": "my-vault", "secrets": ["db-password"]}`

const vaultTask = `{"spec": {"secret_sources": [{"kind": "azure_vault", "source": {"name": "my-vault"}}]}}`

func bytesOf(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(bin, name))
	require.NoError(t, err)
	return text
}

// program writes a program in a folder of its own that everybody may look into.
func program(t *testing.T, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "launcher")
	require.NoError(t, os.WriteFile(path, text, 0o755))
	return path
}

// started is what the probe says where it is the second program.
type started struct {
	PID                  int
	Args, Environ        []string
	Descriptors          map[string]string
	Core                 [2]uint64
	Input, Stdin, Parent string
	Handed               bool
}

// probeBehind is the launcher with the probe in the place of its second program.
func probeBehind(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := launcherCommand(args...)
	cmd.Path = program(t, appended.Join(bytesOf(t, "first"), bytesOf(t, "probe")))
	return cmd
}

func secondOf(t *testing.T, cmd *exec.Cmd) started {
	t.Helper()
	got := finish(t, cmd)
	require.Zero(t, got.status, got.stderr)
	var s started
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &s))
	return s
}

// TestTheSecondProgramIsGivenAllThatTheFirstWas has a task in a file, and
// standard input and more descriptors that are nobody's to touch.
func TestTheSecondProgramIsGivenAllThatTheFirstWas(t *testing.T) {
	open, err := os.Open("/etc/hostname")
	require.NoError(t, err)
	defer func() { _ = open.Close() }()
	task := write(t, t.TempDir()+"/task.json", vaultTask)
	for _, cmd := range []*exec.Cmd{
		probeBehind(t, "run", "--task", task, "-p", "a=", "--", "echo", "", "--", "-x\n"),
		probeBehind(t, "run", "-s", vaultFlag, "--handler", "handler.py:f"),
	} {
		cmd.Env = append(cmd.Env, "EMPTY=", "LAUNCHER_VERBOSE=", "LINES=a\nb", "not a variable", "MLRUN_K8S_SECRET__A=secret")
		cmd.Stdin = strings.NewReader("the user's")
		cmd.ExtraFiles = []*os.File{open, open}
		write(t, filepath.Dir(cmd.Path)+"/handler.py", "")
		cmd.Dir = filepath.Dir(cmd.Path)
		got := secondOf(t, cmd)
		require.Equal(t, descriptorsOf(t, cmd), slices.Sorted(maps.Keys(got.Descriptors)), got.Descriptors)
		require.Equal(t, "/etc/hostname", got.Descriptors["4"])
		require.Equal(t, cmd.Process.Pid, got.PID)
		require.Equal(t, cmd.Args, got.Args)
		require.Equal(t, cmd.Env, got.Environ)
		require.False(t, got.Handed)
		require.Equal(t, "the user's", got.Stdin)
		require.EqualValues(t, 1, got.Core[0])
		require.Equal(t, "0 errno 0", got.Parent)
	}
}

// descriptorsOf is what the probe has open where nothing is between it and who
// starts cmd.
func descriptorsOf(t *testing.T, cmd *exec.Cmd) []string {
	t.Helper()
	bare := exec.Command(filepath.Join(bin, "bare"), filepath.Join(bin, "probe"), "run")
	bare.Stdin, bare.ExtraFiles = strings.NewReader(""), cmd.ExtraFiles
	return slices.Sorted(maps.Keys(secondOf(t, bare).Descriptors))
}

// TestTheSecondProgramEndsWithItsParent is PR_SET_PDEATHSIG, which only the
// first thread hands on.
func TestTheSecondProgramEndsWithItsParent(t *testing.T) {
	runtime.LockOSThread() // the parent is a thread
	defer runtime.UnlockOSThread()
	cmd := probeBehind(t, "run", "-s", vaultFlag, "--", "true")
	for range 20 {
		again := &exec.Cmd{Path: cmd.Path, Args: cmd.Args, Env: cmd.Env, SysProcAttr: &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}}
		require.Equal(t, "9 errno 0", secondOf(t, again).Parent)
	}
}

// TestTheSecondProgramReadsTheTaskOfStandardInput of any size; what standard
// input is stays as it was.
func TestTheSecondProgramReadsTheTaskOfStandardInput(t *testing.T) {
	for _, size := range []int{0, 1 << 20, 10 << 20} {
		cmd := probeBehind(t, "run", "--task", "-", "--deliver", "env", "--", "true")
		task := vaultTask + strings.Repeat("\n", size)
		cmd.Stdin = strings.NewReader(task)
		got := secondOf(t, cmd)
		require.True(t, got.Handed)
		require.True(t, task == got.Input)
		require.Contains(t, got.Descriptors["0"], "pipe:")
		require.Empty(t, got.Stdin)
	}
}

// TestTwoProgramsAnswerAsOne is all that a user can tell them apart by.
func TestTwoProgramsAnswerAsOne(t *testing.T) {
	for _, args := range [][]string{
		{"run", "-s", vaultFlag, "--", "true"},
		{"explain", "-s", vaultFlag},
		{"explain", "--json", "--task", "-"},
		{"run", "--task", "-", "--", "true"},
		{"run", "--task", "-", "--", "no-such-command"},
		{"run", "--task", "-", "--log", "json", "--quiet", "--", "true"},
		{"run", "--task", "-", "--missing", "warn", "-s", "env=MISSING", "--", "true"},
		{"run", "--task", "-", "-s", "nothing=x", "-p", "x", "--", "true"},
		{"run", "--task", "-", "--local", "/no/such/file", "--", "true"},
		{"run", "--task", "-"},
	} {
		var got []result
		for _, name := range []string{"launcher", "second"} {
			cmd := exec.Command(filepath.Join(bin, name), args...)
			cmd.Env = []string{"PATH=/bin:/usr/bin", "MLRUN_EXEC_CONFIG={"} // of which a warning is due, once
			cmd.Stdin = strings.NewReader(vaultTask)
			got = append(got, finish(t, cmd))
		}
		require.Equal(t, got[1], got[0], args)
		require.NotZero(t, got[0].status)
	}
}

// TestATaskWithoutAVaultNeedsTheFirstProgramAlone breaks the second in each way,
// and asks for it.
func TestATaskWithoutAVaultNeedsTheFirstProgramAlone(t *testing.T) {
	whole := bytesOf(t, "launcher")
	end := len(whole) - 16
	offset := binary.LittleEndian.Uint64(whole[end:])
	number := func(at int, n uint64) []byte {
		broken := append([]byte{}, whole...)
		binary.LittleEndian.PutUint64(broken[at:], n)
		return broken
	}
	for name, text := range map[string][]byte{
		"nothing is behind it": bytesOf(t, "first"),
		"the end is missing":   whole[:len(whole)-1],
		"half is missing":      whole[:len(whole)-5<<20],
		"more follows":         append(append([]byte{}, whole...), 0),
		"offset of 0":          number(end, 0),
		"offset past the end":  number(end, 1<<62),
		"negative offset":      number(end, 1<<63),
		"length of 0":          number(end+8, 0),
		"length of all":        number(end+8, uint64(len(whole))),
		"negative length":      number(end+8, 1<<63),
		"one byte short":       number(end+8, uint64(end)-16-offset-1),
	} {
		t.Run(name, func(t *testing.T) {
			path := program(t, text)
			cmd := exec.Command(path, "run", "-s", "inline={'A': 'x'}", "--", filepath.Join(bin, "probe"), "secret", "A")
			require.Equal(t, result{stdout: "x"}, finish(t, cmd))
			cmd = exec.Command(path, "run", "-s", vaultFlag, "--local", write(t, filepath.Dir(path)+"/local.env", "DB_PASSWORD=y"),
				"--", filepath.Join(bin, "probe"), "secret", "db-password")
			require.Equal(t, result{stdout: "y"}, finish(t, cmd))
			require.Equal(t, result{status: 125, stderr: "launcher: azure_vault: this file holds no second program, or not all of it\n" +
				"hint: take one from make build, go install or go build ./cmd/launcher, and do not strip it\n"},
				finish(t, exec.Command(path, "run", "-s", vaultFlag, "--", "true")))
		})
	}
}

// TestInstallTakesBothPrograms runs what it made.
func TestInstallTakesBothPrograms(t *testing.T) {
	dir := t.TempDir()
	require.Equal(t, result{}, start(t, nil, "", "install", dir))
	require.True(t, read(t, dir+"/launcher") == string(bytesOf(t, "launcher")))
	got := finish(t, exec.Command(dir+"/launcher", "run", "-s", vaultFlag, "--", "true"))
	require.Equal(t, start(t, nil, "", "run", "-s", vaultFlag, "--", "true"), got)
	require.NotContains(t, got.stderr, "second program")
}

// TestNoMemoryToRunFrom is a node with vm.memfd_noexec=2, which is a PID
// namespace's own (Documentation/admin-guide/sysctl/vm.rst).
func TestNoMemoryToRunFrom(t *testing.T) {
	cmd := launcherCommand()
	cmd.Path = needs(t, "sh", "a node that runs no program from memory")
	cmd.Args = []string{"sh", "-c", `echo 2 2>/dev/null >/proc/sys/vm/memfd_noexec || exit 99; exec launcher run -s "$0" -- true`, vaultFlag}
	cmd.SysProcAttr = pidNamespace()
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Run(); cmd.ProcessState == nil || cmd.ProcessState.ExitCode() == 99 {
		launchertest.Lacks(t, "vm.memfd_noexec of a PID namespace", "a node that runs no program from memory: "+fmt.Sprint(err))
	}
	require.Equal(t, 125, cmd.ProcessState.ExitCode())
	require.Regexp(t, "^launcher: azure_vault: the second program of this file cannot run from memory: permission denied\nhint: .*go build.*\n$", stderr.String())
}

// TestAnyUserRunsTheSecondProgram is nobody, for whom the files in /proc of a
// program that is not dumpable are root's; and a launcher that may be run and
// not read.
func TestAnyUserRunsTheSecondProgram(t *testing.T) {
	if os.Getuid() != 0 {
		launchertest.Lacks(t, "root", "the second program for another user")
	}
	require.NoError(t, os.Chmod(bin, 0o755))
	dir, err := os.MkdirTemp("/tmp", "launcher-test-")
	require.NoError(t, err)
	defer func() { _ = os.RemoveAll(dir) }()
	require.NoError(t, os.Chmod(dir, 0o755))
	require.NoError(t, os.WriteFile(dir+"/launcher", bytesOf(t, "launcher"), 0o711))
	for path, want := range map[string]string{
		bin + "/launcher": "^launcher: --secrets azure_vault: azure_vault: (vault \"my-vault\": )?no credentials: ",
		dir + "/launcher": "^launcher: azure_vault: open /proc/self/exe: permission denied\nhint: .*leave to read its own file",
	} {
		cmd := exec.Command(path, "run", "-s", vaultFlag, "--", "true")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		got := finish(t, cmd)
		require.Equal(t, 125, got.status)
		require.Regexp(t, want, got.stderr)
	}
}

// TestTermBetweenThePrograms is TERM at any moment from when the launcher has
// its task to the end.
func TestTermBetweenThePrograms(t *testing.T) {
	seen := map[int]int{}
	for i := range 100 {
		cmd := launcherCommand("run", "--task", "-", "--", "echo", "started")
		stdin, task, err := os.Pipe()
		require.NoError(t, err)
		cmd.Stdin = stdin
		require.NoError(t, cmd.Start())
		_, err = io.WriteString(task, vaultTask)
		require.NoError(t, err)
		waitUntilRead(t, stdin)
		require.NoError(t, task.Close())
		for range i * 200 { // a little later each time
			_ = syscall.Getppid()
		}
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		_ = cmd.Wait()
		require.NoError(t, stdin.Close())
		if wait := cmd.ProcessState.Sys().(syscall.WaitStatus); wait.Signaled() {
			require.Equal(t, syscall.SIGTERM, wait.Signal())
			seen[143]++
		} else {
			require.Equal(t, 125, wait.ExitStatus(), "it had its answer")
		}
	}
	require.NotZero(t, seen[143])
}

// TestTheSecondProgramWatchesAsPID1 starts it by itself, as the first has read
// all that it could wait for.
func TestTheSecondProgramWatchesAsPID1(t *testing.T) {
	stderr := requireEnded(t, contained("second", "run", "--task", "-", "--", "echo", "started"), syscall.SIGTERM)
	require.Equal(t, "launcher: ended by SIGTERM while resolving; the handler was not started\n", stderr)
}
