// Package file is the secret source of kind "file": keys and values in a text
// file, read as lines or as dotenv.
//
// It owns the reading of files that a user names, and the two grammars. It
// refuses what is neither a regular file nor a FIFO, and every text that has two readings: a
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
	"github.com/seed45446ece/launcher/resolve/keylist"
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

// Source is one declared file.
type Source struct {
	Spec
	pipes *Pipes
	keys  []keylist.Key // none: every key of the file
}

// Spec says where a file is, and how to read it.
type Spec struct {
	Path   string
	Format Format
}

// New returns the source of a declaration. It looks at no file. Its errors are
// document.Problems, joined.
func New(d resolve.Declaration, pipes *Pipes) (Source, error) {
	var keys []keylist.Key
	spec, err := parse(d.Source, d.At, &keys)
	return Source{spec, pipes, keys}, err
}

// ParseSpec reads a path, or a map of path and format. It fails with
// document.Problems, joined; at is the place of one that is missing.
func ParseSpec(n *document.Node, at document.Position) (s Spec, err error) { return parse(n, at, nil) }

// parse reads what ParseSpec does, and the field secrets into keys unless that is nil.
func parse(n *document.Node, at document.Position, keys *[]keylist.Key) (s Spec, err error) {
	var p document.Problems
	switch {
	case n == nil:
		p.Add(at, "", "a file source has no source")
	case n.Kind == document.String:
		s.Path = parsePath(&p, n)
		s.Format = FormatOf(s.Path)
	case n.Kind == document.Map:
		s = parseMap(&p, n, keys)
	default:
		p.Add(n.At, "", "a file source must be a path or a map, not %s", n.Kind)
	}
	return s, p.Err()
}

func parseMap(p *document.Problems, n *document.Node, keys *[]keylist.Key) Spec {
	var s Spec
	known := []string{"path", "format"}
	if keys != nil {
		known = append(known, "secrets")
	}
	for _, f := range n.Fields {
		switch {
		case f.Name == "path":
			s.Path = parsePath(p, f.Value)
		case f.Name == "format":
			s.Format = Format(p.Choice(f.Value, "format", Formats))
		case f.Name == "secrets" && keys != nil:
			*keys = keylist.Form{Source: "a file source", Map: true}.Parse(p, f.Value)
		default:
			p.Unknown(f, "a file source", known...)
		}
	}
	if n.Field("path") == nil {
		p.Add(n.At, "", "a file source has no path")
	}
	if n.Field("format") == nil {
		s.Format = FormatOf(s.Path)
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

// Keys returns the declared keys, none if the file says which there are.
func (s Source) Keys() []string { return keylist.Names(s.keys) }

// Defaults implements resolve.Defaulted.
func (s Source) Defaults() []resolve.Default { return keylist.Defaults(s.keys) }

// Find reads the file and returns a Finding for each declared key, or for each key of
// the file, in order. It fails with resolve.ErrAbsent if the file is missing, and with another error if
// the file, or a line of it, cannot be read.
func (s Source) Find(ctx context.Context) ([]resolve.Finding, error) {
	found, err := s.Spec.Find(ctx, s.pipes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, resolve.Absent(fmt.Sprintf("%q does not exist", s.Path))
	}
	if err != nil || len(s.keys) == 0 {
		return found, err
	}
	return keylist.Select(s.keys, found, keyname.Plain(s.Path)), nil
}

// Find returns a Finding for each key of the file, in order. It fails with
// fs.ErrNotExist if the file is missing.
func (s Spec) Find(ctx context.Context, pipes *Pipes) ([]resolve.Finding, error) {
	text, err := pipes.Read(ctx, s.Path)
	if err != nil {
		return nil, err
	}
	origin := keyname.Plain(s.Path)
	entries, err := Await(ctx, func() ([]Entry, error) { return Parse(origin, text, s.Format) })
	if err != nil {
		return nil, err
	}
	findings := make([]resolve.Finding, len(entries))
	for i, e := range entries {
		findings[i] = resolve.Finding{Key: e.Key, Where: origin + ":" + strconv.Itoa(e.Line), Value: e.Value}
		if value := e.Value.Reveal(); s.Format == Lines && len(value) > 1 && isQuote(value[0]) && !opensQuote(value) {
			findings[i].Detail = `the quotes around the value are part of it in "format: lines"`
		}
	}
	return findings, nil
}
