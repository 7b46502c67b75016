package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// TestInstallReplacesALinkAndNotItsTarget is what another user may have planted.
func TestInstallReplacesALinkAndNotItsTarget(t *testing.T) {
	dir, target := t.TempDir(), launchertest.WriteFile(t, filepath.Join(t.TempDir(), "target"), "untouched")
	require.NoError(t, os.Symlink(target, dir+"/launcher"))
	got := launchertest.Run(t, nil, "", "install", dir)
	require.Equal(t, launchertest.Result{}, got)
	require.Equal(t, "untouched", launchertest.ReadFile(t, target))
	info, err := os.Lstat(dir + "/launcher")
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o755), info.Mode())
	names, err := filepath.Glob(dir + "/.launcher-*")
	require.NoError(t, err)
	require.Empty(t, names)
}

// TestInstallIsNotFooled has another user exchange each new file for a link. What
// root installs is in the directory, or is an error, and nothing outside changes.
func TestInstallIsNotFooled(t *testing.T) {
	if os.Getuid() != 0 {
		launchertest.Lacks(t, "root", "that install follows no link of another user")
	}
	base, victims := string(launchertest.NewMemory(t)), launchertest.NewVictims(t)
	require.NoError(t, os.Chmod(base, 0o777))
	launchertest.Attack(t, append([]string{"swap-installed", base}, victims.Targets()...))
	for range 50 {
		dir := base + "/tools"
		_ = os.RemoveAll(dir)
		if os.Mkdir(dir, 0o700) != nil || os.Chmod(dir, 0o777) != nil {
			continue
		}
		got := launchertest.Finish(t, exec.Command(launchertest.Path("launcher"), "install", dir))
		if got.Status != 0 {
			require.Equal(t, 125, got.Status)
			require.Contains(t, got.Stderr, "launcher: install in ")
		}
	}
	require.Equal(t, victims.Before, victims.Look(t))
}
