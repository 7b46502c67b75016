package azure

import (
	"os"
	"path/filepath"
	"slices"
)

// The files of a mounted credential have MLRun's names. A certificate replaces
// the secret.
const (
	TenantFile      = "tenant_id"
	ClientFile      = "client_id"
	SecretFile      = "secret"
	CertificateFile = "certificate"
)

var fileNames = [...]string{TenantFile, ClientFile, SecretFile, CertificateFile}

// TokenVariable names the file with a pod's service account token, as AKS sets
// it for workload identity:
// https://learn.microsoft.com/azure/aks/workload-identity-overview
const TokenVariable = "AZURE_FEDERATED_TOKEN_FILE"

// The directories where credentials are mounted: by launcherctl, and by MLRun in
// the home directory of its user.
const (
	MountDirectory     = "/var/run/launcher/azure_vault"
	mlrunDirectory     = ".mlrun/azure_vault"
	MLRunRootDirectory = "/root/" + mlrunDirectory
	MLRunHomeDirectory = "~/" + mlrunDirectory // for messages
)

// Directories returns the places where credentials may be mounted: the given
// directory, or else launcherctl's place, and MLRun's in the home directory and
// in root's.
func Directories(given, home string) []string {
	switch {
	case given != "":
		return []string{given}
	case home != "":
		return []string{MountDirectory, filepath.Join(home, mlrunDirectory), MLRunRootDirectory}
	}
	return []string{MountDirectory, MLRunRootDirectory}
}

// Directory returns the directory of a source's credentials: the folder in one of
// the Directories that is named like the Kubernetes Secret, or the first of the
// Directories that holds one of the files. It reports whether one of the files
// exists. If none does, the user should create them in that directory.
func (s Spec) Directory(environ map[string]string, given string) (string, bool) {
	bases := Directories(given, environ["HOME"])
	for _, base := range bases {
		if own := filepath.Join(base, s.K8sSecret); s.K8sSecret != "" && isDir(own) {
			return own, holdsFiles(own)
		}
		if holdsFiles(base) {
			return base, true
		}
	}
	return bases[0], false
}

// CredentialFiles returns the paths of all files that may be mounted as
// credentials in the Directories, or there in a folder named like a Kubernetes
// Secret. Not all of them exist.
func CredentialFiles(environ map[string]string, given string) []string {
	var files []string
	for _, base := range Directories(given, environ["HOME"]) {
		folders := []string{base}
		entries, _ := os.ReadDir(base) // one that is missing has no folders
		for _, entry := range entries {
			folders = append(folders, filepath.Join(base, entry.Name()))
		}
		for _, folder := range folders {
			for _, name := range fileNames {
				files = append(files, filepath.Join(folder, name))
			}
		}
	}
	return files
}

// holdsFiles reports whether a directory has one of the files.
func holdsFiles(dir string) bool {
	return slices.ContainsFunc(fileNames[:], func(name string) bool {
		_, err := os.Stat(filepath.Join(dir, name))
		return err == nil
	})
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
