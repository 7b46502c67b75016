package yamledit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v4"

	"github.com/seed45446ece/launcher/resolve/document"
)

// Limits on a text, so that one of 1 MiB takes less than 100 MB and a second.
// A manifest of that size has some 40,000 values.
const (
	maxText   = 3 << 20 // bytes: more than a Kubernetes object can have
	maxValues = 75_000
	maxInLine = 30_000 // the library keeps a line's tokens until the line ends
	maxDepth  = 200
)

// Load reads the documents of a text. Its errors hold none of it.
func Load(origin string, text []byte) (f *File, err error) {
	text, err = document.Text(origin, text)
	if err != nil {
		return nil, err
	}
	whole := document.Position{Origin: origin}
	if len(text) > maxText {
		return nil, &document.Problem{At: whole, Message: fmt.Sprintf("is more than %d MiB", maxText>>20)}
	}
	if json.Valid(text) {
		return loadJSON(origin, text)
	}
	if i := bytes.IndexAny(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n\n")), "\r\u0085\u2028\u2029"); i >= 0 {
		whole.Line = bytes.Count(text[:i], []byte("\n")) + 1
		return nil, &document.Problem{At: whole, Message: "not valid YAML: a line end that is none in every version of YAML"}
	}
	if err := checkValues(whole, text); err != nil {
		return nil, err
	}
	defer func() {
		if recover() != nil { // the library's text for what it holds to be impossible may quote the document
			f, err = nil, &document.Problem{At: whole, Message: "not valid YAML"}
		}
	}()
	f = &File{origin: origin, text: text}
	loader, err := yaml.NewLoader(bytes.NewReader(text))
	for err == nil {
		var n yaml.Node
		if err = loader.Load(&n); err == nil && len(n.Content) > 0 {
			f.Documents = append(f.Documents, newDocument(origin, n.Content[0]))
		}
	}
	if errors.Is(err, io.EOF) {
		return f, f.checkDepth()
	}
	p := &document.Problem{At: whole, Message: "not valid YAML"}
	if load := (*yaml.LoadError)(nil); errors.As(err, &load) {
		p.At.Line, p.At.Column = load.Mark.Line, load.Mark.Column
	}
	return nil, p
}

func newDocument(origin string, root *yaml.Node) *Document {
	return &Document{Root: root, before: map[*yaml.Node][]*yaml.Node{}, origin: origin}
}

// checkValues refuses a text that may hold too many values, before the library
// makes a node of each: where a value ends there is one of these characters.
func checkValues(whole document.Position, text []byte) error {
	all := 0
	for line := range bytes.Lines(text) {
		inLine := 1
		for _, c := range line {
			switch c {
			case ',', ':', '[', '{', '-', '?':
				inLine++
			}
		}
		if whole.Line++; inLine > maxInLine {
			whole.Column = 1
			return &document.Problem{At: whole, Message: fmt.Sprintf("more than %d values in a line", maxInLine), Advice: "write a field a line"}
		}
		all += inLine
	}
	if whole.Line = 0; all > 2*maxValues { // most values have a line end and a colon or a hyphen
		return tooMany(whole)
	}
	return nil
}

func tooMany(whole document.Position) error {
	return &document.Problem{At: whole, Message: fmt.Sprintf("more than %d values", maxValues), Advice: "put the object that is edited in a file of its own"}
}

// checkDepth refuses nesting that no manifest has.
func (f *File) checkDepth() error {
	for _, d := range f.Documents {
		if n := tooDeep(d.Root, maxDepth); n != nil {
			return &document.Problem{At: d.At(n), Message: fmt.Sprintf("is nested more than %d levels", maxDepth)}
		}
	}
	return nil
}

// tooDeep returns a node that is more than so many levels below n, or nil.
func tooDeep(n *yaml.Node, levels int) *yaml.Node {
	if levels == 0 {
		return n
	}
	for _, child := range n.Content {
		if found := tooDeep(child, levels-1); found != nil {
			return found
		}
	}
	return nil
}

// loadJSON reads JSON by its own reader: the library takes a gigabyte for one
// MiB of it in a line, and reads some numbers as text.
func loadJSON(origin string, text []byte) (*File, error) {
	n, err := document.ParseJSON(origin, text)
	if err != nil {
		return nil, err
	}
	if count(n) > 2*maxValues { // names are values here
		return nil, tooMany(document.Position{Origin: origin})
	}
	return &File{origin: origin, text: text, Documents: []*Document{newDocument(origin, ofJSON(n))}}, nil
}

func count(n *document.Node) int {
	total := 1
	for _, item := range n.Items {
		total += count(item)
	}
	for _, f := range n.Fields {
		total += 1 + count(f.Value)
	}
	return total
}

// ofJSON returns the library's form of a tree that was JSON.
func ofJSON(n *document.Node) *yaml.Node {
	made := &yaml.Node{Kind: yaml.ScalarNode, Value: n.Text, Line: n.At.Line, Column: n.At.Column}
	switch n.Kind {
	case document.Null:
		made.Tag, made.Value = "!!null", "null"
	case document.Bool:
		made.Tag = "!!bool"
	case document.Number:
		made.Tag = "!!float"
		if json.Unmarshal([]byte(n.Text), new(int64)) == nil {
			made.Tag = "!!int"
		}
	case document.List:
		made.Kind, made.Tag, made.Style = yaml.SequenceNode, "!!seq", yaml.FlowStyle
		for _, item := range n.Items {
			made.Content = append(made.Content, ofJSON(item))
		}
	case document.Map:
		made.Kind, made.Tag, made.Style = yaml.MappingNode, "!!map", yaml.FlowStyle
		for _, f := range n.Fields {
			name := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: f.Name, Style: yaml.DoubleQuotedStyle, Line: f.At.Line, Column: f.At.Column}
			made.Content = append(made.Content, name, ofJSON(f.Value))
		}
	default:
		made.Tag, made.Style = "!!str", yaml.DoubleQuotedStyle
	}
	return made
}
