package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	sums           = "SHA256SUMS"
	provenanceFile = "provenance.intoto.json"
)

// writeProvenance writes an in-toto statement with a predicate of SLSA 1.0: which
// files were built, from which commit, with which tools. It holds no time.
func (r *release) writeProvenance() error {
	subjects, err := r.subjects()
	if err != nil {
		return err
	}
	tools, err := r.toolVersions()
	if err != nil {
		return err
	}
	repository, platforms := "https://"+r.module, []string{}
	for _, p := range r.platforms {
		platforms = append(platforms, p.os+"/"+p.arch)
	}
	statement := map[string]any{
		"_type":         "https://in-toto.io/Statement/v1",
		"subject":       subjects,
		"predicateType": "https://slsa.dev/provenance/v1",
		"predicate": map[string]any{
			"buildDefinition": map[string]any{
				"buildType":          repository + "/blob/" + r.hash + "/docs/release.md",
				"externalParameters": map[string]any{"version": r.version, "platforms": platforms, "url": r.url},
				"internalParameters": map[string]any{"tools": tools},
				"resolvedDependencies": []any{
					map[string]any{"uri": "git+" + repository, "digest": map[string]any{"gitCommit": r.hash}},
				},
			},
			"runDetails": map[string]any{"builder": map[string]any{"id": repository + "/tree/" + r.hash + "/.ci/release"}},
		},
	}
	text, err := json.MarshalIndent(statement, "", "  ")
	if err != nil {
		return err
	}
	return r.write(provenanceFile, append(text, '\n'))
}

// subjects returns the name and digest of each file of the release.
func (r *release) subjects() ([]any, error) {
	entries, err := os.ReadDir(r.out)
	if err != nil {
		return nil, err
	}
	var subjects []any
	for _, e := range entries {
		sum, err := checksum(filepath.Join(r.out, e.Name()))
		if err != nil {
			return nil, err
		}
		subjects = append(subjects, map[string]any{"name": e.Name(), "digest": map[string]any{"sha256": sum}})
	}
	return subjects, nil
}

// toolVersions returns the versions of the programs that the bytes depend on. The
// modules of Go are in the SBOMs.
func (r *release) toolVersions() (map[string]string, error) {
	versions := map[string]string{"setuptools": strings.TrimPrefix(setuptools, "setuptools==")}
	for name, command := range map[string][]string{
		"go": {"go", "env", "GOVERSION"}, "python": {"python3", "-c", "import platform; print(platform.python_version())"},
		"node": {"node", "--version"}, "npm": {"npm", "--version"},
	} {
		text, err := output(r.ctx, r.src, command[0], command[1:]...)
		if err != nil {
			return nil, err
		}
		versions[name] = text
	}
	return versions, nil
}

// writeSums writes the checksums of all other files, and signs them.
func (r *release) writeSums() error {
	entries, err := os.ReadDir(r.out)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	for _, e := range entries {
		sum, err := checksum(filepath.Join(r.out, e.Name()))
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(&text, "%s  %s\n", sum, e.Name())
	}
	if err := r.write(sums, text.Bytes()); err != nil {
		return err
	}
	return r.signSums()
}

// signSums signs the checksums. The program can prompt for a passphrase or a login.
func (r *release) signSums() error {
	var cmd *exec.Cmd
	switch r.sign {
	case "":
		return nil
	case "keyless":
		cmd = exec.CommandContext(r.ctx, "cosign", "sign-blob", "--yes", "--bundle", sums+".sigstore.json", sums)
	default:
		key, err := filepath.Abs(r.sign)
		if err != nil {
			return err
		}
		cmd = exec.CommandContext(r.ctx, "ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", namespace, sums)
	}
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = r.out, os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	return nil
}

// namespace keeps a signature of something else from being taken for one of a release.
const namespace = "launcher-release"
