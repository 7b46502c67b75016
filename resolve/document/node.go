// Package document reads YAML, JSON and Python literals into one tree that
// keeps what the formats' own decoders lose: the text of every scalar as it
// was written, and the place of every node.
//
// It owns the three grammars, the only YAML loader, and the limits on a document.
// It refuses text with two readings, such as a duplicate field, and text that
// would grow without bound, such as nested aliases. Data flows text -> Node; no
// error holds any of the text.
package document

import (
	"fmt"
	"io"

	"github.com/seed45446ece/launcher/resolve/keyname"
)

// Kind is the type of a node.
type Kind uint8

// The kinds of node. The document's grammar decides whether an unquoted word is a
// Number, a Bool or Null; Node.Text keeps the word. Only YAML has Bytes.
const (
	Null Kind = iota
	Bool
	Number
	String
	Bytes
	List
	Map
)

func (k Kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "bytes", "a list", "a map"}[k]
}

// Position is a place in a document: lines and columns count from 1, columns
// in characters. Line 0 is the document as a whole.
type Position struct {
	Origin       string
	Line, Column int
}

func (p Position) String() string {
	if p.Line == 0 {
		return p.Origin
	}
	return fmt.Sprintf("%s:%d:%d", p.Origin, p.Line, p.Column)
}

// before reports whether p is earlier in its document than q.
func (p Position) before(q Position) bool {
	return p.Line < q.Line || p.Line == q.Line && p.Column < q.Column
}

// Node is one value of a document.
type Node struct {
	Kind   Kind
	Text   string  // a scalar: as written; a string or bytes: what it denotes
	Items  []*Node // of a List
	Fields []Field // of a Map, in the document's order
	At     Position
}

// Field is one member of a map. A name that is not a string in the document
// (123: x) is kept as its text.
type Field struct {
	Name  string
	At    Position
	Value *Node
	Bare  bool // in YAML, no colon follows the name: {A, B}; it may be a value
}

// quotedName returns the field's name for a message.
func (f Field) quotedName() string {
	if f.Bare {
		return keyname.Show("…")
	}
	return keyname.Show(f.Name)
}

// Format prints a node's kind and place for every verb: its text may be a
// secret. The receiver is not a pointer, so that a copy prints the same.
func (n Node) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, n.describe()) }

// MarshalText returns what encoding/json, slog and YAML encoders print. AppendJSON
// writes the node itself.
func (n Node) MarshalText() ([]byte, error) { return []byte(n.describe()), nil }

func (n Node) describe() string { return n.Kind.String() + " at " + n.At.String() }

// Field returns the value of the named field, or nil if n is not a map or does
// not have it.
func (n *Node) Field(name string) *Node {
	if n == nil {
		return nil
	}
	for _, f := range n.Fields {
		if f.Name == name {
			return f.Value
		}
	}
	return nil
}

// Scalar reports whether n is neither a list, nor a map, nor null.
func (n *Node) Scalar() bool {
	return n.Kind != Null && n.Kind != List && n.Kind != Map
}
