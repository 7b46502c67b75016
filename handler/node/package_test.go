package node

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// programs use the installed package by import and by require.
var programs = map[string]string{
	"program.mjs": `import { getContext } from "launcher-context";
const context = await getContext();
console.log(await context.getSecret("db-password"), await context.getSecret("NONE", 7), context.getParam("rate"));
`,
	"program.cjs": `require("launcher-context").getContext().then(async (context) =>
  console.log(await context.getSecret("db-password"), await context.getSecret("NONE", 7), context.getParam("rate")));
`,
}

// TestTheTarballWorksInAnEmptyFolder is the package as a user has it: packed,
// installed where nothing else is, and used from there in every delivery.
func TestTheTarballWorksInAnEmptyFolder(t *testing.T) {
	node, npm := launchertest.Needs(t, "node", "the Node.js package"), launchertest.Needs(t, "npm", "the Node.js package")
	folder := t.TempDir()
	app := filepath.Join(folder, "app")
	require.NoError(t, os.Mkdir(app, 0o700))
	command(t, ".", npm, "pack", "--silent", "--pack-destination", folder)
	tarballs, err := filepath.Glob(filepath.Join(folder, "launcher-context-*.tgz"))
	require.NoError(t, err)
	require.Len(t, tarballs, 1)
	command(t, app, npm, "install", "--silent", "--offline", "--no-audit", "--no-fund", tarballs[0])
	installed, err := filepath.Glob(filepath.Join(app, "node_modules/launcher-context/*"))
	require.NoError(t, err)
	require.Len(t, installed, 5, "%s", installed) // the module, its types, package.json, README.md, LICENSE
	require.Equal(t, read(t, "../../LICENSE"), read(t, filepath.Join(app, "node_modules/launcher-context/LICENSE")))

	launcher := filepath.Join(folder, "launcher")
	_, err = launchertest.Build(launcher)
	require.NoError(t, err)
	for name, text := range programs {
		require.NoError(t, os.WriteFile(filepath.Join(app, name), []byte(text), 0o600))
		for _, delivery := range []string{"stdin", "fd", "env", "files", "socket"} {
			t.Run(name+" "+delivery, func(t *testing.T) {
				got := command(t, app, launcher, "run", "-s", `inline={"DB_PASSWORD": "pw"}`, "-p", "rate=0.5",
					"--deliver", delivery, "--", node, name)
				require.Equal(t, "pw 7 0.5\n", got)
			})
		}
	}
}

// TestTheTypesNameTheirOwn: TypeScript 7 reads no other package's types
// unless a file names them.
func TestTheTypesNameTheirOwn(t *testing.T) {
	require.True(t, strings.HasPrefix(read(t, "launcher-context.d.cts"), "/// <reference types=\"node\" />\n"))
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}

// command is what a program prints on standard output.
func command(t *testing.T, dir, program string, args ...string) string {
	t.Helper()
	var stdout, stderr strings.Builder
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "npm_config_update_notifier=false")
	require.NoError(t, cmd.Run(), "%s%s", &stdout, &stderr)
	return stdout.String()
}
