// Package file is the secret source of kind "file": keys and values in a text
// file, read as lines or as dotenv.
//
// It owns the reading of files that a user names, and the two grammars. It
// refuses what is not a regular file, and every text that has two readings: a
// value arrives byte for byte or not at all. Data flows path -> bytes ->
// Entry -> resolve.Finding; no error it returns holds any of a file's values.
package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// Format is a grammar of keys and values.
type Format string

// The formats. Lines is MLRun's, without its expansion of $NAME; Dotenv is
// godotenv's, without what it expands or damages.
const (
	Lines  Format = "lines"
	Dotenv Format = "dotenv"
)

// Formats lists the formats in the order of messages.
var Formats = []string{string(Lines), string(Dotenv)}

// FormatOf returns the format of a file that declares none: Dotenv for the names
// ".env", "*.env" and ".env.*", Lines for every other.
func FormatOf(path string) Format {
	name := filepath.Base(path)
	if strings.HasSuffix(name, ".env") || strings.HasPrefix(name, ".env.") {
		return Dotenv
	}
	return Lines
}

// source is one declared file.
type source struct {
	path   string
	format Format
}

// New reads a declaration whose source is a path or a map of path and format.
// It looks at no file. Its errors are document.Problems, joined.
func New(d resolve.Declaration) (resolve.Source, error) {
	var p document.Problems
	s := parseDeclaration(&p, d)
	if err := p.Err(); err != nil {
		return nil, err
	}
	return s, nil
}

// PathOf returns the path that a declaration names, "" for none.
func PathOf(d resolve.Declaration) string {
	var p document.Problems
	return parseDeclaration(&p, d).path
}

func parseDeclaration(p *document.Problems, d resolve.Declaration) source {
	switch {
	case d.Source == nil:
		p.Add(d.At, "", "a file source has no source")
	case d.Source.Kind == document.String:
		path := parsePath(p, d.Source)
		return source{path, FormatOf(path)}
	case d.Source.Kind == document.Map:
		return parseMap(p, d.Source)
	default:
		p.Add(d.Source.At, "", "a file source must be a path or a map, not %s", d.Source.Kind)
	}
	return source{}
}

func parseMap(p *document.Problems, n *document.Node) source {
	var s source
	for _, f := range n.Fields {
		switch f.Name {
		case "path":
			s.path = parsePath(p, f.Value)
		case "format":
			s.format = parseFormat(p, f.Value)
		default:
			p.Unknown(f, "a file source", "path", "format")
		}
	}
	if n.Field("path") == nil {
		p.Add(n.At, "", "a file source has no path")
	}
	if n.Field("format") == nil {
		s.format = FormatOf(s.path)
	}
	return s
}

func parsePath(p *document.Problems, n *document.Node) string {
	path := p.Text(n, "a file's path")
	if n.Kind != document.String {
		return ""
	}
	if err := checkPath(path); err != nil {
		p.Add(n.At, "", "%v", err)
	}
	return path
}

func parseFormat(p *document.Problems, n *document.Node) Format {
	format := Format(p.Text(n, "a file's format"))
	if n.Kind == document.String && format != Lines && format != Dotenv {
		p.Add(n.At, `the formats are "lines" and "dotenv"`, "unknown format of a file")
	}
	return format
}

// Find reads the file and returns a Finding for each of its keys, in order. It
// fails with resolve.ErrAbsent if the file is missing, and with another error if
// the file, or a line of it, cannot be read.
func (s source) Find(ctx context.Context) ([]resolve.Finding, error) {
	origin := keyname.Plain(s.path)
	entries, err := Await(ctx, func() ([]Entry, error) {
		text, err := read(s.path)
		if err != nil {
			return nil, err
		}
		return Parse(origin, text, s.format)
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, resolve.Absent(fmt.Sprintf("%q is not there", s.path))
	}
	if err != nil {
		return nil, err
	}
	findings := make([]resolve.Finding, len(entries))
	for i, e := range entries {
		findings[i] = resolve.Finding{Key: e.Key, Where: origin + ":" + strconv.Itoa(e.Line), Value: e.Value}
	}
	return findings, nil
}
