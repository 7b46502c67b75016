package main_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/examples/azure/fakevault/fake"
	"github.com/seed45446ece/launcher/internal/azuretest"
	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// BenchmarkFleet starts programs together, ten secrets each, against a vault
// that serves 4,000 reads in 10 s, as a Key Vault does:
// https://learn.microsoft.com/azure/key-vault/general/service-limits
// It reports how many failed, when the last ended, and how many answers were 429.
func BenchmarkFleet(b *testing.B) {
	for _, c := range []struct {
		pods  int
		http2 bool
		of    string
		flags []string
	}{
		{1, true, "launcher", nil}, {10, true, "launcher", nil},
		{100, true, "launcher", nil}, {100, true, "sdk-defaults", nil},
		{1000, true, "launcher", nil}, {1000, true, "launcher-spread", []string{"--azure-spread", "20s"}}, {1000, true, "sdk-defaults", nil},
		{1000, false, "launcher", nil}, {1000, false, "sdk-defaults", nil},
	} {
		b.Run(fmt.Sprintf("pods=%d/http2=%v/of=%s", c.pods, c.http2, c.of), func(b *testing.B) {
			azure := startFake(b, 10, func(config *fake.Config) {
				config.HTTP2 = c.http2
				config.Vaults[len(config.Vaults)-1].Throttle = &fake.Throttle{Reads: 4000, WindowMS: 10_000}
			})
			program := strings.TrimSuffix(c.of, "-spread")
			for b.Loop() {
				azure.fleet(b, c.pods, azure.command(program, c.flags...))
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// fleet runs this many programs.
func (f fakeProcess) fleet(b *testing.B, n int, command func() *exec.Cmd) {
	stderr, err := os.Create(filepath.Join(b.TempDir(), "stderr"))
	require.NoError(b, err)
	ended := make(chan error, n)
	from := time.Now()
	for range n {
		cmd := command()
		cmd.Stderr = stderr
		require.NoError(b, cmd.Start())
		go func() { ended <- cmd.Wait() }()
	}
	failed := 0
	for range n {
		if <-ended != nil {
			failed++
		}
	}
	last := time.Since(from)
	b.ReportMetric(float64(failed), "failed")
	b.ReportMetric(last.Seconds(), "s-last")
	b.ReportMetric(float64(f.counters(b).Throttled), "throttled")
	if failed > 0 {
		text, err := os.ReadFile(stderr.Name())
		require.NoError(b, err)
		b.Logf("%d of %d failed; the first words of it: %s", failed, n, text[:min(len(text), 300)])
	}
}

// BenchmarkVault is one secret and a hundred, at 50 ms a request, by the
// launcher and, in turn, by a program that uses the SDK as it is and reads one
// after another.
func BenchmarkVault(b *testing.B) {
	for _, n := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("secrets=%d", n), func(b *testing.B) {
			azure := startFake(b, n, func(config *fake.Config) { config.HTTP2, config.LatencyMS = true, 50 })
			times := map[string][]time.Duration{}
			for b.Loop() {
				for _, name := range []string{"launcher", "sdk-defaults"} {
					cmd := azure.command(name)()
					from := time.Now()
					require.NoError(b, cmd.Run())
					times[name] = append(times[name], time.Since(from))
				}
			}
			b.ReportMetric(median(times["launcher"]).Seconds()*1000, "ms-launcher")
			b.ReportMetric(median(times["sdk-defaults"]).Seconds()*1000, "ms-sdk")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// fakeProcess is the fake as a separate program, with the vault full-vault.
type fakeProcess struct {
	ready       fake.Ready
	credentials string
	keys        []string
}

func startFake(b *testing.B, secrets int, edit func(*fake.Config)) fakeProcess {
	b.Helper()
	dir := b.TempDir()
	add, keys := azuretest.FullVault(secrets)
	config, err := azuretest.Config(add, edit)
	require.NoError(b, err)
	text, err := json.Marshal(config)
	require.NoError(b, err)
	path := filepath.Join(dir, "config.json")
	require.NoError(b, os.WriteFile(path, text, 0o600))
	cmd := exec.Command(goProgram(b, "../../examples/azure/fakevault"), "--dir", dir, "--config", path)
	goProgram(b, "./testdata/sdk")
	stdout, err := cmd.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, cmd.Start())
	b.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	require.NoError(b, err)
	f := fakeProcess{credentials: filepath.Join(dir, "credentials"), keys: keys}
	require.NoError(b, json.Unmarshal(line, &f.ready))
	return f
}

// goProgram builds a program, once for all benchmarks.
func goProgram(b *testing.B, pkg string) string {
	b.Helper()
	path := launchertest.Path("bench-" + filepath.Base(pkg))
	if _, err := os.Stat(path); err == nil {
		return path
	}
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	require.NoError(b, err, string(out))
	return path
}

// command is a launcher, or a program with the SDK, that reads all keys.
func (f fakeProcess) command(name string, flags ...string) func() *exec.Cmd {
	return func() *exec.Cmd {
		args := []string{"launcher", "run", "--azure-credentials", f.credentials}
		path := launchertest.Path(args[0])
		args = slices.Concat(args, azuretest.Vault("full-vault", f.keys...), flags, []string{"--", "/bin/true"})
		if strings.HasPrefix(name, "sdk") {
			path = launchertest.Path("bench-sdk")
			args = append([]string{"sdk", f.credentials, "full-vault", "/bin/true"}, f.keys...)
		}
		return &exec.Cmd{Path: path, Args: args, Env: []string{"HTTPS_PROXY=" + f.ready.Proxy, "SSL_CERT_FILE=" + f.ready.CA}}
	}
}

func (f fakeProcess) counters(b *testing.B) (all fake.Counters) {
	resp, err := http.Get(f.ready.Admin + "/counters")
	require.NoError(b, err)
	defer func() { _ = resp.Body.Close() }()
	require.NoError(b, json.NewDecoder(resp.Body).Decode(&all))
	return all
}
