package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// commit is what is released.
type commit struct {
	hash    string
	time    time.Time // which every file of the release has
	version string
}

// checkCommit returns the last commit. It fails if a file differs from it.
func checkCommit(ctx context.Context, root string) (commit, error) {
	changed, err := output(ctx, root, "git", "status", "--porcelain")
	if err != nil {
		return commit{}, fmt.Errorf("a release is built from a git clone: %w", err)
	}
	if changed != "" {
		return commit{}, fmt.Errorf("a release is built from a commit, and these files differ from it:\n%s\nhint: commit or stash them", shorten(changed, 10))
	}
	text, err := output(ctx, root, "git", "log", "-1", "--format=%H %ct")
	if err != nil {
		return commit{}, err
	}
	hash, seconds, _ := strings.Cut(text, " ")
	at, err := strconv.ParseInt(seconds, 10, 64)
	return commit{hash: hash, time: time.Unix(at, 0).UTC()}, err
}

// shorten returns the first lines of a text.
func shorten(text string, most int) string {
	lines := strings.Split(text, "\n")
	if len(lines) > most {
		lines = append(lines[:most], fmt.Sprintf("... and %d more", len(lines)-most))
	}
	return strings.Join(lines, "\n")
}

// checkTools returns an error that names a program that is missing, and the Debian
// package that contains it.
func checkTools(ctx context.Context, sign string) error {
	needed := [][2]string{{"git", "git"}, {"tar", "tar"}, {"make", "make"}, {"python3", "python3"}, {"npm", "npm"}}
	switch sign {
	case "":
	case "keyless":
		if _, err := exec.LookPath("cosign"); err != nil {
			return errors.New("cosign is missing: install it from https://github.com/sigstore/cosign")
		}
	default:
		needed = append(needed, [2]string{"ssh-keygen", "openssh-client"})
		if _, err := os.Stat(sign); err != nil {
			return fmt.Errorf("the key to sign with: %w", err)
		}
	}
	for _, tool := range needed {
		if _, err := exec.LookPath(tool[0]); err != nil {
			return fmt.Errorf("%s is missing: install Debian's %s", tool[0], tool[1])
		}
	}
	if _, err := output(ctx, ".", "python3", "-c", "import pip"); err != nil {
		return errors.New("pip is missing: install Debian's python3-pip")
	}
	return nil
}

// export writes the files of the commit, and checks its version.
func (r *release) export(root string) error {
	for _, folder := range []string{r.src, r.out} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			return err
		}
	}
	archive := filepath.Join(r.work, "src.tar")
	if err := r.command(root, nil, "git", "archive", "--format=tar", "-o", archive, r.hash); err != nil {
		return err
	}
	if err := r.command(r.src, nil, "tar", "--no-same-permissions", "--no-same-owner", "-xf", archive); err != nil {
		return err
	}
	if err := r.command(r.src, nil, ".ci/version"); err != nil {
		return err
	}
	goMod, err := os.ReadFile(filepath.Join(r.src, "go.mod"))
	if err != nil {
		return err
	}
	r.module = regexp.MustCompile(`(?m)^module (\S+)$`).FindStringSubmatch(string(goMod))[1]
	version, err := os.ReadFile(filepath.Join(r.src, "VERSION"))
	if err != nil {
		return err
	}
	r.version = strings.TrimSpace(string(version))
	if r.url == "" {
		r.url = "https://" + r.module + "/releases/download/v" + r.version
	}
	return r.checkVersion()
}

// checkVersion compares the version that the user names with the commit's.
func (r *release) checkVersion() error {
	wanted := r.wanted
	if wanted == "" {
		return nil
	}
	if number := strings.TrimPrefix(wanted, "v"); number != wanted {
		return fmt.Errorf("VERSION=%s starts with v\nhint: write VERSION=%s", wanted, number)
	}
	if wanted != r.version {
		return fmt.Errorf("VERSION is %q, but the commit's is %q\nhint: run \"make version VERSION=%s\" and commit", wanted, r.version, wanted)
	}
	changelog, err := os.ReadFile(filepath.Join(r.src, "CHANGELOG.md"))
	if err != nil {
		return err
	}
	if !regexp.MustCompile(`(?m)^## ` + regexp.QuoteMeta(wanted) + `, \d{4}-\d\d-\d\d$`).Match(changelog) {
		return fmt.Errorf("CHANGELOG.md has no date for %s\nhint: write \"## %s, %s\" in place of \"unreleased\", and commit", wanted, wanted, r.time.Format(time.DateOnly))
	}
	return nil
}

// makeWork makes a temporary folder beside the target, on the same file system.
func makeWork(root string) (string, error) {
	build := filepath.Join(root, "build")
	if err := os.MkdirAll(build, 0o755); err != nil {
		return "", err
	}
	return os.MkdirTemp(build, "release-")
}

// checkTarget refuses to replace a folder that no release wrote.
func checkTarget(target string) error {
	entries, err := os.ReadDir(target)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(target, sums)); err != nil {
		return errors.New("dist exists and is not a release: it has no " + sums + "\nhint: delete or rename it")
	}
	return nil
}

// replace puts a finished folder in the target's place. If it fails, the target is as
// it was.
func replace(target, finished, old string) error {
	renamed := os.Rename(target, old)
	if renamed != nil && !errors.Is(renamed, fs.ErrNotExist) {
		return renamed
	}
	err := os.Rename(finished, target)
	if err != nil && renamed == nil {
		err = errors.Join(err, os.Rename(old, target))
	}
	return err
}

// output returns what a program prints, without the end of the last line.
func output(ctx context.Context, dir, name string, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(stderr.String()))
	}
	return strings.TrimRight(stdout.String(), "\n"), nil
}

// command runs a program with further variables. It prints nothing unless the
// program fails. If the release is interrupted, the programs that it started end too.
func (r *release) command(dir string, environ []string, name string, args ...string) error {
	cmd := exec.CommandContext(r.ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), environ...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	text, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, shorten(strings.TrimSpace(string(text)), 40))
	}
	return nil
}
