package ci

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEveryFileSaysTheVersion is for a reader who finds a copy of a module,
// and for the next version: no file is forgotten.
func TestEveryFileSaysTheVersion(t *testing.T) {
	out, err := exec.Command("./version").CombinedOutput()
	require.NoError(t, err, string(out))
}

func TestAVersionIsWrittenIntoEveryFile(t *testing.T) {
	root, version := copyVersions(t)
	out, err := version("98.7.6")
	require.NoError(t, err, out)
	out, err = version()
	require.NoError(t, err, out)
	changelog := read(t, filepath.Join(root, "CHANGELOG.md"))
	require.Contains(t, changelog, "\n## 98.7.6, unreleased\n")

	// After a release, the next version has a section of its own.
	dated := strings.Replace(changelog, "unreleased", "2026-01-31", 1)
	require.NoError(t, os.WriteFile(filepath.Join(root, "CHANGELOG.md"), []byte(dated), 0o600))
	_, err = version()
	require.NoError(t, err)
	_, err = version("98.8.0")
	require.NoError(t, err)
	require.Contains(t, read(t, filepath.Join(root, "CHANGELOG.md")), "\n## 98.8.0, unreleased\n\n## 98.7.6, 2026-01-31\n")

	module := filepath.Join(root, "handler/ruby/launcher_context.rb")
	require.NoError(t, os.WriteFile(module, []byte(strings.Replace(read(t, module), "98.8.0", "98.7.6", 1)), 0o600))
	out, err = version()
	require.Error(t, err)
	require.Equal(t, `handler/ruby/launcher_context.rb: "its task. Version 98.8.0." is missing
handler/ruby/launcher_context.rb: "its task. Version 98.7.6." has another version
hint: write the version of the file VERSION, or run "make version VERSION=98.8.0"
`, out)
	for _, wrong := range []string{"v1.0.0", "1.0", "1.0.0-rc.1", "", "$(id)", "1.0.0\n2.0.0"} {
		out, err = version(wrong)
		require.Error(t, err)
		require.Contains(t, out, "is not three numbers, such as VERSION=1.2.3")
	}
}

// copyVersions returns a folder that has the files with a version, and a function
// that runs "version" there.
func copyVersions(t *testing.T) (root string, version func(args ...string) (string, error)) {
	root = t.TempDir()
	_, places, _ := strings.Cut(read(t, "version"), "<<-'END'\n")
	places, _, _ = strings.Cut(places, "\n\tEND\n")
	names := []string{".ci/version", "VERSION", "CHANGELOG.md"}
	for line := range strings.Lines(places) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		names = append(names, name)
	}
	for _, name := range names {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(read(t, filepath.Join("..", name))), 0o700))
	}
	return root, func(args ...string) (string, error) {
		out, err := exec.Command(filepath.Join(root, ".ci/version"), args...).CombinedOutput()
		return string(out), err
	}
}

func read(t *testing.T, path string) string {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}
