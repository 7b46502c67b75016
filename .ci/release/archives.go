package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"cmp"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// entry is a file of an archive. A name that ends in / is a folder.
type entry struct {
	name string
	text []byte
	mode int64
}

// tarball returns an archive whose bytes depend only on its entries and the time.
func tarball(entries []entry, at time.Time) ([]byte, error) {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.name, b.name) })
	for _, e := range entries {
		header := &tar.Header{Name: e.name, Mode: e.mode, Size: int64(len(e.text)), ModTime: at, Typeflag: tar.TypeReg, Format: tar.FormatPAX}
		if strings.HasSuffix(e.name, "/") {
			header.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := w.Write(e.text); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return archive.Bytes(), err
}

// compress returns data as gzip writes it, without a name or a time.
func compress(data []byte) ([]byte, error) {
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	err := w.Close()
	return compressed.Bytes(), err
}

// zipped returns a zip archive of the entries.
func zipped(entries []entry, at time.Time) ([]byte, error) {
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.name, b.name) })
	for _, e := range entries {
		header := &zip.FileHeader{Name: e.name, Method: zip.Deflate, Modified: at}
		header.SetMode(os.FileMode(e.mode))
		f, err := w.CreateHeader(header)
		if err != nil {
			return nil, err
		}
		if _, err := f.Write(e.text); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return archive.Bytes(), err
}

// writeArchives writes an archive for each program and platform.
func (r *release) writeArchives() error {
	for _, b := range r.binaries {
		entries, err := r.archiveEntries(b)
		if err != nil {
			return err
		}
		var archive []byte
		if b.os == "windows" {
			archive, err = zipped(entries, r.time)
		} else if archive, err = tarball(entries, r.time); err == nil {
			archive, err = compress(archive)
		}
		if err != nil {
			return err
		}
		if err := r.write(r.archiveName(b), archive); err != nil {
			return err
		}
	}
	return nil
}

// archiveName returns the name of a program's archive.
func (r *release) archiveName(b binary) string {
	if b.os == "windows" {
		return b.name(r.version) + ".zip"
	}
	return b.name(r.version) + ".tar.gz"
}

func (r *release) archiveEntries(b binary) ([]entry, error) {
	program, err := os.ReadFile(b.path)
	if err != nil {
		return nil, err
	}
	entries := []entry{
		{filepath.Base(b.path), program, 0o755},
		{"man/" + b.program + ".1", []byte(r.pages[b.program+".1"]), 0o644},
		{"completions/" + b.program + ".bash", []byte(r.pages[b.program+".bash"]), 0o644},
		{"completions/_" + b.program, []byte(r.pages["_"+b.program]), 0o644},
		{"completions/" + b.program + ".fish", []byte(r.pages[b.program+".fish"]), 0o644},
	}
	return r.addSources(entries, map[string]string{"LICENSE": "LICENSE", "THIRD_PARTY_LICENSES.txt": "THIRD_PARTY_LICENSES.txt"})
}

// addSources adds files of the commit, by their names in the archive.
func (r *release) addSources(entries []entry, sources map[string]string) ([]entry, error) {
	for name, source := range sources {
		text, err := os.ReadFile(filepath.Join(r.src, source))
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry{name, text, 0o644})
	}
	return entries, nil
}

// normalize returns a compressed tar archive with the order, owners, times and
// modes of the release.
func normalize(archive []byte, at time.Time) ([]byte, error) {
	decompressed, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, err
	}
	var entries []entry
	for r := tar.NewReader(decompressed); ; {
		header, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(r)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry{header.Name, text, 0o644 | header.Mode&0o111})
	}
	plain, err := tarball(entries, at)
	if err != nil {
		return nil, err
	}
	return compress(plain)
}

// write writes a file of the release.
func (r *release) write(name string, text []byte) error {
	return os.WriteFile(filepath.Join(r.out, name), text, 0o644)
}
