package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkStart is the time from the start of a process to the end of
// /bin/true as its handler, with ten local secrets by each source. Each
// iteration runs a Go program that only execs as well, just before, and the
// launcher's second program just after, as it would be without a first, so that
// the ratio of two medians holds on a machine whose speed changes.
//
// By vault it is the time to the answer that a vault is not read yet: what the
// change from one program to the other costs.
func BenchmarkStart(b *testing.B) {
	dir := b.TempDir()
	var lines, names, environ []string
	for i := range 10 {
		name := fmt.Sprintf("SECRET_%d", i)
		lines = append(lines, name+"=value")
		names = append(names, strconv.Quote(name))
		environ = append(environ, "MLRUN_K8S_SECRET__"+name+"=value")
	}
	task := `{"spec": {"secret_sources": [{"kind": "kubernetes", "source": [` + strings.Join(names, ", ") + `]}]}}`
	for name, text := range map[string]string{
		"secrets.txt": strings.Join(lines, "\n"), "app.env": strings.Join(lines, "\n"), "task.yaml": "# YAML\n" + task,
	} {
		require.NoError(b, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	for _, c := range []struct {
		name string
		env  []string
		args []string
	}{
		{"no-secret", nil, nil},
		{"lines", nil, []string{"-s", "file=" + dir + "/secrets.txt"}},
		{"dotenv", nil, []string{"-s", "file=" + dir + "/app.env"}},
		{"exec-config", append(environ, "MLRUN_EXEC_CONFIG="+task), nil},
		{"yaml-task", environ, []string{"--task", dir + "/task.yaml"}},
		{"vault", nil, []string{"-s", vaultFlag}},
	} {
		b.Run("via="+c.name, func(b *testing.B) {
			var bare, ours, second []time.Duration
			status := 0
			if c.name == "vault" {
				status = 125
			}
			args := append(append([]string{"run"}, c.args...), "--", "/bin/true")
			for b.Loop() {
				bare = append(bare, timed(b, 0, c.env, "bare", "/bin/true"))
				ours = append(ours, timed(b, status, c.env, "launcher", args...))
				second = append(second, timed(b, status, c.env, "second", args...))
			}
			b.ReportMetric(median(bare).Seconds()*1000, "ms-bare")
			b.ReportMetric(median(ours).Seconds()*1000, "ms-launcher")
			b.ReportMetric(median(second).Seconds()*1000, "ms-second")
			b.ReportMetric(float64(median(ours))/float64(median(bare)), "ratio")
			b.ReportMetric(float64(median(second))/float64(median(bare)), "ratio-second")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkInit is the start as PID 1 of a namespace, where the launcher stays,
// beside that with --init never, run in turn.
func BenchmarkInit(b *testing.B) {
	run := func(init string) time.Duration {
		cmd := launcherCommand("run", "--init", init, "--", "/bin/true")
		cmd.SysProcAttr = pidNamespace()
		from := time.Now()
		require.NoError(b, cmd.Run())
		return time.Since(from)
	}
	var never, auto []time.Duration
	for b.Loop() {
		never = append(never, run("never"))
		auto = append(auto, run("auto"))
	}
	b.ReportMetric(median(never).Seconds()*1000, "ms-never")
	b.ReportMetric(median(auto).Seconds()*1000, "ms-pid1")
	b.ReportMetric(float64(median(auto))/float64(median(never)), "ratio")
	b.ReportMetric(0, "ns/op")
}

func timed(b *testing.B, status int, env []string, name string, args ...string) time.Duration {
	cmd := exec.Cmd{Path: filepath.Join(bin, name), Args: append([]string{name}, args...), Env: append(env, "PATH=/bin")}
	from := time.Now()
	_ = cmd.Run()
	took := time.Since(from)
	require.Equal(b, status, cmd.ProcessState.ExitCode())
	return took
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

// BenchmarkMemory is the peak resident memory of a run up to the end of its
// handler, /bin/true, which takes less; by vault to the answer, through both
// programs.
func BenchmarkMemory(b *testing.B) {
	inline := []string{"run", "-s", "inline={'A': 'x'}", "--", "/bin/true"}
	for of, args := range map[string][]string{
		"bare": {"bare", "/bin/true"}, "launcher": append([]string{"launcher"}, inline...), "second": append([]string{"second"}, inline...),
		"launcher-vault": {"launcher", "run", "-s", vaultFlag, "--", "/bin/true"}, "second-vault": {"second", "run", "-s", vaultFlag, "--", "/bin/true"},
	} {
		b.Run("of="+of, func(b *testing.B) {
			var peak int
			for b.Loop() {
				out, err := exec.Command(filepath.Join(bin, "peak"), append([]string{filepath.Join(bin, args[0])}, args[1:]...)...).Output()
				require.NoError(b, err)
				kib, err := strconv.Atoi(strings.TrimSpace(string(out)))
				require.NoError(b, err)
				peak = max(peak, kib)
			}
			b.ReportMetric(float64(peak)/1024, "MiB-peak")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkSize is the programs' sizes.
func BenchmarkSize(b *testing.B) {
	for _, name := range []string{"bare", "first", "second", "launcher"} {
		b.Run("of="+name, func(b *testing.B) {
			info, err := os.Stat(filepath.Join(bin, name))
			require.NoError(b, err)
			for b.Loop() {
			}
			b.ReportMetric(float64(info.Size())/1e6, "MB")
			b.ReportMetric(0, "ns/op")
		})
	}
}
