package launcher_test

import (
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher"
	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// TestADescriptorThatIsGivenCanBeOpenedAgain is a pipe of root's as a handler of
// another user has it for --mask.
func TestADescriptorThatIsGivenCanBeOpenedAgain(t *testing.T) {
	if os.Getuid() != 0 {
		launchertest.Lacks(t, "root", "--user with --mask")
	}
	for _, user := range []*launcher.User{nil, {UID: 4242, GID: 4242}} {
		out, in, err := os.Pipe()
		require.NoError(t, err)
		require.NoError(t, user.GiveDescriptor(int(in.Fd())))
		cmd := exec.Command("sh", "-c", "echo written >/dev/stdout")
		cmd.Stdout = in
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 4242, Gid: 4242}}
		err = cmd.Run()
		require.NoError(t, in.Close())
		if user == nil {
			require.Error(t, err, "it stays root's")
			require.NoError(t, out.Close())
			continue
		}
		require.NoError(t, err)
		text := make([]byte, 100)
		n, err := out.Read(text)
		require.NoError(t, err)
		require.Equal(t, "written\n", string(text[:n]))
		require.NoError(t, out.Close())
	}
	require.ErrorIs(t, (&launcher.User{}).GiveDescriptor(-1), unix.EBADF)
}
