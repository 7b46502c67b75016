package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// processes are flags by which another process of the launcher reads the sources.
var processes = map[string]string{
	"one process":              "--deliver fd --init never",
	"the handler's process":    "--deliver fd --init always",
	"the companion":            "--deliver fd --mask",
	"the companion, by socket": "--deliver socket",
	"a directory":              "--deliver files",
}

const vaultAndProject = `{"spec": {"secret_sources": [
	{"kind": "kubernetes", "source": ["A"]},
	{"kind": "azure_vault", "source": {"name": "vault", "k8s_secret": "c", "secrets": ["B"]}}]}}`

func TestAPipeIsReadOnce(t *testing.T) {
	bash := launchertest.Needs(t, "bash", "<(command) as a source")
	const show = ` -- sh -c 'echo "$(launcher get-secret A)$(launcher get-secret B)"' `
	for name, flags := range processes {
		for source, script := range map[string]string{
			"<(command)":         "launcher run FLAGS -s file=<(printf 'A=1\\nB=2')" + show + "</dev/null",
			"standard input":     "printf 'A=1\\nB=2' | launcher run FLAGS -s file=/dev/stdin" + show,
			"one in two sources": "launcher run FLAGS --task " + launchertest.WriteFile(t, t.TempDir()+"/task.json", vaultAndProject) + " --local <(printf 'A=1\\nB=2')" + show + "</dev/null",
			"the task":           `launcher run FLAGS --task <(echo 'spec: {secret_sources: [{kind: inline, source: {A: 1, B: 2}}]}')` + show + "</dev/null",
			"twice":              "mkfifo fifo; printf 'A=1\\nB=2' >fifo & launcher run FLAGS -s file=./fifo -s file=fifo" + show + "</dev/null",
		} {
			t.Run(name+", "+source, func(t *testing.T) {
				t.Parallel()
				cmd := exec.Command(bash, "-c", strings.ReplaceAll(script, "FLAGS", flags))
				cmd.Dir = t.TempDir()
				cmd.Env = append(os.Environ(), "PATH="+launchertest.Folder()+":"+os.Getenv("PATH"))
				require.Equal(t, launchertest.Result{Stdout: "12\n"}, launchertest.Finish(t, cmd))
			})
		}
	}
}

// TestAPipeIsKeptForARefresh asks for a key again when its descriptor is closed.
func TestAPipeIsKeptForARefresh(t *testing.T) {
	bash := launchertest.Needs(t, "bash", "<(command) as a source")
	const run = "launcher run --deliver socket --refresh 1ns -s file=/dev/stdin -s file=<(echo B=2) -- sh -c 'for i in 1 2; do launcher get-secret A; launcher get-secret B; done'"
	for _, stdin := range []string{"echo A=1 | " + run, "echo A=1 >file; " + run + " <file"} {
		cmd := exec.Command(bash, "-c", stdin)
		cmd.Dir = t.TempDir()
		cmd.Env = append(os.Environ(), "PATH="+launchertest.Folder()+":"+os.Getenv("PATH"))
		require.Equal(t, launchertest.Result{Stdout: "1212"}, launchertest.Finish(t, cmd))
	}
}

func TestExplainReadsAPipe(t *testing.T) {
	bash := launchertest.Needs(t, "bash", "<(command) as a source")
	cmd := exec.Command(bash, "-c", "launcher explain -s file=<(echo A=1) --local <(echo B=2)")
	cmd.Env = append(os.Environ(), "PATH="+launchertest.Folder()+":"+os.Getenv("PATH"))
	got := launchertest.Finish(t, cmd)
	require.Zero(t, got.Status, got.Stderr)
	require.Regexp(t, `(?m)^A +file +/dev/fd/\d+:1 +found`, got.Stdout)
	require.Regexp(t, `(?m)^B +kubernetes +/dev/fd/\d+:1 +found`, got.Stdout)
}

// TestAPipeOfAnotherUserIsRead is a container's standard input, which root made.
func TestAPipeOfAnotherUserIsRead(t *testing.T) {
	launchertest.NeedsRoot(t, "standard input that another user made")
	cmd := launchertest.LauncherCommand("run", "-s", "file=/dev/stdin", "--deliver", "env", "--", "sh", "-c", "echo $A")
	cmd.SysProcAttr = launchertest.AsUser(65532)
	cmd.Stdin = strings.NewReader("A=1\n")
	require.Equal(t, launchertest.Result{Stdout: "1\n"}, launchertest.Finish(t, cmd))
}

// A FIFO that nobody writes to is a temporary failure: the writer may be late.
func TestAFIFOWithoutAWriterEndsAtTheDeadline(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	for name, flags := range processes {
		for flag, want := range map[string]string{
			"-s=file=" + path: `--secrets file: file: "` + path + `" was not read completely before the deadline`,
			"--local=" + path: `the task: kubernetes: --local: "` + path + `" was not read completely before the deadline`,
			"--task=" + path:  "--task: " + path + " was not read before the deadline",
		} {
			t.Run(name+", "+flag[:3], func(t *testing.T) {
				t.Parallel()
				args := append(append([]string{"run"}, strings.Fields(flags)...), flag, "--timeout", "200ms", "--", "true")
				got := launchertest.Run(t, nil, "", args...)
				require.Equal(t, launchertest.Result{Status: 124, Stderr: "launcher: " + want + "\n"}, got)
			})
		}
	}
}

func TestTERMEndsALauncherThatWaitsForAWriter(t *testing.T) {
	for name, flags := range processes {
		for as, pid1 := range map[string]bool{"": false, ", as PID 1": true} {
			t.Run(name+as, func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "fifo")
				require.NoError(t, syscall.Mkfifo(path, 0o600))
				args := append(append([]string{"run"}, strings.Fields(flags)...), "-s", "file="+path, "--", "true")
				cmd := launchertest.LauncherCommand(args...)
				if pid1 {
					cmd = launchertest.PID1Command(append([]string{"launcher"}, args...)...)
					launchertest.NeedsNamespaces(t, cmd)
				}
				require.NoError(t, cmd.Start())
				var writer *os.File
				launchertest.Eventually(t, "the launcher reads the FIFO", func() (opened bool) {
					var err error
					writer, err = os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
					return err == nil
				})
				require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
				_ = cmd.Wait()
				require.Equal(t, 143, launchertest.ExitStatus(cmd))
				require.NoError(t, writer.Close())
			})
		}
	}
}
