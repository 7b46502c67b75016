package python

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

const script = `import importlib.metadata, os, sys
import launcher_context
from launcher_context import get_context

assert launcher_context.__file__.startswith(sys.prefix), launcher_context.__file__
assert os.path.exists(os.path.join(os.path.dirname(launcher_context.__file__), "py.typed"))
assert "Apache License" in "".join(f.read_text() for f in importlib.metadata.files("launcher-context") if f.name == "LICENSE")
context = get_context()
from launcher_context import mlrun_stand_in
import mlrun

assert mlrun.get_or_create_ctx("script") is context and isinstance(context, mlrun.MLClientCtx)
print(mlrun.get_secret_or_env("db-password"), context.get_secret("NONE", 7), context.get_param("rate"))
`

// TestTheWheelWorksInAnEmptyEnvironment is the package as a user has it: built,
// installed where nothing else is, and used from there in every delivery.
func TestTheWheelWorksInAnEmptyEnvironment(t *testing.T) {
	python := pythonWith(t, "pip", "venv", "ensurepip")
	folder := t.TempDir()
	environment := filepath.Join(folder, "environment")
	command(t, python, "-m", "venv", environment)
	installed := filepath.Join(environment, "bin", "python")
	command(t, installed, "-m", "pip", "install", "--no-index", "--no-deps", wheel(t, python, folder))

	launcher := filepath.Join(folder, "launcher")
	_, err := launchertest.Build(launcher)
	require.NoError(t, err)
	program := filepath.Join(folder, "program.py")
	require.NoError(t, os.WriteFile(program, []byte(script), 0o600))
	for _, delivery := range []string{"stdin", "fd", "env", "files", "socket"} {
		t.Run(delivery, func(t *testing.T) {
			got := command(t, launcher, "run", "-s", `inline={"DB_PASSWORD": "pw"}`, "-p", "rate=0.5",
				"--deliver", delivery, "--", installed, program)
			require.Equal(t, "pw 7 0.5\n", got)
		})
	}
}

// wheel builds the package, from a copy of its sources. Where Python has what
// builds it, as Debian's python3-pip brings it, nothing is fetched.
func wheel(t *testing.T, python, folder string) string {
	source := filepath.Join(folder, "source")
	require.NoError(t, os.CopyFS(source, os.DirFS(".")))
	build(t, python, source, folder)
	wheels, err := filepath.Glob(filepath.Join(folder, "launcher_context-*-py3-none-any.whl"))
	require.NoError(t, err)
	require.Len(t, wheels, 1)
	return wheels[0]
}

// build writes the wheel of the sources into the folder.
func build(t *testing.T, python, source, folder string) {
	t.Helper()
	args := []string{"-m", "pip", "wheel", "--no-deps", "-w", folder}
	if without(t, python, "setuptools", "wheel") == "" {
		args = append(args, "--no-build-isolation")
	}
	command(t, python, append(args, source)...)
}

func TestTheSourceDistributionHasTheLicense(t *testing.T) {
	python := pythonWith(t, "setuptools")
	source, folder := filepath.Join(t.TempDir(), "source"), t.TempDir()
	require.NoError(t, os.CopyFS(source, os.DirFS(".")))
	command(t, python, "-c", "import os, sys, setuptools.build_meta as b; os.chdir(sys.argv[1]); b.build_sdist(sys.argv[2])", source, folder)
	files := command(t, python, "-c", "import glob, sys, tarfile; print(*tarfile.open(glob.glob(sys.argv[1] + '/*.tar.gz')[0]).getnames())", folder)
	require.Regexp(t, `\blauncher[_-]context-[0-9.]+/LICENSE\b`, files)
}

func TestThePackageHasTheLaunchersLicense(t *testing.T) {
	want, err := os.ReadFile("../../LICENSE")
	require.NoError(t, err)
	got, err := os.ReadFile("LICENSE")
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

// TestABuildLeavesNothingForGit is "pip install ./handler/python" in a clone.
func TestABuildLeavesNothingForGit(t *testing.T) {
	python, git := pythonWith(t, "pip"), launchertest.Needs(t, "git", "what a build of the Python package leaves")
	clone := t.TempDir()
	source := filepath.Join(clone, "handler", "python")
	require.NoError(t, os.CopyFS(source, os.DirFS(".")))
	ignored, err := os.ReadFile("../../.gitignore")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(clone, ".gitignore"), ignored, 0o600))
	command(t, git, "init", "--quiet", clone)
	status := func() string { return command(t, git, "-C", clone, "status", "--porcelain", "--untracked-files=all") }
	before := status()
	build(t, python, source, t.TempDir())
	require.Equal(t, before, status())
}

// pythonWith is a python3 that has these modules. It skips what this machine
// cannot test without them, and says so.
func pythonWith(t *testing.T, modules ...string) string {
	t.Helper()
	python := launchertest.Needs(t, "python3", "the Python package")
	if missing := without(t, python, modules...); missing != "" {
		launchertest.Lacks(t, missing, "the Python package")
	}
	return python
}

// without is those of the modules that this Python has not.
func without(t *testing.T, python string, modules ...string) string {
	t.Helper()
	find := "import importlib.util, sys; print(*[m for m in sys.argv[1:] if not importlib.util.find_spec(m)])"
	return strings.TrimSpace(command(t, python, append([]string{"-c", find}, modules...)...))
}

// command is what a program prints on standard output.
func command(t *testing.T, program string, args ...string) string {
	t.Helper()
	var stdout, stderr strings.Builder
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "PYTHONPATH=", "PIP_DISABLE_PIP_VERSION_CHECK=1")
	require.NoError(t, cmd.Run(), "%s%s", &stdout, &stderr)
	return stdout.String()
}
