package azure

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func put(t *testing.T, path string) string {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	return path
}

func TestTheDirectoryOfACredential(t *testing.T) {
	dir := t.TempDir()
	own := filepath.Join(dir, "creds")
	directory := func(secret string) (string, bool) { return Spec{K8sSecret: secret}.Directory(nil, dir) }
	requireDirectory := func(secret, want string, mounted bool) {
		t.Helper()
		got, ok := directory(secret)
		require.Equal(t, want, got)
		require.Equal(t, mounted, ok)
	}
	requireDirectory("creds", dir, false)
	put(t, filepath.Join(dir, "other"))
	requireDirectory("", dir, false)
	put(t, filepath.Join(dir, CertificateFile))
	requireDirectory("creds", dir, true)
	require.NoError(t, os.Mkdir(own, 0o700))
	requireDirectory("creds", own, false)
	put(t, filepath.Join(own, TenantFile))
	requireDirectory("creds", own, true)
	requireDirectory("elsewhere", dir, true)

	home := t.TempDir()
	require.Equal(t, []string{"/var/run/launcher/azure_vault", home + "/.mlrun/azure_vault", "/root/.mlrun/azure_vault"}, Directories("", home))
	put(t, filepath.Join(home, ".mlrun/azure_vault", SecretFile))
	got, ok := Spec{}.Directory(map[string]string{"HOME": home}, "")
	require.True(t, ok)
	require.Equal(t, filepath.Join(home, ".mlrun/azure_vault"), got)
}

// TestCredentialFilesHasEveryMountedFile lists more than there is, and nothing
// that a source reads is missing.
func TestCredentialFilesHasEveryMountedFile(t *testing.T) {
	home := t.TempDir()
	environ := map[string]string{"HOME": home}
	base := filepath.Join(home, ".mlrun/azure_vault")
	var mounted []string
	for _, folder := range []string{"", "creds", "secret"} {
		for _, name := range []string{TenantFile, ClientFile, SecretFile, CertificateFile} {
			if folder != "" || name != "secret" { // there it is a folder
				mounted = append(mounted, put(t, filepath.Join(base, folder, name)))
			}
		}
	}
	require.Subset(t, CredentialFiles(environ, ""), mounted)
	require.Subset(t, CredentialFiles(nil, base), mounted)
	require.Len(t, CredentialFiles(nil, filepath.Join(home, "missing")), 4)
}
