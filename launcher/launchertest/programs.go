package launchertest

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// folder holds the programs that Main built.
var folder string

// variable has the folder for a test binary that a test starts, and for a fuzz
// worker, which is one too.
const variable = "LAUNCHER_TEST_FOLDER"

// Main builds the real launcher, as the Makefile builds it, and programs of
// testdata that tests run as handlers, and runs a package's tests. The package's
// TestMain calls it.
func Main(m *testing.M, names ...string) {
	// Programs inherit only what a test gives them.
	_ = unix.CloseRange(3, 1<<31-1, unix.CLOSE_RANGE_CLOEXEC)
	if folder = os.Getenv(variable); folder != "" {
		os.Exit(m.Run())
	}
	os.Exit(buildAndRun(m, names))
}

func buildAndRun(m *testing.M, names []string) int {
	var err error
	if folder, err = os.MkdirTemp("", "launcher-test-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(folder) }()
	err = os.Chmod(folder, 0o755) // tests start programs as other users
	for _, name := range append([]string{"launcher"}, names...) {
		if err == nil {
			err = buildInto(folder, name)
		}
	}
	if err == nil {
		err = os.Setenv(variable, folder)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// buildInto builds a program and copies it into the folder in one piece, as an
// image's layer is unpacked: the file that the linker writes is slower to start.
func buildInto(folder, name string) error {
	linked := filepath.Join(folder, "linked")
	pkg := command
	if name != "launcher" {
		pkg = testdata + name
	}
	program, err := Program(pkg, linked)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, name), program, 0o755)
}

// Folder returns the folder that holds the programs Main built.
func Folder() string { return folder }

// Path returns the path of a program that Main built.
func Path(name string) string { return filepath.Join(folder, name) }

// Result is what a program printed, and its exit status.
type Result struct {
	Stdout, Stderr string
	Status         int
}

// Run runs the real launcher to its end with this environment and PATH. Its standard
// input is /dev/null if it has no text.
func Run(t testing.TB, env []string, stdin string, args ...string) Result {
	t.Helper()
	cmd := exec.Command(Path("launcher"), args...)
	cmd.Env = append([]string{"PATH=" + folder + ":" + os.Getenv("PATH")}, env...)
	if stdin != "" {
		cmd.Stdin = strings.NewReader(stdin)
	}
	return Finish(t, cmd)
}

// Finish runs a command to its end.
func Finish(t testing.TB, cmd *exec.Cmd) Result {
	t.Helper()
	NeedsNamespaces(t, cmd)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		require.NoError(t, err)
	}
	return Result{stdout.String(), stderr.String(), ExitStatus(cmd)}
}

// ExitStatus returns a command's exit status, 128+n if signal n ended it.
func ExitStatus(cmd *exec.Cmd) int {
	wait := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if wait.Signaled() {
		return 128 + int(wait.Signal())
	}
	return wait.ExitStatus()
}

// Command returns a program with its arguments: "launcher" is the real launcher, and
// PATH has the folder that Main filled.
func Command(args ...string) *exec.Cmd {
	if args[0] == "launcher" {
		args[0] = Path("launcher")
	}
	cmd := exec.Command(args[0], args[1:]...)
	if cmd.Err == nil && args[0] != "sh" {
		cmd.Args[0] = cmd.Path
	}
	cmd.Env = []string{"PATH=" + folder + ":" + os.Getenv("PATH")}
	return cmd
}

// LauncherCommand returns the real launcher with these arguments.
func LauncherCommand(args ...string) *exec.Cmd {
	return Command(append([]string{"launcher"}, args...)...)
}

// PID1Command returns a program as PID 1 with its own /proc, as a container has it: a
// shell mounts /proc and becomes the program.
func PID1Command(args ...string) *exec.Cmd {
	program := Command(args...)
	cmd := Command(append([]string{"sh", "-c", `mount -t proc proc /proc && exec "$@"`, "sh"}, program.Args...)...)
	cmd.SysProcAttr = PIDNamespace()
	cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWNS
	return cmd
}

// PIDNamespace makes a process PID 1 of its own namespace.
func PIDNamespace() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWPID,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
}

// AsUser makes a process run as a user.
func AsUser(uid uint32) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
}

// ProbeReport is what the probe says about its own process.
type ProbeReport struct {
	Descriptors map[string]string
	Environ     []string
	Args        []string
	Core        [2]uint64
}

// Probe runs a command that becomes the probe, and returns the probe's report.
func Probe(t *testing.T, cmd *exec.Cmd) ProbeReport {
	t.Helper()
	got := Finish(t, cmd)
	require.Zero(t, got.Status, got.Stderr)
	var p ProbeReport
	require.NoError(t, json.Unmarshal([]byte(got.Stdout), &p))
	return p
}
