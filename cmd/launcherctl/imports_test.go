package main_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/seed45446ece/launcher/"

// list is the lines of go list.
func list(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list"}, args...)...).CombinedOutput()
	require.NoError(t, err, string(out))
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// TestNoClientOfKubernetesIsInThePod keeps the program in the pod, and a Go
// handler's build, free of what is needed before there is a pod.
func TestNoClientOfKubernetesIsInThePod(t *testing.T) {
	for _, tags := range []string{"", "split"} {
		for _, dep := range list(t, "-deps", "-tags", tags, module+"cmd/launcher", module+"handler/...", module+"launcher/...", module+"resolve/...") {
			require.NotRegexp(t, `^(k8s\.io|sigs\.k8s\.io)/`, dep)
			require.False(t, strings.HasPrefix(dep, module+"cluster"), dep)
		}
	}
}

// TestAManifestIsMadeWithoutACluster is what may be known where pods are
// written: no client, and no network but what Kubernetes' own types import.
func TestAManifestIsMadeWithoutACluster(t *testing.T) {
	const imports = "{{.ImportPath}}{{range .Imports}} {{.}}{{end}}"
	for _, room := range []string{"cluster/exposure", "cluster/manifest", "cluster/sources", "cluster/summon", "cluster/taskfile", "cluster/yamledit"} {
		for _, dep := range list(t, "-deps", module+room) {
			require.NotRegexp(t, `^k8s\.io/client-go`, dep)
			require.NotRegexp(t, `^`+module+`(cmd|cluster)(/(job|project))?$`, dep)
		}
		for _, line := range list(t, "-f", imports, module+room) {
			require.NotContains(t, strings.Fields(line)[1:], "net")
			require.NotContains(t, strings.Fields(line)[1:], "net/http")
		}
	}
}
