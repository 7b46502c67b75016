package main

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"os"
	"path/filepath"
	"text/template"
)

//go:embed templates
var templates embed.FS

// asset is a program's archive as a manifest names it.
type asset struct {
	OS, Arch, URL, SHA256, Binary string
}

// writeManifests writes the manifest of the kubectl plugin, and a Homebrew formula
// for each program.
func (r *release) writeManifests() error {
	assets := map[string][]asset{}
	for _, b := range r.binaries {
		sum, err := checksum(filepath.Join(r.out, r.archiveName(b)))
		if err != nil {
			return err
		}
		assets[b.program] = append(assets[b.program], asset{b.os, b.arch, r.url + "/" + r.archiveName(b), sum, filepath.Base(b.path)})
	}
	for _, manifest := range []struct{ file, template, program, class string }{
		{"krew.yaml", "krew.yaml", "launcherctl", ""},
		{"launcher.rb", "formula.rb", "launcher", "Launcher"},
		{"launcherctl.rb", "formula.rb", "launcherctl", "Launcherctl"},
	} {
		parsed, err := template.ParseFS(templates, "templates/"+manifest.template)
		if err != nil {
			return err
		}
		var text bytes.Buffer
		if err := parsed.Execute(&text, map[string]any{
			"Program": manifest.program, "Class": manifest.class, "Version": r.version, "Homepage": "https://" + r.module,
			"Description": descriptions[manifest.program], "Assets": assets[manifest.program],
		}); err != nil {
			return err
		}
		if err := r.write(manifest.file, text.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// checksum returns the SHA-256 of a file in hexadecimal digits.
func checksum(path string) (string, error) {
	text, err := os.ReadFile(path)
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), err
}
