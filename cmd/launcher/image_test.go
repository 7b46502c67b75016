package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// TestRunsInAnEmptyImage is a FROM scratch image as its process sees it: the
// launcher, a handler, and nothing else, not even /proc.
func TestRunsInAnEmptyImage(t *testing.T) {
	if os.Getuid() != 0 {
		launchertest.Lacks(t, "root", "a launcher in an empty root file system")
	}
	image := t.TempDir()
	require.NoError(t, os.Chmod(image, 0o755))
	for _, name := range []string{"launcher", "probe"} {
		text, err := os.ReadFile(launchertest.Path(name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(image, name), text, 0o755))
	}
	for i := range 90 { // as often as it took to meet a thread that polled
		deliver, mask, want := []string{"stdin", "fd", "env"}[i%3], i >= 87, "long-enough"
		if mask {
			want = "***"
		}
		cmd := &exec.Cmd{
			Path: "/launcher", Args: []string{"launcher", "run", "--deliver", deliver, fmt.Sprintf("--mask=%t", mask), "-s", "inline={'A': 'long-enough'}", "--", "/probe", "secret", "A"},
			Env: []string{}, Dir: "/",
			SysProcAttr: &syscall.SysProcAttr{Chroot: image, Credential: &syscall.Credential{Uid: 65532, Gid: 65532}},
		}
		require.Equal(t, launchertest.Result{Stdout: want}, launchertest.Finish(t, cmd))
	}
}

// TestDockerfileIsWhatTheReadmeSays holds the file to its promises, where no
// image can be built (TestTheImageInAContainer), and its first stage, which needs
// a registry.
func TestDockerfileIsWhatTheReadmeSays(t *testing.T) {
	dockerfile := launchertest.ReadFile(t, "../../Dockerfile")
	var steps []string
	for line := range strings.Lines(dockerfile) {
		if step := strings.TrimSpace(line); step != "" && !strings.HasPrefix(step, "#") {
			steps = append(steps, step)
		}
	}
	require.NotContains(t, dockerfile, "# syntax", "it needs no image of its own to be read")
	require.Regexp(t, `^FROM --platform=\$BUILDPLATFORM golang:1\.26[^ ]*@sha256:[0-9a-f]{64} AS build$`, steps[0])
	require.Contains(t, steps, "FROM scratch")
	require.Contains(t, steps, "COPY LICENSE THIRD_PARTY_LICENSES.txt /licenses/")
	require.Contains(t, steps, "USER 65532:65532")
	require.Equal(t, `ENTRYPOINT ["/launcher", "run", "--"]`, steps[len(steps)-1])
	for _, step := range steps {
		if _, file, ok := strings.Cut(step, "COPY --from=build /src/"); ok && !strings.HasPrefix(file, "build/") {
			_, err := os.Stat("../../" + strings.Fields(file)[0])
			require.NoError(t, err)
		}
	}
	require.Regexp(t, `(?m)^COPY --from=launcher:\S+ /launcher /launcher$`, launchertest.ReadFile(t, "../../README.md"))
}
