package main_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/seed45446ece/launcher/"

// TestDataFlowsOneWay is the rooms of the house: who may know whom, and who may
// reach the network.
func TestDataFlowsOneWay(t *testing.T) {
	for pkg, refused := range map[string][]string{
		"handler":          {"cmd/", "launcher", "resolve"},
		"resolve":          {"cmd/", "launcher", "handler", "net", "net/http"},
		"resolve/document": {"cmd/", "launcher", "handler", "net", "net/http"},
		"resolve/...":      {"cmd/", "launcher", "handler"},
		"launcher/...":     {"cmd/", "resolve/inline", "resolve/env", "resolve/file", "resolve/kubernetes", "resolve/local", "resolve/azure", "net", "net/http"},
	} {
		t.Run(pkg, func(t *testing.T) {
			for _, dep := range dependencies(t, pkg) {
				for _, refused := range refused {
					own := strings.TrimPrefix(dep, module)
					if refused == "net" || refused == "net/http" {
						require.NotEqual(t, refused, dep)
					} else if own != dep {
						require.False(t, own == refused || strings.HasPrefix(own, strings.TrimSuffix(refused, "/")+"/"), "%s imports %s", pkg, dep)
					}
				}
			}
		})
	}
}

// TestHandlerNeedsTheStandardLibraryAlone keeps a Go handler's build free of
// everything that the launcher needs.
func TestHandlerNeedsTheStandardLibraryAlone(t *testing.T) {
	for _, dep := range dependencies(t, "handler") {
		first, _, _ := strings.Cut(dep, "/")
		require.True(t, dep == module+"handler" || !strings.Contains(first, "."), dep)
	}
}

// TestTheProgramIsStaticAndHasNoNetwork is what the binary is linked from, until
// a source needs more.
func TestTheProgramIsStaticAndHasNoNetwork(t *testing.T) {
	for _, dep := range dependencies(t, "cmd/launcher") {
		require.NotContains(t, []string{"net", "net/http", "crypto/tls", "runtime/cgo"}, dep)
	}
}

func dependencies(t *testing.T, pkg string) []string {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-tags", "urfave_cli_no_docs", module+pkg)
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return strings.Fields(string(out))
}
