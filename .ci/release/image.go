package main

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	imagetar "github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// writeImage writes what the Dockerfile builds, for every Linux platform, as one
// archive of an OCI image layout.
func (r *release) writeImage() error {
	var index v1.ImageIndex = empty.Index
	for _, b := range r.binaries {
		if b.program != "launcher" || b.os != "linux" {
			continue
		}
		image, err := r.image(b)
		if err != nil {
			return err
		}
		platform := &v1.Platform{OS: b.os, Architecture: b.arch, Variant: variant(b.arch)}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: platform}})
	}
	if index == empty.Index {
		return nil
	}
	index = mutate.Annotations(index, r.labels()).(v1.ImageIndex)
	folder := filepath.Join(r.work, "image")
	path, err := layout.Write(folder, empty.Index)
	if err != nil {
		return err
	}
	if err := path.AppendIndex(index, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": r.version})); err != nil {
		return err
	}
	entries, err := folderEntries(folder)
	if err != nil {
		return err
	}
	archive, err := tarball(entries, r.time)
	if err != nil {
		return err
	}
	return r.write("launcher_"+r.version+"_oci.tar", archive)
}

// variant returns the variant of a processor, as container runtimes name it.
func variant(arch string) string {
	if arch == "arm" {
		return "v7"
	}
	return ""
}

// labels describe the image, as config labels and as annotations.
func (r *release) labels() map[string]string {
	return map[string]string{
		"org.opencontainers.image.title":       "launcher",
		"org.opencontainers.image.description": descriptions["launcher"],
		"org.opencontainers.image.version":     r.version,
		"org.opencontainers.image.revision":    r.hash,
		"org.opencontainers.image.created":     r.time.Format(time.RFC3339),
		"org.opencontainers.image.licenses":    "Apache-2.0",
		"org.opencontainers.image.source":      "https://" + r.module,
	}
}

// image returns the image of one platform. It has one layer.
func (r *release) image(b binary) (v1.Image, error) {
	program, err := os.ReadFile(b.path)
	if err != nil {
		return nil, err
	}
	entries, err := r.addSources([]entry{{"launcher", program, 0o755}, {"licenses/", nil, 0o755}}, map[string]string{
		"launcher_context.py":               "handler/python/launcher_context.py",
		"launcher-context.cjs":              "handler/node/launcher-context.cjs",
		"licenses/LICENSE":                  "LICENSE",
		"licenses/THIRD_PARTY_LICENSES.txt": "THIRD_PARTY_LICENSES.txt",
	})
	if err != nil {
		return nil, err
	}
	archive, err := tarball(entries, r.time)
	if err != nil {
		return nil, err
	}
	layer, err := imagetar.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive)), nil },
		imagetar.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err := mutate.Append(base, mutate.Addendum{Layer: layer, History: v1.History{Created: v1.Time{Time: r.time}, CreatedBy: "make release"}})
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Variant, config.Created = b.os, b.arch, variant(b.arch), v1.Time{Time: r.time}
	config.Config = v1.Config{
		User: "65532:65532", Entrypoint: []string{"/launcher", "run", "--"}, Labels: r.labels(),
		Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
	}
	if image, err = mutate.ConfigFile(image, config); err != nil {
		return nil, err
	}
	return mutate.Annotations(image, r.labels()).(v1.Image), nil
}

// folderEntries returns the files below a folder.
func folderEntries(folder string) ([]entry, error) {
	var entries []entry
	files := os.DirFS(folder)
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || path == ".":
			return err
		case d.IsDir():
			entries = append(entries, entry{path + "/", nil, 0o755})
			return nil
		}
		text, err := fs.ReadFile(files, path)
		entries = append(entries, entry{path, text, 0o644})
		return err
	})
	return entries, err
}
