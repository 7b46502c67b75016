package main_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// TestTheTableOfSourcesIsTrue looks for a value in the pod's specification, in
// what exec starts with, and in the files of the pod, for the rows of the page
// about threats.
func TestTheTableOfSourcesIsTrue(t *testing.T) {
	const value = "c4n4ry"
	const common = "metadata: {name: a, project: fraud}\nspec:\n  secret_sources:\n  - "
	for row, c := range map[string]struct {
		source            string
		flags             []string
		specification     bool
		variables, mounts bool
	}{
		"kubernetes":               {source: "{kind: kubernetes, source: [KEY]}", variables: true},
		"kubernetes with mount":    {source: "{kind: kubernetes, source: {secrets: [KEY], mount: /etc/tls}}", mounts: true},
		"inline":                   {source: "{kind: inline, source: {KEY: " + value + "}}", flags: []string{"--values-file", "values.yaml"}, mounts: true},
		"env":                      {source: "{kind: env, source: KEY}", flags: []string{"--values-file", "values.yaml"}, mounts: true},
		"file":                     {source: "{kind: file, source: f.txt}", flags: []string{"--values-file", "values.yaml"}, mounts: true},
		"inline, embedded":         {source: "{kind: inline, source: {KEY: " + value + "}}", flags: []string{"--embed-values"}, specification: true, variables: true},
		"azure_vault, k8s_secret":  {source: "{kind: azure_vault, source: {name: vault, k8s_secret: creds, secrets: [KEY]}}", mounts: true},
		"azure_vault, by identity": {source: "{kind: azure_vault, source: {name: vault, credential: workload, secrets: [KEY]}}", flags: []string{"--service-account", "a"}},
		"exec":                     {source: "{kind: exec, source: {command: [get], secrets: [KEY]}}"},
	} {
		t.Run(row, func(t *testing.T) {
			folder := t.TempDir()
			for name, text := range map[string]string{"t.yaml": common + c.source + "\n", "f.txt": "KEY=" + value + "\n"} {
				require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
			}
			args := append([]string{"manifest", "--task", "t.yaml", "--keys", "", "--image", "i", "--launcher-image", "l"}, append(c.flags, "true")...)
			got := ctlIn(t, folder, []string{"KEY=" + value}, args...)
			require.Zero(t, got.status, got.stderr)
			specification, err := json.Marshal(decoded(t, got.stdout))
			require.NoError(t, err)
			require.Equal(t, c.specification, strings.Contains(string(specification), value), "get pod")

			node := kubelet{t.TempDir(), map[string]map[string][]byte{
				"mlrun-project-secrets-fraud": {"KEY": []byte(value)}, "creds": {"secret": []byte(value)}}}
			if text, err := os.ReadFile(filepath.Join(folder, "values.yaml")); err == nil {
				var values corev1.Secret
				require.NoError(t, yaml.UnmarshalStrict(text, &values))
				node.secrets[values.Name] = values.Data
			}
			_, environ := node.prepare(t, got.stdout)
			require.Equal(t, c.variables, strings.Contains(fmt.Sprint(environ), value), "exec: variables")
			require.Equal(t, c.mounts, inFiles(t, node.folder, value), "exec: files")
		})
	}
}

// inFiles reports whether a file below a folder holds the value; the launcher's
// own file is not looked at.
func inFiles(t *testing.T, folder, value string) bool {
	t.Helper()
	var found bool
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && entry.Name() != "launcher" {
			found = found || strings.Contains(read(t, path), value)
		}
		return err
	}))
	return found
}
