package main_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// BenchmarkStart is the time from the start of a process to the end of
// /bin/true as its handler, with ten local secrets by each source. Each
// iteration also runs a Go program that only execs, just before, so that the
// ratio of the two medians holds on a machine whose speed changes.
//
// With vault it is the time until an azure_vault source without credentials is
// refused.
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
			var bare, ours []time.Duration
			status := 0
			if c.name == "vault" {
				status = 125
			}
			args := append(append([]string{"run"}, c.args...), "--", "/bin/true")
			for b.Loop() {
				bare = append(bare, timed(b, 0, c.env, "bare", "/bin/true"))
				ours = append(ours, timed(b, status, c.env, "launcher", args...))
			}
			b.ReportMetric(median(bare).Seconds()*1000, "ms-bare")
			b.ReportMetric(median(ours).Seconds()*1000, "ms-launcher")
			b.ReportMetric(float64(median(ours))/float64(median(bare)), "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkInit is the start as PID 1 of a namespace, where the launcher stays,
// beside that with --init never, run in turn: with nothing else, and with what
// is beside the handler then.
func BenchmarkInit(b *testing.B) {
	run := func(flags ...string) time.Duration {
		args := slices.Concat([]string{"run", "-s", "inline={'KEY': 'some-value'}"}, flags, []string{"--", "/bin/true"})
		return runTime(b, launchertest.PIDNamespace(), launchertest.Path("launcher"), args...)
	}
	for _, flags := range [][]string{{"--deliver=stdin"}, {"--deliver=files"}, {"--mask"}, {"--deliver=socket"}} {
		b.Run("with="+strings.TrimLeft(strings.Join(flags, ""), "-"), func(b *testing.B) {
			var never, stays []time.Duration
			for b.Loop() {
				never = append(never, run("--init=never"))
				stays = append(stays, run(flags...))
			}
			b.ReportMetric(median(never).Seconds()*1000, "ms-never")
			b.ReportMetric(median(stays).Seconds()*1000, "ms-pid1")
			b.ReportMetric(float64(median(stays))/float64(median(never)), "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkMask is a stream that a handler, cat, passes on from a pipe to what
// masks 100 secrets of 40 bytes in it, and that to a pipe; beside cat alone, and
// two of them, which is as many programs.
func BenchmarkMask(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	var secrets []string
	for i := range 100 {
		secrets = append(secrets, fmt.Sprintf("SECRET_%d=%x%x%08x", i, random.Uint64(), random.Uint64(), random.Uint32()))
	}
	path := filepath.Join(b.TempDir(), "secrets.txt")
	require.NoError(b, os.WriteFile(path, []byte(strings.Join(secrets, "\n")), 0o600))
	var log []byte
	for step := 0; len(log) < 1<<20; step++ {
		log = fmt.Appendf(log, "2026-11-23T03:%02d:%02d.%06dZ INFO trainer step=%d loss=%.5f user=\"ana\" url=https://example.org/a?b=%d\n",
			step/60%60, step%60, random.IntN(1e6), step, random.Float64(), random.IntN(1e9))
	}
	var cat, cats, masked time.Duration
	for b.Loop() {
		cat += through(b, log, exec.Command("cat"))
		cats += through(b, log, exec.Command("sh", "-c", "cat | cat"))
		masked += through(b, log, launchertest.LauncherCommand("run", "--mask", "--deliver", "fd", "-s", "file="+path, "--", "cat"))
	}
	size := float64(b.N*len(log)*streamed) / 1e6
	b.ReportMetric(size/cat.Seconds(), "MB/s-cat")
	b.ReportMetric(size/cats.Seconds(), "MB/s-two-cats")
	b.ReportMetric(size/masked.Seconds(), "MB/s-mask")
	b.ReportMetric(cat.Seconds()/masked.Seconds(), "ratio-cat")
	b.ReportMetric(cats.Seconds()/masked.Seconds(), "ratio-two-cats")
	b.ReportMetric(0, "ns/op")
}

// streamed is how often the text goes through.
const streamed = 1024

// through is the time from the start of a command to its end, with a text that
// many times through it.
func through(b *testing.B, text []byte, cmd *exec.Cmd) time.Duration {
	stdin, err := cmd.StdinPipe()
	require.NoError(b, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(b, err)
	from := time.Now()
	require.NoError(b, cmd.Start())
	go func() {
		for range streamed {
			_, _ = stdin.Write(text)
		}
		_ = stdin.Close()
	}()
	n := 0
	for buffer := make([]byte, 1<<17); ; {
		got, err := stdout.Read(buffer)
		n += got
		if err != nil {
			break
		}
	}
	require.NoError(b, cmd.Wait())
	took := time.Since(from)
	require.Equal(b, len(text)*streamed, n)
	return took
}

func timed(b *testing.B, status int, env []string, name string, args ...string) time.Duration {
	cmd := exec.Cmd{Path: launchertest.Path(name), Args: append([]string{name}, args...), Env: append(env, "PATH=/bin")}
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
// handler, /bin/true, which takes less. With vault the run ends when the launcher
// refuses the source.
func BenchmarkMemory(b *testing.B) {
	inline := []string{"run", "-s", "inline={'A': 'x'}", "--", "/bin/true"}
	for of, args := range map[string][]string{
		"bare": {"bare", "/bin/true"}, "launcher": append([]string{"launcher"}, inline...),
		"launcher-vault": {"launcher", "run", "-s", vaultFlag, "--", "/bin/true"},
	} {
		b.Run("of="+of, func(b *testing.B) {
			var most float64
			for b.Loop() {
				most = max(most, peak(b, append([]string{launchertest.Path(args[0])}, args[1:]...)...))
			}
			b.ReportMetric(most, "MiB-peak")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkSize is the programs' sizes.
func BenchmarkSize(b *testing.B) {
	for _, name := range []string{"bare", "launcher"} {
		b.Run("of="+name, func(b *testing.B) {
			for b.Loop() {
			}
			b.ReportMetric(fileSize(b, launchertest.Path(name))/1e6, "MB")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// vaultFlag is a source that has no credentials.
const vaultFlag = `azure_vault={"name": "my-vault", "secrets": ["db-password"]}`
