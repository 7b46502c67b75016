package yamledit

import (
	"bytes"
	"encoding/json"

	"go.yaml.in/yaml/v4"

	"github.com/seed45446ece/launcher/resolve/document"
)

// Load reads the documents of a text. Its errors hold none of it.
func Load(origin string, text []byte) (*File, error) {
	text, err := document.Text(origin, text)
	if err != nil {
		return nil, err
	}
	if json.Valid(text) {
		return loadJSON(origin, text)
	}
	if i := bytes.IndexByte(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n\n")), '\r'); i >= 0 {
		at := document.Position{Origin: origin, Line: bytes.Count(text[:i], []byte("\n")) + 1}
		return nil, &document.Problem{At: at, Message: "not valid YAML: a line break that YAML 1.1 and 1.2 read differently"}
	}
	documents, problem := document.LoadYAML(origin, text)
	if problem != nil {
		return nil, problem
	}
	f := &File{origin: origin, text: text}
	for _, n := range documents {
		f.Documents = append(f.Documents, &Document{Root: n.Content[0], origin: origin})
	}
	return f, nil
}

// loadJSON reads JSON by its own reader, as the library takes some numbers for
// text.
func loadJSON(origin string, text []byte) (*File, error) {
	n, err := document.ParseJSON(origin, text)
	if err != nil {
		return nil, err
	}
	return &File{origin: origin, text: text, Documents: []*Document{{Root: fromJSON(n), origin: origin}}}, nil
}

// FromValue returns a Go value as a new tree, in the order of its JSON.
func FromValue(value any) (*yaml.Node, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	n, err := document.ParseJSON("", text)
	if err != nil {
		return nil, err
	}
	made := fromJSON(n)
	resetPlaces(made)
	return made, nil
}

// resetPlaces makes a tree one that stands in no text.
func resetPlaces(n *yaml.Node) {
	n.Line, n.Column, n.Style = 0, 0, 0
	for _, child := range n.Content {
		resetPlaces(child)
	}
}

// fromJSON returns a tree that was JSON as the library's nodes.
func fromJSON(n *document.Node) *yaml.Node {
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
			made.Content = append(made.Content, fromJSON(item))
		}
	case document.Map:
		made.Kind, made.Tag, made.Style = yaml.MappingNode, "!!map", yaml.FlowStyle
		for _, f := range n.Fields {
			name := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: f.Name, Style: yaml.DoubleQuotedStyle, Line: f.At.Line, Column: f.At.Column}
			made.Content = append(made.Content, name, fromJSON(f.Value))
		}
	default:
		made.Tag, made.Style = "!!str", yaml.DoubleQuotedStyle
	}
	return made
}
