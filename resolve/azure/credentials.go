package azure

import (
	"os"
	"path/filepath"
)

// The files of a mounted credential have MLRun's names. A certificate replaces
// the secret.
const (
	TenantFile      = "tenant_id"
	ClientFile      = "client_id"
	SecretFile      = "secret"
	CertificateFile = "certificate"
)

// TokenVariable is set by AKS to the file with a pod's service account token:
// https://learn.microsoft.com/azure/aks/workload-identity-overview
const TokenVariable = "AZURE_FEDERATED_TOKEN_FILE"

// Directories returns the directories where credentials may be mounted: only the
// given one, or else launcherctl's, and MLRun's in this and in root's home.
func Directories(given, home string) []string {
	const launcher, mlrun = "/var/run/launcher/azure_vault", ".mlrun/azure_vault"
	switch {
	case given != "":
		return []string{given}
	case home != "":
		return []string{launcher, filepath.Join(home, mlrun), filepath.Join("/root", mlrun)}
	}
	return []string{launcher, filepath.Join("/root", mlrun)}
}

// Directory returns the directory of a source's credentials: the folder in one of
// the Directories that is named like the Kubernetes Secret, or the first of the
// Directories that holds one of the files. It reports whether one of the files
// exists. If none does, the user should create them in that directory.
func (s Spec) Directory(environ map[string]string, given string) (string, bool) {
	bases := Directories(given, environ["HOME"])
	for _, base := range bases {
		if dir := filepath.Join(base, s.K8sSecret); s.K8sSecret != "" && isDir(dir) {
			return dir, len(mountedFiles(dir)) > 0
		}
		if len(mountedFiles(base)) > 0 {
			return base, true
		}
	}
	return bases[0], false
}

// CredentialFiles returns the existing files that the launcher reads as the
// source's credentials. It returns none for a managed identity.
func (s Spec) CredentialFiles(environ map[string]string, given string) []string {
	dir, mounted := s.Directory(environ, given)
	token := environ[TokenVariable]
	switch {
	case s.Credential == "managed":
		return nil
	case mounted && s.Credential != "workload":
		return mountedFiles(dir)
	case token != "" && (s.Credential == "workload" || s.Credential == "auto") && exists(token):
		return []string{token}
	}
	return nil
}

func mountedFiles(dir string) (paths []string) {
	for _, name := range []string{TenantFile, ClientFile, SecretFile, CertificateFile} {
		if path := filepath.Join(dir, name); exists(path) {
			paths = append(paths, path)
		}
	}
	return paths
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
