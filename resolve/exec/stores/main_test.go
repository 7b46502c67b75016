// Package stores_test runs the recipes of docs/stores.md with the real programs, and
// servers on loopback. It writes the tables of that page. ".ci/stores" installs the
// programs.
package stores_test

import (
	"os"
	"testing"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

func TestMain(m *testing.M) { launchertest.Main(m, "probe") }

// tools returns the folder with the programs that ".ci/stores" installs.
func tools() string { return os.Getenv("LAUNCHER_TEST_STORES") + "/bin" }
