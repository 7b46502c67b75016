package main

import (
	"os"
	"path/filepath"
	"runtime/debug"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/CycloneDX/cyclonedx-gomod/pkg/generate/bin"
	"github.com/CycloneDX/cyclonedx-gomod/pkg/licensedetect"
	"github.com/CycloneDX/cyclonedx-gomod/pkg/licensedetect/local"
	"github.com/rs/zerolog"
)

// detector finds the licence of each module once for all programs.
type detector struct {
	licensedetect.Detector
	found map[string][]cdx.License
}

// Detect returns the licences in a module's folder.
func (d detector) Detect(path, version, dir string) ([]cdx.License, error) {
	if known, ok := d.found[path]; ok {
		return known, nil
	}
	licenses, err := d.Detector.Detect(path, version, dir)
	d.found[path] = licenses
	return licenses, err
}

// writeSBOMs writes a CycloneDX document for each program, from what Go recorded in it.
func (r *release) writeSBOMs() error {
	// The modules were downloaded to build the programs. The project's own must not be.
	if err := os.Setenv("GOPROXY", "off"); err != nil {
		return err
	}
	r.licenses = detector{local.NewDetector(zerolog.Nop()), map[string][]cdx.License{}}
	for _, b := range r.binaries {
		if err := r.writeSBOM(b); err != nil {
			return err
		}
	}
	return nil
}

func (r *release) writeSBOM(b binary) error {
	generator, err := bin.NewGenerator(b.path, bin.WithLogger(zerolog.Nop()), bin.WithIncludeStdlib(true),
		bin.WithLicenseDetector(r.licenses), bin.WithVersionOverride("v"+r.version))
	if err != nil {
		return err
	}
	bom, err := generator.Generate()
	if err != nil {
		return err
	}
	complete(bom)
	f, err := os.Create(filepath.Join(r.out, b.name(r.version)+".cdx.json"))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if err := cdx.NewBOMEncoder(f, cdx.BOMFileFormatJSON).SetPretty(true).Encode(bom); err != nil {
		return err
	}
	return f.Close()
}

// complete adds the tool, and the licences that are not in the module cache.
func complete(bom *cdx.BOM) {
	const name = "github.com/CycloneDX/cyclonedx-gomod"
	tool := cdx.Component{Type: cdx.ComponentTypeApplication, Name: name}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == name {
				tool.Version = m.Version
			}
		}
	}
	bom.Metadata.Tools = &cdx.ToolsChoice{Components: &[]cdx.Component{tool}}
	setLicense(bom.Metadata.Component, "Apache-2.0")
	for i := range *bom.Components {
		if c := &(*bom.Components)[i]; c.Name == "std" {
			setLicense(c, "BSD-3-Clause")
		}
	}
}

func setLicense(c *cdx.Component, license string) {
	c.Evidence = nil
	c.Licenses = &cdx.Licenses{{License: &cdx.License{ID: license}}}
}
