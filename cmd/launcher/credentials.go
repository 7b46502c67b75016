package main

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
)

// mountedNames is the files of a mounted credential.
var mountedNames = []string{"tenant_id", "client_id", "secret", "certificate"}

// credentialFiles returns what --user has to keep from the handler: the files
// that may be mounted in the directory or in a folder of a Kubernetes Secret's
// name, and with an azure_vault source the token of workload identity.
func (p *program) credentialFiles(s settings, t task.Task) []string {
	var files []string
	for _, base := range azure.Directories(s.azureCredentials, p.environ["HOME"]) {
		directories := []string{base}
		entries, _ := os.ReadDir(base) // a missing one holds nothing
		for _, entry := range entries {
			directories = append(directories, filepath.Join(base, entry.Name()))
		}
		for _, directory := range directories {
			for _, name := range mountedNames {
				files = append(files, filepath.Join(directory, name))
			}
		}
	}
	if !slices.ContainsFunc(t.Sources, func(d resolve.Declaration) bool { return d.Kind == "azure_vault" }) {
		return files
	}
	if token := p.environ["AZURE_FEDERATED_TOKEN_FILE"]; token != "" {
		files = append(files, token)
	}
	return files
}
