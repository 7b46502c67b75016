package main_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/seed45446ece/launcher/"

// TestDataFlowsOneWay checks which packages each package imports, and that only some
// can reach the network.
func TestDataFlowsOneWay(t *testing.T) {
	for pkg, refused := range map[string][]string{
		"handler":            {"cmd/", "launcher", "resolve"},
		"resolve":            {"cmd/", "launcher", "handler", "net", "net/http"},
		"internal/suggest":   {"cmd/", "cluster", "launcher", "handler", "resolve", "net", "net/http"},
		"internal/memfd":     {"cmd/", "cluster", "launcher", "handler", "resolve", "net", "net/http"},
		"resolve/document":   {"cmd/", "launcher", "handler", "net", "net/http"},
		"resolve/...":        {"cmd/", "launcher", "handler"},
		"launcher/...":       {"cmd/", "resolve/inline", "resolve/env", "resolve/file", "resolve/kubernetes", "resolve/local", "resolve/azure", "resolve/exec", "resolve/keylist"},
		"internal/cli":       {"cmd/", "cluster", "handler", "launcher"},
		"launcher":           {"net", "net/http"},
		"launcher/supervise": {"resolve", "handler", "net", "net/http"},
		"launcher/sigstate":  {"resolve", "handler", "launcher/supervise", "net", "net/http"},
		"launcher/redact":    {"resolve", "handler", "launcher/supervise", "net", "net/http"},
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

func TestTheProgramIsStatic(t *testing.T) {
	require.NotContains(t, dependencies(t, "cmd/launcher"), "runtime/cgo")
}

const azureSDK = "github.com/Azure/"

// TestOnePackageImportsTheAzureSDK looks at tests too.
func TestOnePackageImportsTheAzureSDK(t *testing.T) {
	const imports = "{{.ImportPath}}{{range .Imports}} {{.}}{{end}}{{range .TestImports}} {{.}}{{end}}{{range .XTestImports}} {{.}}{{end}}"
	for _, line := range list(t, "-f", imports, module+"...") {
		pkg, imports, _ := strings.Cut(strings.TrimPrefix(line, module), " ")
		if !strings.HasPrefix(pkg, "resolve/azure/") && !strings.HasPrefix(pkg, "examples/azure/") {
			require.NotContains(t, imports, azureSDK, pkg)
		}
	}
}

func dependencies(t *testing.T, pkg string) []string {
	t.Helper()
	return list(t, "-deps", "-tags", "urfave_cli_no_docs", module+pkg)
}

// list is the lines of go list.
func list(t *testing.T, args ...string) []string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}
