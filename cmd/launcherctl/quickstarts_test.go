package main_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// TestTheQuickStartsRun types the commands of the page in an empty folder, one
// after the other. The two that need a cluster are left out and printed.
func TestTheQuickStartsRun(t *testing.T) {
	for _, page := range []string{"../../docs/kubernetes.md"} {
		lines := regexp.MustCompile(`(?m)^ *launcherctl ((?:secrets set|task with-secrets|run) .*)$`).FindAllStringSubmatch(launchertest.ReadFile(t, page), 3)
		require.Len(t, lines, 3, page)
		require.True(t, strings.HasPrefix(lines[0][1], "secrets set --project fraud DB_PASSWORD"))
		folder := t.TempDir()
		for _, line := range lines[1:] {
			got := ctlIn(t, folder, nil, strings.Fields(strings.Replace(line[1], "run ", "manifest ", 1))...)
			require.Zero(t, got.status, got.stderr)
		}
	}
}
