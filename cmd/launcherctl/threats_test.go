package main_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/seed45446ece/launcher/cluster/exposure"
	"github.com/seed45446ece/launcher/launcher/launchertest"
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
			token := row == "azure_vault, by identity" // AKS adds it to the pod
			require.Equal(t, seen{c.specification, c.variables, c.mounts || token}, checked(t, got.stdout), "launcherctl check")
		})
	}
}

// seen says by which channels a value, or a credential that reads it, is seen.
type seen struct{ specification, variables, files bool }

// checked is what launcherctl check says about a manifest.
func checked(t *testing.T, text string) (s seen) {
	t.Helper()
	got := ctlIn(t, t.TempDir(), nil, "check", "--output", "json", write(t, "job.yaml", text))
	var report struct {
		Objects []struct {
			Secrets []struct{ Sees map[string]string }
		}
	}
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &report), got.stderr)
	require.Len(t, report.Objects, 1)
	shows := func(level string) bool { return level == "values" || level == "credential" }
	for _, secret := range report.Objects[0].Secrets {
		s.specification = s.specification || shows(secret.Sees["spec"])
		s.variables = s.variables || shows(secret.Sees["exec_env"])
		s.files = s.files || shows(secret.Sees["exec_files"])
	}
	require.Equal(t, map[bool]int{true: 1}[s.specification], got.status) // a value in the specification fails a build
	return s
}

// TestThePageAboutThreatsHasTheTables compares it with the tables that launcherctl
// check reports by. UPDATE_DOCS=1 writes them.
func TestThePageAboutThreatsHasTheTables(t *testing.T) {
	const path = "../../docs/threats.md"
	sources, others, deliveries := exposure.Tables()
	got := read(t, path)
	for heading, table := range map[string]string{"By source": sources, "In manifests of others": others, "By delivery": deliveries} {
		section := regexp.MustCompile(`(?ms)^## ` + heading + `\n(?:[^#]*?\n)?\n(\|.*?\|\n)(?:\n|\z)`).FindStringSubmatchIndex(got)
		require.NotNil(t, section, heading)
		got = got[:section[2]] + table + got[section[3]:]
	}
	launchertest.RequireGenerated(t, path, got)
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
