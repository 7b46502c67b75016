package launcher_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// volume is a Secret as the kubelet mounts it: links to a directory of the
// newest generation.
type volume struct{ base, dir, generation string }

func newVolume(t *testing.T, folder string) volume {
	t.Helper()
	base, err := os.MkdirTemp("/tmp", "launcher-test-") // which other users can enter
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(base) })
	v := volume{base, filepath.Join(base, folder), filepath.Join(base, folder, "..2026_01_31_12_00_00.123456789")}
	require.NoError(t, os.Chmod(base, 0o755))
	require.NoError(t, os.MkdirAll(v.generation, 0o755))
	require.NoError(t, os.Symlink(filepath.Base(v.generation), v.dir+"/..data"))
	for _, name := range []string{"tenant_id", "client_id", "secret"} {
		launchertest.WriteFile(t, v.generation+"/"+name, "x")
		v.chmod(t, name, 0o400)
		require.NoError(t, os.Symlink("..data/"+name, v.dir+"/"+name))
	}
	return v
}

func (v volume) chmod(t *testing.T, name string, mode os.FileMode) {
	t.Helper()
	require.NoError(t, os.Chmod(filepath.Join(v.generation, name), mode))
}

// grant gives a user a right by an access control list, which no mode shows.
func (v volume) grant(t *testing.T, name string, uid uint32) {
	t.Helper()
	list := binary.LittleEndian.AppendUint32(nil, 2) // POSIX_ACL_XATTR_VERSION
	for _, entry := range [][3]uint32{{1, 4, ^uint32(0)}, {2, 4, uid}, {4, 0, ^uint32(0)}, {16, 4, ^uint32(0)}, {32, 0, ^uint32(0)}} {
		list = binary.LittleEndian.AppendUint16(list, uint16(entry[0]))
		list = binary.LittleEndian.AppendUint16(list, uint16(entry[1]))
		list = binary.LittleEndian.AppendUint32(list, entry[2])
	}
	if err := unix.Setxattr(filepath.Join(v.generation, name), "system.posix_acl_access", list, 0); err != nil {
		t.Skipf("lacks: access control lists in /tmp: %v", err)
	}
}

// TestUserCannotReadTheCredentials is a Secret's volume, accepted if and only if
// that user cannot read a file of it.
func TestUserCannotReadTheCredentials(t *testing.T) {
	launchertest.NeedsRoot(t, "--user")
	for name, c := range map[string]struct {
		change func(t *testing.T, v volume)
		file   string // that the user can read, "" for none
	}{
		"as the kubelet makes it":  {func(*testing.T, volume) {}, ""},
		"readable by everybody":    {func(t *testing.T, v volume) { v.chmod(t, "secret", 0o444) }, "secret"},
		"one of the others":        {func(t *testing.T, v volume) { v.chmod(t, "client_id", 0o444) }, "client_id"},
		"a directory to pass by":   {func(t *testing.T, v volume) { v.chmod(t, "secret", 0o444); v.chmod(t, "", 0o711) }, "secret"},
		"a directory that is shut": {func(t *testing.T, v volume) { v.chmod(t, "secret", 0o444); v.chmod(t, "", 0o700) }, ""},
		"of its group": {func(t *testing.T, v volume) {
			require.NoError(t, os.Chown(v.generation+"/secret", 0, launchertest.HostileUser))
			v.chmod(t, "secret", 0o440)
		}, "secret"},
		"of another group": {func(t *testing.T, v volume) {
			require.NoError(t, os.Chown(v.generation+"/secret", 0, 2000))
			v.chmod(t, "secret", 0o440)
		}, ""},
		"its own, shut": {func(t *testing.T, v volume) {
			require.NoError(t, os.Chown(v.generation+"/secret", launchertest.HostileUser, 0))
			v.chmod(t, "secret", 0)
		}, "secret"},
		"by a list":      {func(t *testing.T, v volume) { v.grant(t, "secret", launchertest.HostileUser) }, "secret"},
		"another's list": {func(t *testing.T, v volume) { v.grant(t, "secret", 4243) }, ""},
		"a certificate": {func(t *testing.T, v volume) {
			launchertest.WriteFile(t, v.dir+"/certificate", "x")
			require.NoError(t, os.Chmod(v.dir+"/certificate", 0o444))
		}, "certificate"},
	} {
		for _, folder := range []string{"", "azure-creds", "secret"} {
			t.Run(name+"/"+folder, func(t *testing.T) {
				v := newVolume(t, folder)
				c.change(t, v)
				got := launchertest.Run(t, nil, "", "run", "--user", "4242", "--azure-credentials", v.base, "--", "cat", v.dir+"/"+c.file)
				if c.file == "" {
					got = launchertest.Run(t, nil, "", "run", "--user", "4242", "--azure-credentials", v.base, "--", "sh", "-c", "! cat "+v.dir+"/*")
					require.Equal(t, 0, got.Status, got.Stderr)
					require.Empty(t, got.Stdout)
					return
				}
				require.Equal(t, 125, got.Status, got.Stderr)
				require.Contains(t, got.Stderr, "launcher: --user 4242:4242: that user can read \""+v.dir+"/"+c.file+"\", the launcher's credentials\nhint: mount them with defaultMode 0400")
			})
		}
	}
}

// TestUserCannotReadTheToken is workload identity's, which matters if the launcher
// reads a vault.
func TestUserCannotReadTheToken(t *testing.T) {
	launchertest.NeedsRoot(t, "--user")
	v := newVolume(t, "")
	vault := []string{"-s", `azure_vault={"name": "my-vault"}`, "--deliver", "socket"} // asked for nothing
	for mode, refused := range map[os.FileMode]bool{0o444: true, 0o400: false} {
		v.chmod(t, "secret", mode)
		env := []string{"AZURE_FEDERATED_TOKEN_FILE=" + v.dir + "/secret"}
		got := launchertest.Run(t, env, "", append(append([]string{"run", "--user", "4242"}, vault...), "--", "true")...)
		require.Equal(t, refused, got.Status == 125, got.Stderr)
		require.Equal(t, refused, got.Stderr != "")
		got = launchertest.Run(t, env, "", "run", "--user", "4242", "--", "true")
		require.Zero(t, got.Status, "a token for the handler's own use")
	}
}
