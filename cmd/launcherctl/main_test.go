package main_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/cluster/clustertest"
	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// bin is the folder of the real programs: launcherctl, under both its names,
// and the launcher that debug starts.
var bin string

// patience is how long a test waits for what ought to happen at once.
const patience = 30 * time.Second

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "launcherctl-test-")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	bin = dir
	_, err = launchertest.Build(filepath.Join(bin, "launcher"))
	if err == nil {
		_, err = launchertest.Program("../launcherctl", filepath.Join(bin, "launcherctl"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := os.Symlink("launcherctl", filepath.Join(bin, "kubectl-launcher")); err != nil {
		panic(err)
	}
	return m.Run()
}

// result is what became of one run of the program.
type result struct {
	stdout, stderr string
	status         int
}

// prepared is the program with the server's kubeconfig and nothing else in its
// environment.
func prepared(t testing.TB, kubeconfig string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(filepath.Join(bin, "launcherctl"), args...)
	cmd.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "KUBECONFIG=" + kubeconfig, "HOME=" + t.TempDir()}
	return cmd
}

// ctl runs the program against the server.
func ctl(t *testing.T, s *clustertest.Server, stdin string, args ...string) result {
	t.Helper()
	cmd := prepared(t, s.Kubeconfig(t), args...)
	cmd.Stdin = strings.NewReader(stdin)
	return finish(t, cmd)
}

func finish(t testing.TB, cmd *exec.Cmd) result {
	t.Helper()
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if ended := (*exec.ExitError)(nil); err != nil && !errors.As(err, &ended) {
		require.NoError(t, err)
	}
	return result{stdout.String(), stderr.String(), ended(cmd)}
}

// ended is the status of a program as a shell has it.
func ended(cmd *exec.Cmd) int {
	if wait := cmd.ProcessState.Sys().(syscall.WaitStatus); wait.Signaled() {
		return 128 + int(wait.Signal())
	}
	return cmd.ProcessState.ExitCode()
}

// write is a new file's path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}
