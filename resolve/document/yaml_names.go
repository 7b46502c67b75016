package document

import (
	"bytes"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// nameScanner looks at the text after a map's names, which the library does not
// report. It goes through the text once: names come in its order, and it remembers
// a name that an alias repeats.
type nameScanner struct {
	rest         []byte // the text from a line and column on
	line, column int
	known        map[*yaml.Node]bool
}

// isBare reports whether a name in braces has neither a value nor a colon: {A, B}.
func (r *nameScanner) isBare(name, value *yaml.Node) bool {
	if name.Kind != yaml.ScalarNode || value.Kind != yaml.ScalarNode || value.Value != "" || value.Style != 0 || value.ShortTag() != "!!null" {
		return false
	}
	bare, known := r.known[name]
	if known {
		return bare
	}
	if r.known == nil {
		r.known = map[*yaml.Node]bool{}
	}
	r.advance(name.Line, name.Column)
	length := len(name.Value)
	if name.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		length += 2
	}
	if length < len(r.rest) {
		after := bytes.TrimLeft(r.rest[length:], " \t\r\n")
		bare = len(after) > 0 && (after[0] == ',' || after[0] == '}')
	}
	r.known[name] = bare
	return bare
}

// advance skips to a line and column.
func (r *nameScanner) advance(line, column int) {
	for len(r.rest) > 0 && (r.line < line || r.line == line && r.column < column) {
		c, size := utf8.DecodeRune(r.rest)
		if r.rest = r.rest[size:]; c == '\n' || c == '\r' && !bytes.HasPrefix(r.rest, []byte("\n")) {
			r.line, r.column = r.line+1, 1
		} else {
			r.column++
		}
	}
}
