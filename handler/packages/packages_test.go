// Package packages_test installs the modules as docs/packages.md says, each in an empty
// project, and runs a program there that reads a secret through the launcher.
package packages_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

const home = "https://github.com/seed45446ece/launcher"

func TestMain(m *testing.M) { launchertest.Main(m) }

// TestThePackagesInstall has a clone beside the project, as the page says, in a folder
// with a space in its name. The commands run as they stand: git has the repository from
// a folder in place of its address.
func TestThePackagesInstall(t *testing.T) {
	rows := regexp.MustCompile(`(?m)^\| ([A-Z]\w+|R) \| (.*) \| `+"`(.*)`"+` \|$`).FindAllStringSubmatch(launchertest.ReadFile(t, "../../docs/packages.md"), -1)
	require.Len(t, rows, len(projects))
	origin := repository(t)
	for _, row := range rows {
		t.Run(row[1], func(t *testing.T) {
			t.Parallel()
			p, known := projects[row[1]]
			require.True(t, known)
			launchertest.NeedsAll(t, append(p.needs, "git"), "the package for "+row[1])
			work := filepath.Join(t.TempDir(), "my work")
			folder := filepath.Join(work, "project")
			environ := environment(t, work, origin)
			if row[1] == "Java" {
				environ = append(environ, maven(t))
			}
			version := strings.TrimSpace(launchertest.ReadFile(t, "../../VERSION"))
			fill := strings.NewReplacer("LOAD", row[3], "VERSION", version)
			for name, text := range p.files {
				require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o700))
				launchertest.WriteFile(t, filepath.Join(folder, name), fill.Replace(text))
			}
			shell(t, work, environ, "git clone --quiet "+home)
			shell(t, folder, environ, p.prepare)
			for _, command := range commands(t, folder, row[2]) {
				shell(t, folder, environ, command)
			}
			got := shell(t, folder, environ, `exec launcher run -s 'inline={"DB_PASSWORD": "pa$sword"}' -- `+fill.Replace(p.run))
			require.Equal(t, "8\n", got)
			require.Empty(t, shell(t, filepath.Join(work, "launcher"), environ, "git status --porcelain"), "what an install leaves in the clone")
		})
	}
}

// TestEveryModuleSaysItsVersion is for the reader of a copy.
func TestEveryModuleSaysItsVersion(t *testing.T) {
	version := strings.TrimSpace(launchertest.ReadFile(t, "../../VERSION"))
	probes, err := filepath.Glob("../*/probe.json")
	require.NoError(t, err)
	require.NotEmpty(t, probes)
	for _, probe := range probes {
		var language struct{ Module string }
		require.NoError(t, json.Unmarshal([]byte(launchertest.ReadFile(t, probe)), &language))
		start := launchertest.ReadFile(t, filepath.Join(filepath.Dir(probe), language.Module))[:2000]
		require.Regexp(t, `(Version |\$VERSION   = ')`+regexp.QuoteMeta(version)+`\b`, start, probe)
		require.Regexp(t, "From <?"+home+">?, under the Apache License 2.0", start, probe)
	}
}

// TestEveryPackageHasTheLicense compares the copies of the text. The packages of
// Java, Rust, Perl and R need none: they name the file of the repository, or the license.
func TestEveryPackageHasTheLicense(t *testing.T) {
	copies, err := filepath.Glob("../*/LICENSE")
	require.NoError(t, err)
	require.Equal(t, []string{"../node/LICENSE", "../php/LICENSE", "../python/LICENSE", "../ruby/LICENSE"}, copies)
	for _, name := range copies {
		require.Equal(t, launchertest.ReadFile(t, "../../LICENSE"), launchertest.ReadFile(t, name), name)
	}
}

// commands returns what a cell of the page says to run, after it wrote the line for a Gemfile.
func commands(t *testing.T, folder, cell string) (run []string) {
	for _, code := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cell, -1) {
		switch {
		case strings.HasPrefix(code[1], "gem "):
			gemfile := filepath.Join(folder, "Gemfile")
			launchertest.WriteFile(t, gemfile, launchertest.ReadFile(t, gemfile)+code[1]+"\n")
		case code[1] == "io.github.seed45446ece:launcher-context": // in the project's pom.xml
			run = append(run, "mvn -q compile")
		case code[1] != "Gemfile":
			run = append(run, code[1])
		}
	}
	return run
}

// repository returns a Git repository with these modules as they are now, so that the
// test needs no commit, and a source archive can be tested.
func repository(t *testing.T) string {
	git := launchertest.Needs(t, "git", "the packages of the modules")
	folder := filepath.Join(t.TempDir(), "origin of it")
	require.NoError(t, os.CopyFS(filepath.Join(folder, "handler"), os.DirFS("..")))
	for _, name := range []string{"LICENSE", "VERSION", ".gitignore", "go.mod", "go.sum"} {
		launchertest.WriteFile(t, filepath.Join(folder, name), launchertest.ReadFile(t, filepath.Join("../..", name)))
	}
	for _, args := range []string{"init --quiet -b main", "add .", "-c user.name=test -c user.email=test@example.com commit --quiet -m all"} {
		cmd := exec.Command(git, strings.Fields(args)...)
		cmd.Dir = folder
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
	}
	return folder
}

// environment returns the variables of a user with a HOME of its own, in which nothing
// is installed and every tool keeps what it needs.
func environment(t *testing.T, work, origin string) []string {
	user := filepath.Join(work, "home")
	require.NoError(t, os.MkdirAll(user, 0o700))
	launchertest.WriteFile(t, filepath.Join(user, ".gitconfig"), "[url \"file://"+origin+"\"]\n\tinsteadOf = "+home+"\n")
	paths := []string{filepath.Join(work, "project", ".venv", "bin"), launchertest.Folder(), os.Getenv("PATH")}
	environ := append(os.Environ(), "HOME="+user, "PATH="+strings.Join(paths, ":"),
		"PIP_DISABLE_PIP_VERSION_CHECK=1", "npm_config_offline=true", "npm_config_update_notifier=false",
		"COMPOSER_HOME="+user, "COMPOSER_DISABLE_NETWORK=1", "COMPOSER_ALLOW_SUPERUSER=1",
		"BUNDLE_PATH="+filepath.Join(user, "gems"), "BUNDLE_SILENCE_ROOT_WARNING=1",
		"R_LIBS="+filepath.Join(user, "R"), "CARGO_HOME="+filepath.Join(user, "cargo"))
	if old, err := os.UserHomeDir(); err == nil && os.Getenv("RUSTUP_HOME") == "" {
		environ = append(environ, "RUSTUP_HOME="+filepath.Join(old, ".rustup")) // where rustup's cargo has its programs
	}
	if exec.Command("python3", "-c", "import setuptools, wheel").Run() == nil {
		environ = append(environ, "PIP_NO_BUILD_ISOLATION=0") // in spite of the 0: pip downloads no setuptools
	}
	out, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE").Output()
	require.NoError(t, err)
	caches := strings.Split(string(out), "\n")
	return append(environ, "GOCACHE="+caches[0], "GOPATH="+filepath.Join(user, "go"), "GOMODCACHE="+filepath.Join(user, "go/mod"), "GOFLAGS=-modcacherw",
		"GOPROXY=file://"+caches[1]+"/cache/download", "GOPRIVATE="+strings.TrimPrefix(home, "https://"), "GOTOOLCHAIN=local", "CGO_ENABLED=0")
}

// maven returns a variable that names the folder in which Maven keeps its plugins, and
// removes the package from it.
func maven(t *testing.T) string {
	folder := os.Getenv("LAUNCHER_TEST_MAVEN")
	if folder == "" {
		launchertest.Lacks(t, "LAUNCHER_TEST_MAVEN, a folder for Maven's plugins", "the package for Java")
	}
	require.NoError(t, os.RemoveAll(filepath.Join(folder, "io/github/seed45446ece")))
	return "MAVEN_OPTS=-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Dmaven.repo.local=" + folder
}

// shell returns what a command prints on standard output. It must succeed.
func shell(t *testing.T, folder string, environ []string, command string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", command)
	cmd.Dir, cmd.Env = folder, environ
	got := launchertest.Finish(t, cmd)
	require.Zero(t, got.Status, "%s\n%s%s", command, got.Stdout, got.Stderr)
	return got.Stdout
}
