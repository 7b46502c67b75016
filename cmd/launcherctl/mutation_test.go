package main

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/seed45446ece/launcher/cluster/clustertest"
	"github.com/seed45446ece/launcher/internal/mutation"
	"github.com/seed45446ece/launcher/resolve/document"
)

// The seed is fixed, so that a failure can be had again.
const mutationSeed, mutations = 10, 2000

// inProcess runs the program here, as main does.
func inProcess(t *testing.T, args ...string) (status int, output string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	p := program{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, environ: map[string]string{}, name: "launcherctl"}
	status = p.run(t.Context(), append([]string{"launcherctl"}, args...))
	return status, stdout.String() + stderr.String()
}

// check refuses an output with a part of a value.
func check(t *testing.T, in mutation.Input, status int, output string) {
	t.Helper()
	require.Contains(t, []int{0, 125}, status, in.Name)
	if key := in.Leak(output); key != "" {
		t.Errorf("%s: the output holds a part of the value of %s", in.Name, key)
	}
}

// TestMutatedTasksShowNoValue damages tasks as people do. Each is refused, or
// its values arrive whole, and nothing that is printed holds a part of one.
func TestMutatedTasksShowNoValue(t *testing.T) {
	accepted := 0
	for _, in := range mutation.Tasks(mutationSeed, mutations) {
		folder := t.TempDir()
		path, values := filepath.Join(folder, in.File), filepath.Join(folder, "values.yaml")
		require.NoError(t, os.WriteFile(path, in.Text, 0o600))
		status, output := inProcess(t, "task", "check", path)
		check(t, in, status, output)
		status, output = inProcess(t, "manifest", "--verbose", "--task", path, "--keys", "A", "--image", "i", "--launcher-image", "l", "--values-file", values, "--", "true")
		if in.Leak(elsewhere(in)) == "" {
			check(t, in, status, output)
		}
		if status == 0 {
			accepted++
			if wrong := in.Wrong(ofSecret(t, values)); wrong != "" {
				t.Errorf("%s: %s", in.Name, wrong)
			}
		}
	}
	require.Greater(t, accepted, mutations/10, "a program that refuses all would pass")
}

// elsewhere returns what a task holds in fields that nobody knows. A mutation may
// move a value to one, and the handler is given such a field as it is.
func elsewhere(in mutation.Input) string {
	n, _ := document.Parse("task", in.Text)
	if n == nil {
		return ""
	}
	n.Fields = slices.DeleteFunc(n.Fields, func(f document.Field) bool {
		return f.Name == "metadata" || f.Name == "spec" || f.Value.Kind == document.Map
	})
	text, _ := n.AppendJSON(nil) // what JSON has no form for is no text either
	return string(text)
}

// ofSecret returns the values of a Secret in a file.
func ofSecret(t *testing.T, path string) map[string]string {
	t.Helper()
	values := map[string]string{}
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return values // the task has none
	}
	require.NoError(t, err)
	var secret corev1.Secret
	require.NoError(t, yaml.UnmarshalStrict(text, &secret))
	for key, value := range secret.Data {
		values[key] = string(value)
	}
	return values
}

// TestMutatedSecretsFilesShowNoValue does so for what secrets set reads.
func TestMutatedSecretsFilesShowNoValue(t *testing.T) {
	accepted := 0
	s := clustertest.New(t)
	common := []string{"--verbose", "--project", "fraud", "--kubeconfig", s.Kubeconfig(t)}
	at := clustertest.Path("", "secrets", "mlrun-project-secrets-fraud")
	for i, in := range mutation.Files(mutationSeed, mutations) {
		path := filepath.Join(t.TempDir(), in.File)
		require.NoError(t, os.WriteFile(path, in.Text, 0o600))
		s.Remove(at)
		status, output := inProcess(t, append([]string{"secrets", "set", "--from-env-file", path}, common...)...)
		check(t, in, status, output)
		if status != 0 {
			continue
		}
		accepted++
		stored := map[string]string{}
		data, _ := s.Object(at)["data"].(map[string]any)
		for key, encoded := range data {
			value, err := base64.StdEncoding.DecodeString(encoded.(string))
			require.NoError(t, err)
			stored[key] = string(value)
		}
		if wrong := in.Wrong(stored); wrong != "" {
			t.Errorf("%s: %s", in.Name, wrong)
		}
		if i%20 == 0 {
			status, output = inProcess(t, append([]string{"secrets", "list", "--json"}, common...)...)
			check(t, in, status, output)
		}
	}
	require.Greater(t, accepted, mutations/10, "a program that refuses all would pass")
}
