//go:build linux && (amd64 || arm64) && !portable

package supervise_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// TestOnlyAnURGFromOutsideIsForwarded has the Go runtime of the parent interrupt
// its own thread by URG, as it does now and then when signals come.
func TestOnlyAnURGFromOutsideIsForwarded(t *testing.T) {
	c := launchertest.StartAsPID1(t, "launcher", "run", "--deliver", "env", "--", "sh", "-c",
		`trap "echo urg" URG; trap "echo usr" USR1; trap "exit 0" TERM; echo ready; while :; do sleep 0.01; done`)
	require.Equal(t, "ready", c.Line())
	for range 150 {
		c.Signal(unix.SIGUSR1)
		require.Equal(t, "usr", c.Line())
	}
	c.Signal(unix.SIGURG)
	require.Equal(t, "urg", c.Line())
	c.Signal(unix.SIGTERM)
	c.Wait()
}
