package mask

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// secrets is that many values of 40 bytes, each with some that URLs and JSON
// escape.
func secrets(count int) (values [][]byte) {
	random := rand.New(rand.NewPCG(3, 4))
	for range count {
		value := []byte(` <"%&=\é`)
		for len(value) < 40 {
			value = append(value, alphabet[random.IntN(len(alphabet))])
		}
		random.Shuffle(len(value), func(i, j int) { value[i], value[j] = value[j], value[i] })
		values = append(values, value)
	}
	return values
}

// BenchmarkNew is what 100 values take before the first byte.
func BenchmarkNew(b *testing.B) {
	values := secrets(100)
	for b.Loop() {
		New(values)
	}
}

// texts is what streams are made of, a few MiB each.
func texts() map[string][]byte {
	random := rand.New(rand.NewPCG(5, 6))
	var log, noise []byte
	for step := 0; len(log) < 4<<20; step++ {
		log = fmt.Appendf(log, "2026-11-23T03:%02d:%02d.%06dZ INFO trainer step=%d loss=%.5f rate=%.2e user=\"ana\" url=https://example.org/a?b=%d\n",
			step/60%60, step%60, random.IntN(1e6), step, random.Float64(), random.Float64()/1000, random.IntN(1e9))
	}
	for len(noise) < 4<<20 {
		noise = append(noise, alphabet[random.IntN(64)])
	}
	return map[string][]byte{"log": log, "base64": noise, "zeros": make([]byte, 4<<20)}
}

// BenchmarkMask is a stream of 1 GiB that a program of this package passes on
// from a pipe to a pipe, with 100 values, and cat(1) just before.
func BenchmarkMask(b *testing.B) {
	dir := b.TempDir()
	program, values := filepath.Join(dir, "mask"), filepath.Join(dir, "values")
	build := exec.Command("go", "build", "-o", program, "./testdata/mask")
	out, err := build.CombinedOutput()
	require.NoError(b, err, string(out))
	var lines []string
	for _, value := range secrets(100) {
		lines = append(lines, string(value))
	}
	require.NoError(b, os.WriteFile(values, []byte(strings.Join(lines, "\n")), 0o600))
	for name, text := range texts() {
		b.Run("text="+name, func(b *testing.B) {
			var cat, mask time.Duration
			size := 0.0
			for b.Loop() {
				cat += piped(b, text, exec.Command("cat"))
				mask += piped(b, text, exec.Command(program, values))
				size += float64(len(text) * repeats)
			}
			b.ReportMetric(size/1e6/cat.Seconds(), "MB/s-cat")
			b.ReportMetric(size/1e6/mask.Seconds(), "MB/s-mask")
			b.ReportMetric(cat.Seconds()/mask.Seconds(), "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

const repeats = 256

// piped is the time from the start of a program to its end, with a text that
// many times through it.
func piped(b *testing.B, text []byte, cmd *exec.Cmd) time.Duration {
	in, err := cmd.StdinPipe()
	require.NoError(b, err)
	out, err := cmd.StdoutPipe()
	require.NoError(b, err)
	from := time.Now()
	require.NoError(b, cmd.Start())
	go func() {
		for range repeats {
			_, _ = in.Write(text)
		}
		_ = in.Close()
	}()
	n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{out}, make([]byte, 128<<10))
	require.NoError(b, err)
	require.Equal(b, int64(len(text)*repeats), n)
	require.NoError(b, cmd.Wait())
	return time.Since(from)
}

var _ = bytes.Clone
