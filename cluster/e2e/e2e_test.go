package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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

// built is the folder of the programs and the images' root file systems.
var built string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "launcher-e2e-test-")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	built = dir
	for name, pkg := range map[string]string{"launcherctl": "../../cmd/launcherctl", "e2e": ".", "images/handler/handler": "./handler"} {
		if err == nil {
			_, err = launchertest.Program(pkg, filepath.Join(dir, name))
		}
	}
	if err == nil {
		_, err = launchertest.Build(filepath.Join(dir, "images/launcher/launcher"))
	}
	if err == nil {
		err = exec.Command("cp", "../../handler/python/launcher_context.py", filepath.Join(dir, "images/launcher")).Run()
	}
	if err == nil {
		err = exec.Command("chmod", "-R", "a+rX", dir).Run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func newWorld(t *testing.T) *world {
	const untested = "the checks of make e2e, on the project's own server"
	launchertest.Needs(t, "runc", untested)
	launchertest.NeedsRoot(t, untested)
	w := &world{t, clustertest.New(t), t.TempDir()}
	require.NoError(t, exec.Command("cp", "-R", built+"/.", w.folder).Run())
	if out, err := w.tryRunc(); err != nil { // not lacks: no package that CI could install changes what a machine allows
		t.Skipf("lacks: a machine that allows containers: %s: %v\n%s", untested, err, out)
	}
	node.Start(t, w.Server, map[string]string{launcherImage: w.path("images/launcher"), handlerImage: w.path("images/handler")})
	return w
}

func (w *world) path(name string) string { return filepath.Join(w.folder, name) }

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

// TestThePageNamesWhatIsTested finds each area and each variable in docs/e2e.md.
func TestThePageNamesWhatIsTested(t *testing.T) {
	page := launchertest.ReadFile(t, "../../docs/e2e.md")
	_, err := readSettings(func(name string) string {
		if name != "LAUNCHERCTL" { // set by tests
			require.Contains(t, page, "| `"+name+"` |")
		}
		return ""
	})
	require.Error(t, err)
	s := &suite{canaries: &canaries{}}
	for _, a := range append(append([]*area{s.secretsArea()}, s.middleAreas()...), s.lastAreas()...) {
		require.Contains(t, page, "| "+a.name+" |")
	}
}

// TestAgainstACluster is for "make e2e": no machine of CI has a cluster.
func TestAgainstACluster(t *testing.T) {
	t.Skip("lacks: a cluster: launcherctl on a real cluster, which make e2e tests with KUBECONFIG and LAUNCHER_IMAGE")
}

// quick selects checks of each area that take a second or two.
const quick = `: (a binary value|orphans|TERM|INT to run|out of memory|a Job|a CronJob|a Deployment|125 for a missing|126|127|128|130|124 is tried again, and|run --detach|the handler's own status|three pods|run with|` +
	`variable by stdin|mount by files|secret by fd|inline by env|env by socket|file by stdin|exec by fd)`

// TestTheChecks runs checks against the project's own server, with pods that are
// containers. LAUNCHER_TEST_E2E=. runs all.
func TestTheChecks(t *testing.T) {
	w := newWorld(t)
	cmd := w.command(cmp.Or(os.Getenv("LAUNCHER_TEST_E2E"), quick))
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	require.NoError(t, err)
	require.Empty(t, w.left())
	require.NotContains(t, string(out), "FAILED:")
	for _, area := range []string{"secrets", "manifest --into", "statuses", "restricted users", "processes and logs", "sources and deliveries", "canaries", "leftovers"} {
		require.Regexp(t, `(?m)^`+area+` +[1-9]\d* +0 `, string(out))
	}
}

// TestAFailedCheckIsTold and the others go on. The image has another launcher than it
// should: it lacks a file.
func TestAFailedCheckIsTold(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, os.Remove(w.path("images/launcher/launcher_context.py")))
	out, err := w.command(`126|127|inline by fd$`).CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "FAILED: statuses: 126 for a file that is not a program\n")
	require.Contains(t, string(out), "container handler: restarts 0, state terminated: 127")
	require.Regexp(t, `statuses +1 +1 `, string(out))
	require.Regexp(t, `sources and deliveries +1 +0 `, string(out))
	require.Empty(t, w.left())
}

// TestAClusterThatCannotBeTested expects a message before any check, with a hint.
func TestAClusterThatCannotBeTested(t *testing.T) {
	w := newWorld(t)
	w.Deny("create", "serviceaccounts/token")
	out, err := w.command(".").CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "this user may not: create serviceaccounts/token. The tests need an administrator")
	require.Empty(t, w.left())
	for setting, want := range map[string]string{"LAUNCHER_IMAGE=launcher": "no tag other than latest", "LAUNCHER_IMAGE=r:5000/launcher:latest": "no tag other than latest", "LAUNCHER_IMAGE=": "LAUNCHER_IMAGE is not set",
		"LAUNCHER_E2E_PARALLEL=x": "is not a number", "LAUNCHER_E2E_ONLY=(": "missing closing", "KUBECONFIG=/no-such-file": "the kubeconfig", "LAUNCHERCTL=/no-such-file": "run make launcherctl"} {
		out, err := w.command(".", setting).CombinedOutput()
		require.Error(t, err)
		require.Contains(t, string(out), want, setting)
	}
}

// TestAnInterruptLeavesNothing sends a signal once checks run. It comes twice, as make hands
// on the TERM that the whole process group gets.
func TestAnInterruptLeavesNothing(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
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
		require.NoError(t, cmd.Process.Signal(s))
		require.NoError(t, cmd.Process.Signal(s))
		_ = cmd.Wait() // the status is below
		require.Equal(t, statusInterrupted, cmd.ProcessState.ExitCode(), out.String())
		require.Empty(t, w.left(), out.String())
		require.NotContains(t, out.String(), "FAILED")
	}
}
