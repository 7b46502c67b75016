package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// peer is a program that starts another one, as the launcher does.
type peer struct {
	name string   // of the program, in PATH
	file string   // the text of the file FILE that holds ten secrets, if it reads one
	args []string // up to the command
}

// dotenv and refs hold ten secrets, for programs that read .env files and for vals.
var (
	dotenv = tenSecrets("SECRET_%d=value\n")
	refs   = tenSecrets("SECRET_%d: ref+echo://value\n")
)

// withSecrets are programs that give ten local secrets to a command.
var withSecrets = []peer{
	{"launcher", dotenv, []string{"run", "--deliver=env", "-s", "file=FILE", "--"}},
	{"godotenv", dotenv, []string{"-f", "FILE"}},
	{"vals", refs, []string{"exec", "-f", "FILE", "--"}},
	{"dotenvx", dotenv, []string{"run", "-q", "-f", "FILE", "--"}},
}

// inits are programs that start a command as PID 1, without secrets.
var inits = []peer{
	{"launcher", "", []string{"run", "--"}},
	{"tini", "", []string{"--"}},
	{"dumb-init", "", []string{"--"}},
	{"catatonit", "", []string{"--"}},
}

func tenSecrets(format string) string {
	var text strings.Builder
	for i := range 10 {
		fmt.Fprintf(&text, format, i)
	}
	return text.String()
}

// BenchmarkPeers is the time from the start of each program to the end of its
// command, /bin/true, with ten local secrets. Each iteration also runs a Go
// program that only execs: the ratio is to the median of that.
func BenchmarkPeers(b *testing.B) { comparePeers(b, withSecrets, nil) }

// BenchmarkPeersAsInit is BenchmarkPeers as PID 1 of a namespace, without secrets.
func BenchmarkPeersAsInit(b *testing.B) { comparePeers(b, inits, launchertest.PIDNamespace()) }

func comparePeers(b *testing.B, peers []peer, namespace *syscall.SysProcAttr) {
	for _, p := range peers {
		b.Run("of="+p.name, func(b *testing.B) {
			path, args := p.command(b)
			var bare, theirs []time.Duration
			for b.Loop() {
				bare = append(bare, runTime(b, namespace, launchertest.Path("bare"), "/bin/true"))
				theirs = append(theirs, runTime(b, namespace, path, args...))
			}
			b.ReportMetric(median(bare).Seconds()*1000, "ms-bare")
			b.ReportMetric(median(theirs).Seconds()*1000, "ms")
			b.ReportMetric(float64(median(theirs))/float64(median(bare)), "ratio")
			b.ReportMetric(peak(b, append([]string{path}, args...)...), "MiB-peak")
			b.ReportMetric(fileSize(b, path)/1e6, "MB-file")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func fileSize(b *testing.B, path string) float64 {
	info, err := os.Stat(path)
	require.NoError(b, err)
	return float64(info.Size())
}

// command returns the program's path and arguments, or skips the benchmark if the
// program is not installed.
func (p peer) command(b *testing.B) (path string, args []string) {
	b.Helper()
	path = launchertest.Path(p.name)
	if p.name != "launcher" {
		var err error
		if path, err = exec.LookPath(p.name); err != nil {
			b.Skipf("%s is not installed", p.name)
		}
	}
	file := filepath.Join(b.TempDir(), "secrets.env")
	require.NoError(b, os.WriteFile(file, []byte(p.file), 0o600))
	for _, arg := range p.args {
		args = append(args, strings.ReplaceAll(arg, "FILE", file))
	}
	return path, append(args, "/bin/true")
}

func runTime(b *testing.B, namespace *syscall.SysProcAttr, path string, args ...string) time.Duration {
	b.Helper()
	cmd := exec.Command(path, args...)
	cmd.SysProcAttr = namespace
	var stderr strings.Builder
	cmd.Stderr = &stderr
	from := time.Now()
	require.NoError(b, cmd.Run(), &stderr)
	return time.Since(from)
}

// peak returns the most resident memory that a command had at once, in MiB.
func peak(b *testing.B, command ...string) float64 {
	b.Helper()
	out, err := exec.Command(launchertest.Path("peak"), command...).Output()
	require.NoError(b, err)
	kib, err := strconv.Atoi(strings.TrimSpace(string(out)))
	require.NoError(b, err)
	return float64(kib) / 1024
}

// BenchmarkKeys is the start with more and more local secrets, and BenchmarkTask
// that with a larger and larger task.
func BenchmarkKeys(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("keys=%d", n), func(b *testing.B) {
			var text strings.Builder
			for i := range n {
				fmt.Fprintf(&text, "SECRET_%d=value-%d\n", i, i)
			}
			growth(b, "secrets.env", text.String(), "run", "-s", "file=FILE", "--")
		})
	}
}

func BenchmarkTask(b *testing.B) {
	for _, kib := range []int{1, 10, 100, 1000, 10_000} {
		b.Run(fmt.Sprintf("KiB=%d", kib), func(b *testing.B) {
			line := strings.Repeat("x", 1000)
			parameters := strings.Repeat(`"`+line+`", `, kib-1) + `"` + line + `"`
			growth(b, "task.json", `{"spec": {"parameters": {"text": [`+parameters+`]}}}`, "run", "--task", "FILE", "--")
		})
	}
}

// growth reports what the launcher takes with this file, beside a Go program that
// only execs.
func growth(b *testing.B, name, text string, args ...string) {
	file := filepath.Join(b.TempDir(), name)
	require.NoError(b, os.WriteFile(file, []byte(text), 0o600))
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "FILE", file)
	}
	args = append(args, "/bin/true")
	var bare, ours []time.Duration
	for b.Loop() {
		bare = append(bare, runTime(b, nil, launchertest.Path("bare"), "/bin/true"))
		ours = append(ours, runTime(b, nil, launchertest.Path("launcher"), args...))
	}
	b.ReportMetric(median(ours).Seconds()*1000, "ms")
	b.ReportMetric(float64(median(ours))/float64(median(bare)), "ratio")
	b.ReportMetric(peak(b, append([]string{launchertest.Path("launcher")}, args...)...), "MiB-peak")
	b.ReportMetric(0, "ns/op")
}
