package azure

import (
	"os"
	"path/filepath"
)

// The files of a mounted credential, named as MLRun names them. A certificate
// takes the place of the secret.
const (
	TenantFile      = "tenant_id"
	ClientFile      = "client_id"
	SecretFile      = "secret"
	CertificateFile = "certificate"
)

// TokenVariable names the file with a pod's service account token, as AKS sets
// it for workload identity:
// https://learn.microsoft.com/azure/aks/workload-identity-overview
const TokenVariable = "AZURE_FEDERATED_TOKEN_FILE"

// Directories returns the places where credentials may be mounted: the given
// directory, or else launcherctl's place, and MLRun's in the home directory and
// in root's.
func Directories(given, home string) []string {
	const own, mlrun = "/var/run/launcher/azure_vault", ".mlrun/azure_vault"
	switch {
	case given != "":
		return []string{given}
	case home != "":
		return []string{own, filepath.Join(home, mlrun), filepath.Join("/root", mlrun)}
	}
	return []string{own, filepath.Join("/root", mlrun)}
}

// Directory returns the directory of a source's credentials: in the first of
// the Directories, the folder named like the Kubernetes Secret if there is one,
// else the directory itself if it holds one of the files. It reports whether one
// of the files exists; if none does, the directory is the one to create them in.
func (s Spec) Directory(environ map[string]string, given string) (string, bool) {
	bases := Directories(given, environ["HOME"])
	for _, base := range bases {
		if own := filepath.Join(base, s.K8sSecret); s.K8sSecret != "" && isDir(own) {
			return own, len(mountedFiles(own)) > 0
		}
		if len(mountedFiles(base)) > 0 {
			return base, true
		}
	}
	return bases[0], false
}

// CredentialFiles returns the files that the launcher reads as the source's
// credentials, those that exist. It returns none for a managed identity.
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
