package main

import (
	"os"
	"path/filepath"
	"runtime/debug"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/CycloneDX/cyclonedx-gomod/pkg/generate/bin"
	"github.com/rs/zerolog"
)

// writeSBOMs writes a CycloneDX document for each program, from what Go recorded in
// it. It does not name the modules' licences: the library that guesses them returns
// different ones each time.
func (r *release) writeSBOMs() error {
	for _, b := range r.binaries {
		if err := r.writeSBOM(b); err != nil {
			return err
		}
	}
	return nil
}

func (r *release) writeSBOM(b binary) error {
	generator, err := bin.NewGenerator(b.path, bin.WithLogger(zerolog.Nop()), bin.WithIncludeStdlib(true), bin.WithVersionOverride("v"+r.version))
	if err != nil {
		return err
	}
	bom, err := generator.Generate()
	if err != nil {
		return err
	}
	bom.Metadata.Tools = &cdx.ToolsChoice{Components: &[]cdx.Component{tool()}}
	bom.Metadata.Component.Licenses = &cdx.Licenses{{License: &cdx.License{ID: "Apache-2.0"}}}
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

// tool names what made the document, at the version that is linked in.
func tool() cdx.Component {
	c := cdx.Component{Type: cdx.ComponentTypeApplication, Name: "github.com/CycloneDX/cyclonedx-gomod"}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == c.Name {
				c.Version = m.Version
			}
		}
	}
	return c
}
