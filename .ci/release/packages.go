package main

import (
	"bytes"
	"io/fs"
	"path/filepath"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
	"github.com/goreleaser/nfpm/v2/rpm"
)

var descriptions = map[string]string{
	"launcher":    "Resolve a task's secrets and run a job's handler with them",
	"launcherctl": "Manage a project's secrets, tasks and jobs on a Kubernetes cluster",
}

// writePackages writes a Debian and an RPM package of each program for Linux.
func (r *release) writePackages() error {
	for _, b := range r.binaries {
		if b.os != "linux" {
			continue
		}
		contents, err := r.contents(b)
		if err != nil {
			return err
		}
		for _, packager := range []nfpm.Packager{deb.Default, rpm.DefaultRPM} {
			info := nfpm.WithDefaults(r.packageInfo(b, contents))
			if err := nfpm.PrepareForPackager(info, map[bool]string{true: "deb", false: "rpm"}[packager == deb.Default]); err != nil {
				return err
			}
			var text bytes.Buffer
			if err := packager.Package(info, &text); err != nil {
				return err
			}
			if err := r.write(packager.ConventionalFileName(info), text.Bytes()); err != nil {
				return err
			}
		}
	}
	return nil
}

// packageInfo describes a program's package.
func (r *release) packageInfo(b binary, contents files.Contents) *nfpm.Info {
	arch := b.arch
	if arch == "arm" {
		arch = "arm7"
	}
	info := &nfpm.Info{
		Name: b.program, Arch: arch, Platform: "linux", Version: r.version, Release: "1", Section: "utils", Priority: "optional",
		Maintainer: maintainer, Description: descriptions[b.program], Homepage: "https://" + r.module, License: "Apache-2.0",
		MTime: r.time, DisableGlobbing: true,
	}
	info.Contents = contents
	info.RPM.BuildHost, info.RPM.Summary = "localhost", descriptions[b.program]
	return info
}

// maintainer is the packages' field of this name.
const maintainer = "The launcher maintainers <maintainers@users.noreply.github.com>"

// contents returns the files of a package. Text that packages compress is in files
// of the temporary folder.
func (r *release) contents(b binary) (files.Contents, error) {
	page, err := compress([]byte(r.pages[b.program+".1"]))
	if err != nil {
		return nil, err
	}
	texts := map[string][]byte{
		"/usr/share/man/man1/" + b.program + ".1.gz":                  page,
		"/usr/share/bash-completion/completions/" + b.program:         []byte(r.pages[b.program+".bash"]),
		"/usr/share/zsh/site-functions/_" + b.program:                 []byte(r.pages["_"+b.program]),
		"/usr/share/fish/vendor_completions.d/" + b.program + ".fish": []byte(r.pages[b.program+".fish"]),
	}
	var contents files.Contents
	for name, text := range texts {
		source := filepath.Join(r.work, "package", name)
		if err := writeFile(source, text); err != nil {
			return nil, err
		}
		contents = append(contents, content(source, name, 0o644))
	}
	contents = append(contents,
		content(b.path, "/usr/bin/"+b.program, 0o755),
		content(filepath.Join(r.src, "LICENSE"), "/usr/share/doc/"+b.program+"/copyright", 0o644),
		content(filepath.Join(r.src, "THIRD_PARTY_LICENSES.txt"), "/usr/share/doc/"+b.program+"/THIRD_PARTY_LICENSES.txt", 0o644))
	if b.program == "launcherctl" { // kubectl looks for this name
		contents = append(contents, &files.Content{Source: "launcherctl", Destination: "/usr/bin/kubectl-launcher", Type: files.TypeSymlink})
	}
	return contents, nil
}

func content(source, destination string, mode fs.FileMode) *files.Content {
	return &files.Content{Source: source, Destination: destination, FileInfo: &files.ContentFileInfo{Mode: mode, Owner: "root", Group: "root"}}
}
