package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// repository returns a clone of nothing with one commit, and a function that runs git in it.
func repository(t *testing.T, files map[string]string) (root string, git func(args ...string)) {
	root = t.TempDir()
	git = func(args ...string) {
		cmd := exec.Command("git", append([]string{"-C", root, "-c", "user.name=a", "-c", "user.email=a@localhost"}, args...)...)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
	}
	git("init", "--quiet")
	for name, text := range files {
		require.NoError(t, writeFile(filepath.Join(root, name), []byte(text)))
	}
	git("add", ".")
	git("commit", "--quiet", "-m", "x", "--date=2026-01-31T00:00:00Z")
	return root, git
}

func TestAReleaseIsBuiltFromACommit(t *testing.T) {
	root, git := repository(t, map[string]string{"a": "1"})
	c, err := checkCommit(t.Context(), root)
	require.NoError(t, err)
	require.Len(t, c.hash, 40)
	require.False(t, c.time.IsZero())

	require.NoError(t, os.WriteFile(filepath.Join(root, "new"), nil, 0o600))
	_, err = checkCommit(t.Context(), root)
	require.EqualError(t, err, "a release is built from a commit, and these files differ from it:\n?? new\nhint: commit or stash them")
	git("add", "new")
	_, err = checkCommit(t.Context(), root)
	require.ErrorContains(t, err, "\nA  new\n")
	for i := range 30 {
		require.NoError(t, os.WriteFile(filepath.Join(root, "file"+strings.Repeat("x", i)), nil, 0o600))
	}
	_, err = checkCommit(t.Context(), root)
	require.ErrorContains(t, err, "\n... and 21 more\nhint:")

	t.Setenv("GIT_CEILING_DIRECTORIES", "/")
	_, err = checkCommit(t.Context(), t.TempDir())
	require.ErrorContains(t, err, "a release is built from a git clone: git: exit status 128: fatal: not a git repository")
	empty := t.TempDir()
	require.NoError(t, exec.Command("git", "init", "--quiet", empty).Run())
	_, err = checkCommit(t.Context(), empty)
	require.ErrorContains(t, err, "does not have any commits yet")
}

func TestTheVersionToReleaseIsTheCommits(t *testing.T) {
	r := &release{src: t.TempDir(), commit: commit{version: "1.2.3", time: time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)}}
	changelog := func(heading string) {
		require.NoError(t, os.WriteFile(filepath.Join(r.src, "CHANGELOG.md"), []byte("# Changelog\n\n"+heading+"\n"), 0o600))
	}
	changelog("## 1.2.3, unreleased")
	require.NoError(t, r.checkVersion()) // nobody named a version
	for wanted, message := range map[string]string{
		"v1.2.3": "VERSION=v1.2.3 starts with v\nhint: write VERSION=1.2.3",
		"1.2.4":  "VERSION is \"1.2.4\", but the commit's is \"1.2.3\"\nhint: run \"make version VERSION=1.2.4\" and commit",
		"x y":    "VERSION is \"x y\", but the commit's is \"1.2.3\"\nhint: run \"make version VERSION=x y\" and commit",
		"1.2.3":  "CHANGELOG.md has no date for 1.2.3\nhint: write \"## 1.2.3, 2026-01-31\" in place of \"unreleased\", and commit",
	} {
		r.wanted = wanted
		require.EqualError(t, r.checkVersion(), message)
	}
	r.wanted = "1.2.3"
	changelog("## 1.2.3, 2026-01-31")
	require.NoError(t, r.checkVersion())
}

func TestTheFolderOfSomethingElseIsNotReplaced(t *testing.T) {
	root := t.TempDir()
	target := filepath.Join(root, "dist")
	require.NoError(t, checkTarget(target))
	require.NoError(t, os.Mkdir(target, 0o700))
	require.NoError(t, checkTarget(target))
	require.NoError(t, os.WriteFile(filepath.Join(target, "thesis.txt"), nil, 0o600))
	require.EqualError(t, checkTarget(target), "dist exists and is not a release: it has no SHA256SUMS\nhint: delete or rename it")
	require.NoError(t, os.WriteFile(filepath.Join(target, sums), nil, 0o600))
	require.NoError(t, checkTarget(target))
}

func TestARenameThatFailsKeepsTheOldRelease(t *testing.T) {
	root := t.TempDir()
	target, old := filepath.Join(root, "dist"), filepath.Join(root, "old")
	require.NoError(t, writeFile(filepath.Join(target, sums), []byte("old")))
	require.ErrorIs(t, replace(target, filepath.Join(root, "none"), old), os.ErrNotExist)
	require.FileExists(t, filepath.Join(target, sums))
	require.NoDirExists(t, old)

	require.NoError(t, os.Mkdir(filepath.Join(root, "new"), 0o700))
	require.NoError(t, replace(target, filepath.Join(root, "new"), old))
	require.NoFileExists(t, filepath.Join(target, sums))
	require.NoError(t, replace(filepath.Join(root, "first"), target, filepath.Join(root, "other")))
	require.DirExists(t, filepath.Join(root, "first"))
}

func TestAFailedReleaseLeavesNothing(t *testing.T) {
	root, _ := repository(t, map[string]string{".gitignore": "build\n", ".ci/version": "#!/bin/sh\necho no\nexit 1\n"})
	require.Error(t, run(t.Context(), options{root: root}))
	require.NoDirExists(t, filepath.Join(root, "dist"))
	left, err := filepath.Glob(filepath.Join(root, "build", "*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestMissingToolsAreNamed(t *testing.T) {
	for sign, want := range map[string]string{"": "git is missing: install Debian's git", "keyless": "cosign is missing: install it from https://github.com/sigstore/cosign"} {
		t.Setenv("PATH", t.TempDir())
		require.EqualError(t, checkTools(t.Context(), sign), want)
	}
	require.ErrorContains(t, checkTools(t.Context(), "/no/key"), "the key to sign with: stat /no/key: no such file or directory")
}
