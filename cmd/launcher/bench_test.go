package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkStart is the time from the start of a process to the end of
// /bin/true as its handler: a Go program that only execs, and the launcher
// with ten local secrets by each source. Compare within one run.
func BenchmarkStart(b *testing.B) {
	dir := b.TempDir()
	var lines, environ []string
	for i := range 10 {
		lines = append(lines, fmt.Sprintf("SECRET_%d=value-%d", i, i))
		environ = append(environ, fmt.Sprintf("MLRUN_K8S_SECRET__SECRET_%d=value-%d", i, i))
	}
	text := []byte(strings.Join(lines, "\n"))
	for _, name := range []string{"secrets.txt", "app.env"} {
		require.NoError(b, os.WriteFile(filepath.Join(dir, name), text, 0o600))
	}
	task := `spec: {secret_sources: [{kind: kubernetes, source: [SECRET_0, SECRET_1, SECRET_2, SECRET_3, SECRET_4, SECRET_5, SECRET_6, SECRET_7, SECRET_8, SECRET_9]}]}`
	require.NoError(b, os.WriteFile(filepath.Join(dir, "task.yaml"), []byte(task), 0o600))
	config := `MLRUN_EXEC_CONFIG={"spec": ` + strings.Replace(strings.Replace(task[6:], "kind: kubernetes, source: [SECRET_", `"kind": "kubernetes", "source": ["SECRET_`, 1), "secret_sources", `"secret_sources"`, 1) + `}`
	config = strings.ReplaceAll(strings.ReplaceAll(config, ", SECRET_", `", "SECRET_`), "]}]}}", `"]}]}}`)

	launcher := filepath.Join(bin, "launcher")
	for _, c := range []struct {
		name string
		env  []string
		args []string
	}{
		{"bare", nil, []string{filepath.Join(bin, "bare"), "/bin/true"}},
		{"none", nil, []string{launcher, "run", "--", "/bin/true"}},
		{"lines", nil, []string{launcher, "run", "-s", "file=" + dir + "/secrets.txt", "--", "/bin/true"}},
		{"dotenv", nil, []string{launcher, "run", "-s", "file=" + dir + "/app.env", "--", "/bin/true"}},
		{"exec-config", append(environ, config), []string{launcher, "run", "--", "/bin/true"}},
		{"yaml-task", environ, []string{launcher, "run", "--task", dir + "/task.yaml", "--", "/bin/true"}},
	} {
		b.Run("via="+c.name, func(b *testing.B) {
			for b.Loop() {
				cmd := exec.Cmd{Path: c.args[0], Args: c.args, Env: append(c.env, "PATH=/bin")}
				if out, err := cmd.CombinedOutput(); err != nil {
					b.Fatalf("%v: %s", err, out)
				}
			}
		})
	}
}

// BenchmarkMemory is the peak resident memory of a whole run, in KiB: of
// /bin/true alone where the launcher's is less.
func BenchmarkMemory(b *testing.B) {
	for _, c := range [][]string{{"bare", "/bin/true"}, {"launcher", "run", "-s", "inline={'A': 'x'}", "--", "/bin/true"}} {
		b.Run("of="+c[0], func(b *testing.B) {
			peak := 0.0
			for b.Loop() {
				cmd := exec.Command(filepath.Join(bin, c[0]), c[1:]...)
				require.NoError(b, cmd.Run())
				peak = max(peak, float64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss))
			}
			b.ReportMetric(peak, "KiB-peak")
		})
	}
}

// BenchmarkSize is the programs' sizes, in bytes.
func BenchmarkSize(b *testing.B) {
	for _, name := range []string{"bare", "launcher"} {
		b.Run("of="+name, func(b *testing.B) {
			info, err := os.Stat(filepath.Join(bin, name))
			require.NoError(b, err)
			for b.Loop() {
			}
			b.ReportMetric(float64(info.Size()), "bytes")
		})
	}
}
