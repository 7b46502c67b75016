package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// setuptools builds the Python package, at this version whatever the machine has.
const setuptools = "setuptools==80.9.0"

// writeFile writes a file, and its folder first.
func writeFile(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}

// environ returns variables for programs that build a package: the release's time,
// and a home that can be written.
func (r *release) environ(more ...string) []string {
	return append(more, "SOURCE_DATE_EPOCH="+strconv.FormatInt(r.time.Unix(), 10), "HOME="+r.work, "LC_ALL=C.UTF-8", "TZ=UTC")
}

// buildPython builds the wheel and the source distribution.
func (r *release) buildPython() error {
	backend, out := filepath.Join(r.work, "setuptools"), filepath.Join(r.work, "python")
	if err := r.command(r.src, nil, "python3", "-m", "pip", "install", "--quiet", "--no-cache-dir", "--no-deps", "--no-compile", "--target", backend, setuptools); err != nil {
		return err
	}
	if err := os.Mkdir(out, 0o755); err != nil {
		return err
	}
	for _, what := range []string{"wheel", "sdist"} {
		code := fmt.Sprintf("import sys, setuptools.build_meta as b; b.build_%s(sys.argv[1])", what)
		if err := r.command(filepath.Join(r.src, "handler/python"), r.environ("PYTHONPATH="+backend, "PYTHONDONTWRITEBYTECODE=1"), "python3", "-c", code, out); err != nil {
			return err
		}
	}
	return r.take(out)
}

// buildNode packs the Node.js package.
func (r *release) buildNode() error {
	out := filepath.Join(r.work, "node")
	if err := os.Mkdir(out, 0o755); err != nil {
		return err
	}
	if err := r.command(filepath.Join(r.src, "handler/node"), r.environ("npm_config_cache="+filepath.Join(r.work, "npm"), "npm_config_update_notifier=false"),
		"npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", out); err != nil {
		return err
	}
	return r.take(out)
}

// take moves packages into the release. The order, times and owners in an archive
// depend on the program that wrote it, so it is written again; a wheel honors
// SOURCE_DATE_EPOCH.
func (r *release) take(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			return err
		}
		if strings.HasSuffix(e.Name(), "gz") {
			if text, err = normalize(text, r.time); err != nil {
				return err
			}
		}
		if err := r.write(e.Name(), text); err != nil {
			return err
		}
	}
	return nil
}
