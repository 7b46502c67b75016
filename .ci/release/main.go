// Command release builds a release from the last commit: archives, Debian and RPM
// packages, the Python and Node.js packages, an image, SBOMs, checksums, and
// manifests for krew and Homebrew. It writes the folder dist whole or not at all,
// and two runs write the same bytes. docs/release.md describes it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// options are the command line.
type options struct {
	root      string
	wanted    string // version that the user wants to release, "" to try the build
	platforms string
	url       string
	sign      string
}

func main() {
	var o options
	flag.StringVar(&o.root, "root", ".", "the repository")
	flag.StringVar(&o.wanted, "version", "", "fail if the repository has another version, or its changelog no date")
	flag.StringVar(&o.platforms, "platforms", "", "build only these, such as linux/amd64,darwin/arm64")
	flag.StringVar(&o.url, "url", "", "where the files will be downloaded from")
	flag.StringVar(&o.sign, "sign", "", "sign SHA256SUMS: an SSH key's file, or keyless")
	flag.Parse()
	// The modes of files must not depend on the user.
	syscall.Umask(0o022)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if err := run(ctx, o); err != nil {
		if ctx.Err() != nil {
			err = errors.New("interrupted: dist is as it was")
		}
		fmt.Fprintln(os.Stderr, "make release:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	root, err := filepath.Abs(o.root)
	if err != nil {
		return err
	}
	platforms, err := choose(o.platforms)
	if err != nil {
		return err
	}
	target := filepath.Join(root, "dist")
	if err := checkTarget(target); err != nil {
		return err
	}
	if err := checkTools(ctx, o.sign); err != nil {
		return err
	}
	commit, err := checkCommit(ctx, root)
	if err != nil {
		return err
	}
	work, err := makeWork(root)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	r := &release{ctx: ctx, options: o, commit: commit, platforms: platforms, src: filepath.Join(work, "src"), work: work, out: filepath.Join(work, "dist")}
	if err := r.build(root); err != nil {
		return err
	}
	if err := replace(target, r.out, filepath.Join(work, "old")); err != nil {
		return err
	}
	fmt.Printf("dist has launcher %s, commit %s\n", r.version, commit.hash)
	return nil
}

// release is one release while it is built.
type release struct {
	options
	commit
	ctx            context.Context
	module         string // the path of the Go module
	platforms      []platform
	src, work, out string // what the commit has; a temporary folder; the new dist
	pages          map[string]string
	binaries       []binary
}

// build runs every step.
func (r *release) build(root string) error {
	steps := []struct {
		name string
		run  func() error
	}{
		{"source", func() error { return r.export(root) }},
		{"manual pages and completions", r.writePages},
		{"programs", r.buildPrograms},
		{"SBOMs", r.writeSBOMs},
		{"archives", r.writeArchives},
		{"Debian and RPM packages", r.writePackages},
		{"Python package", r.buildPython},
		{"Node.js package", r.buildNode},
		{"image", r.writeImage},
		{"manifests for krew and Homebrew", r.writeManifests},
		{"provenance", r.writeProvenance},
		{"checksums", r.writeSums},
	}
	for _, step := range steps {
		fmt.Println(step.name)
		if err := step.run(); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

// platform is an operating system and a processor, as Go names them.
type platform struct {
	os, arch string
	programs []string
}

var both = []string{"launcher", "launcherctl"}

// allPlatforms lists the platforms of a release's programs.
var allPlatforms = []platform{
	{"linux", "amd64", both},
	{"linux", "arm64", both},
	{"linux", "arm", both},
	{"linux", "riscv64", both},
	{"darwin", "amd64", both},
	{"darwin", "arm64", both},
	{"windows", "amd64", []string{"launcherctl"}},
}

// suffix returns the end of a program's file name.
func (p platform) suffix() string {
	if p.os == "windows" {
		return ".exe"
	}
	return ""
}

// file returns the platform's part of a file's name.
func (p platform) file() string {
	if p.arch == "arm" {
		return p.os + "_armv7"
	}
	return p.os + "_" + p.arch
}

// choose returns the platforms of a list, all for an empty one.
func choose(list string) ([]platform, error) {
	if list == "" {
		return allPlatforms, nil
	}
	var chosen []platform
	for _, name := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		at := slices.IndexFunc(allPlatforms, func(p platform) bool { return p.os+"/"+p.arch == name })
		if at < 0 {
			return nil, fmt.Errorf("platform %q is unsupported", name)
		}
		chosen = append(chosen, allPlatforms[at])
	}
	return chosen, nil
}
