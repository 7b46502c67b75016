package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/cluster/clustertest"
	"github.com/seed45446ece/launcher/cluster/clustertest/node"
	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// The images of the node, whose root file systems are folders.
const (
	launcherImage = "launcher:test"
	handlerImage  = "e2e-handler:test"
)

// world is a cluster in which the checks run.
type world struct {
	*testing.T
	*clustertest.Server
	folder string
}

func newWorld(t *testing.T) *world {
	const untested = "the checks of make e2e, on the project's own server"
	launchertest.Needs(t, "runc", untested)
	launchertest.NeedsRoot(t, untested)
	w := &world{t, clustertest.New(t), t.TempDir()}
	w.build("../../cmd/launcherctl", "launcherctl")
	w.build(".", "e2e")
	_, err := launchertest.Build(w.path("images/launcher/launcher"))
	require.NoError(t, err)
	w.build("./handler", "images/handler/handler")
	text, err := os.ReadFile("../../handler/python/launcher_context.py")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(w.path("images/launcher/launcher_context.py"), text, 0o644))
	require.NoError(t, exec.Command("chmod", "-R", "a+rX", w.path("images")).Run())
	if out, err := w.tryRunc(); err != nil { // not lacks: no package that CI could install changes what a machine allows
		t.Skipf("lacks: a machine that allows containers: %s: %v\n%s", untested, err, out)
	}
	node.Start(t, w.Server, map[string]string{launcherImage: w.path("images/launcher"), handlerImage: w.path("images/handler")})
	return w
}

func (w *world) path(name string) string { return filepath.Join(w.folder, name) }

func (w *world) build(pkg, name string) {
	w.Helper()
	require.NoError(w, os.MkdirAll(filepath.Dir(w.path(name)), 0o755))
	_, err := launchertest.Program(pkg, w.path(name))
	require.NoError(w, err)
}

// tryRunc runs a container in which nothing is of the launcher.
func (w *world) tryRunc() ([]byte, error) {
	bundle := w.path("try")
	require.NoError(w, os.MkdirAll(bundle, 0o755))
	require.NoError(w, os.WriteFile(bundle+"/config.json", []byte(`{"ociVersion":"1.0.2","process":{"user":{"uid":65532,"gid":65532},"args":["/handler","status","0"],"cwd":"/"},
		"root":{"path":"`+w.path("images/handler")+`","readonly":true},"mounts":[{"destination":"/proc","type":"proc","source":"proc"}],
		"linux":{"namespaces":[{"type":"pid"},{"type":"mount"},{"type":"network"}]}}`), 0o600))
	return exec.Command("runc", "--root", w.path("runc-try"), "run", "--bundle", bundle, "e2e-try").CombinedOutput()
}

// command is the program with the settings of a user.
func (w *world) command(only string, settings ...string) *exec.Cmd {
	cmd := exec.Command(w.path("e2e"))
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.folder, "TMPDIR=" + w.TempDir(), "KUBECONFIG=" + w.Kubeconfig(w.T), "LAUNCHERCTL=" + w.path("launcherctl"),
		"LAUNCHER_IMAGE=" + launcherImage, "LAUNCHER_E2E_HANDLER_IMAGE=" + handlerImage, "LAUNCHER_E2E_PARALLEL=2", "LAUNCHER_E2E_ONLY=" + only}, settings...)
	return cmd
}

// left returns the objects of the server that a run has left.
func (w *world) left() []string { return w.Paths("/api/v1/namespaces") }

// TestAgainstACluster is for "make e2e": no machine of CI has a cluster.
func TestAgainstACluster(t *testing.T) {
	t.Skip("lacks: a cluster: launcherctl on a real cluster, which make e2e tests with KUBECONFIG and LAUNCHER_IMAGE")
}

// TestTheChecks runs some of each area against the project's own server, with pods that
// are containers.
func TestTheChecks(t *testing.T) {
	w := newWorld(t)
	cmd := w.command(os.Getenv("E2E_TEST_ONLY"))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if os.Getenv("E2E_TEST_ONLY") != "" {
		cmd.Stdout = os.Stdout
	}
	err := cmd.Run()
	require.NoError(t, err, out.String())
	require.Empty(t, w.left())
	t.Log(out.String())
}

// TestAnInterruptLeavesNothing sends INT once checks run.
func TestAnInterruptLeavesNothing(t *testing.T) {
	w := newWorld(t)
	cmd := w.command("")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Start())
	for changed := w.Changed(); len(w.All("jobs")) == 0; changed = w.Changed() {
		select {
		case <-changed:
		case <-time.After(3 * time.Minute):
			require.Fail(t, "no Job", out.String())
		}
	}
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	_ = cmd.Wait()
	require.Equal(t, statusInterrupted, cmd.ProcessState.ExitCode(), out.String())
	require.Empty(t, w.left(), out.String())
	require.False(t, strings.Contains(out.String(), "FAILED"), out.String())
}
