package azure

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheFilesOfACredential(t *testing.T) {
	dir, home := t.TempDir(), t.TempDir()
	put := func(path string) string {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		return path
	}
	token := put(filepath.Join(home, "token"))
	environ := map[string]string{"HOME": home, TokenVariable: token}
	for _, credential := range []string{"auto", "workload"} {
		require.Equal(t, []string{token}, Spec{Credential: credential}.CredentialFiles(environ, dir))
	}
	require.Empty(t, Spec{Credential: "mounted"}.CredentialFiles(environ, dir))
	require.Empty(t, Spec{Credential: "workload"}.CredentialFiles(map[string]string{TokenVariable: "/nowhere"}, dir))

	var mounted, own []string
	for _, name := range []string{TenantFile, ClientFile, SecretFile, CertificateFile} {
		mounted = append(mounted, put(filepath.Join(dir, name)))
		own = append(own, put(filepath.Join(dir, "creds", name)))
	}
	put(filepath.Join(dir, "other"))
	for _, credential := range []string{"auto", "mounted", "certificate"} {
		require.Equal(t, mounted, Spec{Credential: credential}.CredentialFiles(environ, dir))
		require.Equal(t, own, Spec{Credential: credential, K8sSecret: "creds"}.CredentialFiles(environ, dir))
		require.Equal(t, mounted, Spec{Credential: credential, K8sSecret: "elsewhere"}.CredentialFiles(environ, dir))
	}
	require.Equal(t, []string{token}, Spec{Credential: "workload"}.CredentialFiles(environ, dir))
	require.Empty(t, Spec{Credential: "managed"}.CredentialFiles(environ, dir))

	home = t.TempDir()
	inHome := put(filepath.Join(home, ".mlrun/azure_vault", SecretFile))
	require.Equal(t, []string{inHome}, Spec{Credential: "auto"}.CredentialFiles(map[string]string{"HOME": home}, ""))
	require.Equal(t, []string{"/var/run/launcher/azure_vault", home + "/.mlrun/azure_vault", "/root/.mlrun/azure_vault"}, Directories("", home))
}
