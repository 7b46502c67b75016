package redact

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// secrets returns values with some bytes that URLs and JSON escape.
func secrets(count, length int) (values [][]byte) {
	random := rand.New(rand.NewPCG(3, 4))
	for range count {
		value := []byte(`<"%&/`)
		for len(value) < length {
			value = append(value, alphabet[random.IntN(len(alphabet))])
		}
		random.Shuffle(len(value), func(i, j int) { value[i], value[j] = value[j], value[i] })
		values = append(values, value)
	}
	return values
}

// BenchmarkNew measures the set of 100 values.
func BenchmarkNew(b *testing.B) {
	values := secrets(100, 40)
	for b.Loop() {
		New(values)
	}
}

// texts returns contents of streams, a few MiB each.
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

// BenchmarkRedact measures a stream of 1 GiB through pipes and a program that
// redacts 100 values, and through cat(1) just before. The shorter the shortest
// value, the more of the stream is looked at.
func BenchmarkRedact(b *testing.B) {
	dir := b.TempDir()
	program := filepath.Join(dir, "redact")
	out, err := exec.Command("go", "build", "-o", program, "./testdata/redact").CombinedOutput()
	require.NoError(b, err, string(out))
	for _, length := range []int{8, 40} {
		values := filepath.Join(dir, strconv.Itoa(length))
		require.NoError(b, os.WriteFile(values, bytes.Join(secrets(100, length), []byte("\n")), 0o600))
		for name, text := range texts() {
			b.Run(fmt.Sprintf("text=%s/bytes=%d", name, length), func(b *testing.B) {
				var cat, redacted time.Duration
				size := 0.0
				for b.Loop() {
					cat += piped(b, text, exec.Command("cat"))
					redacted += piped(b, text, exec.Command(program, values))
					size += float64(len(text) * repeats)
				}
				b.ReportMetric(size/1e6/cat.Seconds(), "MB/s-cat")
				b.ReportMetric(size/1e6/redacted.Seconds(), "MB/s-redact")
				b.ReportMetric(cat.Seconds()/redacted.Seconds(), "ratio")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// BenchmarkMemory measures the memory of a set with one value of 1 MiB.
func BenchmarkMemory(b *testing.B) {
	random := rand.New(rand.NewPCG(7, 8))
	text, binary := make([]byte, 1<<20), make([]byte, 1<<20)
	for i := range text {
		text[i], binary[i] = alphabet[random.IntN(64)], byte(random.IntN(256))
	}
	for name, value := range map[string][]byte{"text": text, "binary": binary} {
		b.Run("value="+name, func(b *testing.B) {
			for b.Loop() {
				before := live()
				s := New([][]byte{value})
				b.ReportMetric((live()-before)/(1<<20), "MiB")
				runtime.KeepAlive(s)
			}
		})
	}
}

func live() float64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc)
}

const repeats = 256

// piped returns how long a program runs that copies a text many times.
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
	n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, out, make([]byte, 128<<10))
	require.NoError(b, err)
	require.Equal(b, int64(len(text)*repeats), n)
	require.NoError(b, cmd.Wait())
	return time.Since(from)
}

// BenchmarkAppend measures a stream of one process, in chunks of 64 KiB.
func BenchmarkAppend(b *testing.B) {
	for name, text := range texts() {
		for _, length := range []int{8, 40} {
			b.Run(fmt.Sprintf("text=%s/bytes=%d", name, length), func(b *testing.B) {
				stream := New(secrets(100, length)).Stream()
				b.SetBytes(int64(len(text)))
				var out []byte
				for b.Loop() {
					for chunk := range slices.Chunk(text, 64<<10) {
						out = stream.Append(out[:0], chunk)
					}
				}
			})
		}
	}
}
