package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// confined is a container as a cluster's strictest profile has it, Kubernetes'
// "restricted" and a root file system that nobody writes to. The limits are
// low, as to raise one takes CAP_SYS_RESOURCE.
var confined = []string{"--network", "none", "--read-only", "--cap-drop", "all", "--security-opt", "no-new-privileges",
	"--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096"}

const nobody = "65534:65534"

// containers is a store of images of its own, and what builds and runs them.
type containers struct {
	*testing.T
	dir string
}

// newContainers has two images: launcher, from the project's Dockerfile, and
// handler, which takes the file from it as the README says. Whether the machine
// allows containers at all is tried with a third, where nothing is ours.
func newContainers(t *testing.T) *containers {
	t.Helper()
	const untested = "the image, built and run"
	for _, program := range []string{"buildah", "podman", "runc"} {
		launchertest.Needs(t, program, untested)
	}
	if os.Getuid() != 0 {
		launchertest.Lacks(t, "root", untested)
	}
	c := &containers{t, t.TempDir()}
	c.write("containers.conf", []byte(fmt.Sprintf(`[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "none"
lock_type = "file"
tmp_dir = %q
`, c.dir+"/libpod")))
	c.copy("probe/probe", launchertest.Path("probe"))
	c.write("probe/Dockerfile", []byte("FROM scratch\nCOPY probe /probe\n"))
	out, err := c.build("probe", c.dir+"/probe")
	if err == nil {
		out, err = c.run("probe", "--user", nobody, "/probe", "exit", "0").CombinedOutput()
	}
	if err != nil { // not lacks: no package that CI could install changes what a machine allows
		t.Skipf("lacks: a machine that allows containers: %s: %v\n%s", untested, err, out)
	}
	c.buildImages()
	return c
}

// buildImages has the result of the Dockerfile's first stage, "make build" in
// an image that only a registry has, from the tests' own build.
func (c *containers) buildImages() {
	c.Helper()
	c.copy("built/src/build/launcher", launchertest.Path("launcher"))
	c.copy("built/src/handler/python/launcher_context.py", "../../handler/python/launcher_context.py")
	c.copy("built/src/handler/node/launcher-context.cjs", "../../handler/node/launcher-context.cjs")
	out, err := c.build("launcher", "--build-context", "build="+c.dir+"/built", "../..")
	require.NoError(c, err, string(out))
	c.write("probe/Dockerfile", []byte("FROM localhost/probe\nCOPY --from=localhost/launcher /launcher /launcher\n"+
		"USER 65532\nENTRYPOINT [\"/launcher\", \"run\", \"--\"]\n"))
	out, err = c.build("handler", c.dir+"/probe")
	require.NoError(c, err, string(out))
}

func (c *containers) copy(to, from string) {
	c.Helper()
	text, err := os.ReadFile(from)
	require.NoError(c, err)
	c.write(to, text)
}

func (c *containers) write(name string, text []byte) {
	c.Helper()
	name = filepath.Join(c.dir, name)
	require.NoError(c, os.MkdirAll(filepath.Dir(name), 0o755))
	require.NoError(c, os.WriteFile(name, text, 0o755))
}

func (c *containers) build(image string, args ...string) ([]byte, error) {
	flags := []string{"build", "--quiet", "--pull-never", "--isolation", "chroot", "--tag", "localhost/" + image}
	return c.command("buildah", append(flags, args...)...).CombinedOutput()
}

// run is a confined container: flags of podman's with an argument each, then the
// command.
func (c *containers) run(image string, args ...string) *exec.Cmd {
	flags := append([]string{"run", "--rm", "--interactive", "--log-driver", "none", "--pull", "never"}, confined...)
	for strings.HasPrefix(args[0], "--") {
		flags, args = append(flags, args[0], args[1]), args[2:]
	}
	return c.command("podman", append(append(flags, "localhost/"+image), args...)...)
}

// extract returns a copy of an image's folder.
func (c *containers) extract(image, folder string) string {
	c.Helper()
	to := c.TempDir()
	out, err := c.command("podman", "create", "--pull", "never", "--name", "extracted", "localhost/"+image).CombinedOutput()
	require.NoError(c, err, string(out))
	out, err = c.command("podman", "cp", "extracted:"+folder, to).CombinedOutput()
	require.NoError(c, err, string(out))
	return filepath.Join(to, filepath.Base(folder))
}

func (c *containers) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, append([]string{"--root", c.dir + "/root", "--runroot", c.dir + "/run", "--storage-driver", "vfs"}, args...)...)
	cmd.Env = append(os.Environ(), "CONTAINERS_CONF="+c.dir+"/containers.conf")
	return cmd
}

func TestTheImageInAContainer(t *testing.T) {
	c := newContainers(t)
	task, err := json.Marshal(map[string]any{"spec": map[string]any{"secret_sources": []any{
		map[string]any{"kind": "kubernetes", "source": []string{"TOKEN"}},
		map[string]any{"kind": "file", "source": "/secrets/app.txt"},
	}}})
	require.NoError(t, err)
	secrets := t.TempDir()
	require.NoError(t, os.Chmod(secrets, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(secrets, "app.txt"), []byte("PASSWORD=from a volume\n"), 0o444))
	sources := []string{"--env", "MLRUN_EXEC_CONFIG=" + string(task), "--env", "MLRUN_K8S_SECRET__TOKEN=from the cluster", "--volume", secrets + ":/secrets:ro"}

	for _, deliver := range []string{"stdin", "fd", "env", "files", "socket"} {
		for key, want := range map[string]string{"TOKEN": "from the cluster", "PASSWORD": "from a volume"} {
			args := append([]string{"--user", nobody, "--env", "LAUNCHER_DELIVER=" + deliver}, sources...)
			require.Equal(t, launchertest.Result{Stdout: want}, launchertest.Finish(t, c.run("handler", append(args, "/probe", "secret", key)...)), deliver)
			args = append(args, "--env", "LAUNCHER_MASK=true")
			require.Equal(t, launchertest.Result{Stdout: "***"}, launchertest.Finish(t, c.run("handler", append(args, "/probe", "secret", key)...)), deliver)
		}
	}
	for want, command := range map[int][]string{42: {"/probe", "exit", "42"}, 137: {"/probe", "kill", "9"}, 127: {"/no-command"}} {
		require.Equal(t, want, launchertest.Finish(t, c.run("handler", append([]string{"--user", nobody}, command...)...)).Status, command)
	}

	vault := `MLRUN_EXEC_CONFIG={"spec": {"secret_sources": [{"kind": "azure_vault", "source": {"name": "my-vault", "secrets": ["A"]}}]}}`
	got := launchertest.Finish(t, c.run("handler", "--user", nobody, "--env", vault, "/probe", "exit", "0"))
	require.Equal(t, 125, got.Status)
	require.Contains(t, got.Stderr, "credential", "the second program runs from memory, and has none")

	tools := t.TempDir()
	require.NoError(t, os.Chmod(tools, 0o777))
	require.Equal(t, launchertest.Result{}, launchertest.Finish(t, c.run("launcher", "--user", nobody, "--volume", tools+":/tools", "--entrypoint", "/launcher", "install", "/tools")))
	require.FileExists(t, filepath.Join(tools, "launcher"))

	licenses := c.extract("launcher", "/licenses")
	for _, name := range []string{"LICENSE", "THIRD_PARTY_LICENSES.txt"} {
		require.Equal(t, launchertest.ReadFile(t, "../../"+name), launchertest.ReadFile(t, filepath.Join(licenses, name)))
	}
}

// TestTheImageAsPID1 is looked at from outside, by /proc.
func TestTheImageAsPID1(t *testing.T) {
	c := newContainers(t)
	for _, user := range []string{nobody, "65532:65532"} { // the second is the image's own
		args := []string{"--name", "counting", "--env", "LAUNCHER_DELIVER=files", "--env", "MLRUN_K8S_SECRET__TOKEN=x"}
		if user == nobody {
			args = append(args, "--user", user)
		}
		count := launchertest.Start(t, c.run("handler", append(args, "/probe", "count")...))
		require.Equal(t, "ready", count.Line())
		out, err := c.command("podman", "inspect", "--format", "{{.State.Pid}}", "counting").Output()
		require.NoError(t, err, count.Messages())
		pid, err := strconv.Atoi(strings.TrimSpace(string(out)))
		require.NoError(t, err)
		handlers := launchertest.Children(t, pid)
		require.NotEmpty(t, handlers)
		uid, _, _ := strings.Cut(user, ":")
		for _, pid := range append(handlers, pid) {
			require.Equal(t, strings.TrimSuffix(strings.Repeat(uid+"\t", 4), "\t"), launchertest.StatusField(pid, "Uid"))
			for _, set := range []string{"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"} {
				require.Equal(t, "0000000000000000", launchertest.StatusField(pid, set), set)
			}
			require.Equal(t, "1", launchertest.StatusField(pid, "NoNewPrivs"))
		}
		require.ErrorIs(t, os.WriteFile(fmt.Sprintf("/proc/%d/root/written", pid), nil, 0o600), syscall.EROFS)
		delivered, err := filepath.Glob(fmt.Sprintf("/proc/%d/root/dev/shm/*/TOKEN", pid))
		require.NoError(t, err)
		require.Len(t, delivered, 1)

		for n := range 3 {
			require.NoError(t, c.command("podman", "kill", "--signal", "INT", "counting").Run())
			require.Equal(t, fmt.Sprintf("got-%d", n+1), count.Line())
		}
		require.NoError(t, c.command("podman", "kill", "--signal", "TERM", "counting").Run())
		status, rest := count.End()
		require.Equal(t, 143, status, count.Messages())
		require.Empty(t, rest)
	}
}
