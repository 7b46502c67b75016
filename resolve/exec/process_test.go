package exec

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/resolve"
)

// requireEnds waits until a process has ended, or is a zombie that somebody else
// has to reap.
func requireEnds(t *testing.T, pidFile string) {
	t.Helper()
	text, err := os.ReadFile(pidFile)
	require.NoError(t, err)
	pid := strings.TrimSpace(string(text))
	for late := time.Now().Add(patience); ; {
		status, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil || strings.Contains(string(status), ") Z ") {
			return
		}
		require.True(t, time.Now().Before(late), "process %s is left", pid)
	}
}

func require2Ends(t *testing.T, folder string) {
	t.Helper()
	requireEnds(t, filepath.Join(folder, "program"))
	requireEnds(t, filepath.Join(folder, "child"))
}

// stubborn programs do not end by themselves. Each writes its process ID, and that
// of a child, and then says that it is ready.
var stubborn = map[string]string{
	"sleeps":                        `sleep 1000 & echo $! >"$0/child"; echo $$ >"$0/program"; touch "$0/ready"; wait`,
	"ignores TERM":                  `trap '' TERM; sleep 1000 & echo $! >"$0/child"; echo $$ >"$0/program"; touch "$0/ready"; wait; wait; sleep 1000`,
	"closes its output and stays":   `exec >&- 2>&-; sleep 1000 & echo $! >"$0/child"; echo $$ >"$0/program"; touch "$0/ready"; wait`,
	"stops itself":                  `sleep 1000 & echo $! >"$0/child"; echo $$ >"$0/program"; touch "$0/ready"; kill -STOP $$`,
	"has a child that ignores TERM": `(trap '' TERM; while :; do sleep 1000; done) & echo $! >"$0/child"; echo $$ >"$0/program"; touch "$0/ready"; wait`,
	"writes for ever":               `yes & echo $! >"$0/child"; echo $$ >"$0/program"; touch "$0/ready"; trap '' TERM; wait; sleep 1000`,
}

// whenReady calls f once a program has started.
func whenReady(t *testing.T, folder string, f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for late := time.Now().Add(patience); time.Now().Before(late); {
			if _, err := os.Stat(folder + "/ready"); err == nil {
				f()
				return
			}
		}
	}()
	t.Cleanup(func() { <-done })
}

func TestTheDeadlineEndsTheProcessGroup(t *testing.T) {
	for name, text := range stubborn {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			whenReady(t, folder, cancel)
			f := findOne(t, ctx, programs(Options{}), folder, text)
			require.Error(t, f.Err)
			if name != "writes for ever" {
				require.EqualError(t, f.Err, `program "sh" did not end before the deadline`)
				require.ErrorIs(t, f.Err, resolve.ErrUnavailable)
			}
			require2Ends(t, folder)
		})
	}
}

func TestEndLeavesNothingAndStartsNothing(t *testing.T) {
	for name, text := range stubborn {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			p := programs(Options{})
			whenReady(t, folder, p.End)
			require.Error(t, findOne(t, t.Context(), p, folder, text).Err)
			require2Ends(t, folder)
			f := findOne(t, t.Context(), p, folder, `touch "$0/again"`)
			require.ErrorIs(t, f.Err, resolve.ErrUnavailable)
			require.NoFileExists(t, folder+"/again")
			require.Empty(t, p.running)
		})
	}
}

func TestWhatAProgramLeavesInItsGroupIsKilled(t *testing.T) {
	folder := t.TempDir()
	f := findOne(t, t.Context(), programs(Options{}), folder, `(trap '' TERM; echo ready; while :; do sleep 1000; done) & echo $! >"$0/child"; echo value`)
	require.NoError(t, f.Err)
	require.Contains(t, string(f.Value.Reveal()), "value")
	requireEnds(t, folder+"/child")
}

// TestADaemonThatHoldsTheOutputIsNotWaitedFor has the program start a daemon in
// another session, which the group's signals do not reach.
func TestADaemonThatHoldsTheOutputIsNotWaitedFor(t *testing.T) {
	folder := t.TempDir()
	f := findOne(t, t.Context(), programs(Options{}), folder,
		`setsid sh -c 'echo $$ >"$0/daemon"; exec sleep 1000' "$0" & while [ ! -s "$0/daemon" ]; do :; done; head -c 60000 /dev/zero; echo value`)
	text, err := os.ReadFile(folder + "/daemon")
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	require.NoError(t, err)
	require.NoError(t, unix.Kill(pid, unix.SIGKILL), "it runs on")
	require.NoError(t, f.Err)
	require.True(t, strings.HasSuffix(string(f.Value.Reveal()), "\x00value"))
	require.Len(t, f.Value.Reveal(), 60005)
}

func TestAProgramHasItsOwnSessionAndNoInput(t *testing.T) {
	f := findOne(t, t.Context(), programs(Options{Environ: func() []string { return []string{"PATH=/usr/bin:/bin", "X=y"} }}), "",
		`read line && echo input; echo "$X $$ $(ps -o sid= -p $$ 2>/dev/null || cut -d' ' -f6 /proc/$$/stat) $(cut -d' ' -f5 /proc/$$/stat)"; readlink /proc/self/fd/0`)
	require.NoError(t, f.Err)
	lines := strings.Split(string(f.Value.Reveal()), "\n")
	fields := strings.Fields(lines[0])
	require.Len(t, fields, 4, lines)
	require.Equal(t, []string{"y", fields[1], fields[1], fields[1]}, fields)
	require.Equal(t, "/dev/null", lines[1])
}
