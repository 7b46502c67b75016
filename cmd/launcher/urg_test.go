package main_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestOnlyAnURGFromOutsideIsForwarded has the Go runtime of the parent interrupt
// its own threads by URG while it starts and frees its memory.
func TestOnlyAnURGFromOutsideIsForwarded(t *testing.T) {
	for range 20 {
		c := asPID1(t, "launcher", "run", "--deliver", "env", "--", "sh", "-c",
			`trap "echo urg" URG; trap "echo end; exit" USR1; echo ready; i=0; while [ $i -lt 30 ]; do sleep 0.01; i=$((i+1)); done; echo quiet; while :; do sleep 0.01; done`)
		require.Equal(t, "ready", c.line())
		require.Equal(t, "quiet", c.line())
		c.signal(unix.SIGURG)
		require.Equal(t, "urg", c.line())
		c.signal(unix.SIGUSR1)
		require.Equal(t, "end", c.line())
		c.wait()
	}
}
