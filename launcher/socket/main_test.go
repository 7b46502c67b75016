//go:build linux

package socket_test

import (
	"testing"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

func TestMain(m *testing.M) { launchertest.Main(m, "probe") }
