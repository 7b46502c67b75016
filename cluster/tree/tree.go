// Package tree edits YAML and leaves the rest of the text as it is: its order,
// its comments, its blank lines and what nobody here knows.
//
// It owns the text and nothing of its meaning. It refuses an edit that a YAML
// anchor would carry to another place. Data flows text -> Document -> text.
package tree

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v4"

	"github.com/seed45446ece/launcher/resolve/document"
)

// File is the documents of a text.
type File struct {
	Documents []*Document
	origin    string
	text      []byte
}

// Document is one of them. Edits go through its methods; the first that cannot
// be made is in Err.
type Document struct {
	Root   *yaml.Node
	before *yaml.Node
	origin string
	err    error
}

// maxText is the largest text, in bytes: that of a Kubernetes object.
const maxText = 3 << 20

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
	if i := bytes.IndexAny(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n\n")), "\r\u0085\u2028\u2029"); i >= 0 {
		whole.Line = bytes.Count(text[:i], []byte("\n")) + 1
		return nil, &document.Problem{At: whole, Message: "not valid YAML: a line end that is none in every version of YAML"}
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
			f.Documents = append(f.Documents, &Document{Root: n.Content[0], before: clone(n.Content[0]), origin: origin})
		}
	}
	if errors.Is(err, io.EOF) {
		return f, nil
	}
	p := &document.Problem{At: whole, Message: "not valid YAML"}
	if load := (*yaml.LoadError)(nil); errors.As(err, &load) {
		p.At.Line, p.At.Column = load.Mark.Line, load.Mark.Column
	}
	return nil, p
}

func clone(n *yaml.Node) *yaml.Node {
	c := *n
	c.Content = make([]*yaml.Node, len(n.Content))
	for i, child := range n.Content {
		c.Content[i] = clone(child)
	}
	return &c // an alias still names the node that it did: it is only compared
}

// Err is why an edit could not be made.
func (d *Document) Err() error { return d.err }

// At is the place of a node.
func (d *Document) At(n *yaml.Node) document.Position {
	return document.Position{Origin: d.origin, Line: n.Line, Column: n.Column}
}

func (d *Document) refuse(n *yaml.Node, format string, args ...any) {
	if d.err == nil {
		d.err = &document.Problem{At: d.At(n), Message: fmt.Sprintf(format, args...), Advice: "write it out in the place that is edited"}
	}
}

// Get is the value of a field, nil where n is no map or does not have it. An
// alias is not followed.
func Get(n *yaml.Node, path ...string) *yaml.Node {
	for _, name := range path {
		i := index(n, name)
		if i < 0 {
			return nil
		}
		n = n.Content[i+1]
	}
	return n
}

// index is the place of a field's name among a map's content, -1 where there is
// none.
func index(n *yaml.Node, name string) int {
	if n == nil || n.Kind != yaml.MappingNode {
		return -1
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return i
		}
	}
	return -1
}

// Text is a field's text, "" where it has none.
func Text(n *yaml.Node, path ...string) string {
	if n = Get(n, path...); n != nil && n.Kind == yaml.ScalarNode && n.ShortTag() != "!!null" {
		return n.Value
	}
	return ""
}

// own notes the refusal of an edit of n that would be one elsewhere too.
func (d *Document) own(n *yaml.Node) bool {
	switch {
	case n.Kind == yaml.AliasNode:
		d.refuse(n, "an alias (*) stands where the manifest is edited")
	case n.Anchor != "":
		d.refuse(n, "an anchor (&) is on what is edited")
	case index(n, "<<") >= 0:
		d.refuse(n, "a merge key (<<) is in what is edited")
	default:
		return true
	}
	return false
}

// Set gives a map's field a value, a new node.
func (d *Document) Set(n *yaml.Node, name string, value *yaml.Node) {
	if !d.own(n) {
		return
	}
	if i := index(n, name); i >= 0 {
		if old := n.Content[i+1]; old.Kind != yaml.AliasNode && old.Anchor != "" {
			d.own(old)
			return
		}
		if !same(n.Content[i+1], value) {
			n.Content[i+1] = value
		}
		return
	}
	n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name}, value)
}

// Delete takes a field out of a map.
func (d *Document) Delete(n *yaml.Node, name string) {
	if i := index(n, name); i >= 0 && d.own(n) {
		n.Content = append(n.Content[:i:i], n.Content[i+2:]...)
	}
}

// Map is the map that a field has; one is made where there is none.
func (d *Document) Map(n *yaml.Node, name string) *yaml.Node {
	return d.child(n, name, yaml.MappingNode, "!!map", "a map")
}

// List is the list that a field has; one is made where there is none.
func (d *Document) List(n *yaml.Node, name string) *yaml.Node {
	return d.child(n, name, yaml.SequenceNode, "!!seq", "a list")
}

func (d *Document) child(n *yaml.Node, name string, kind yaml.Kind, tag, what string) *yaml.Node {
	found := Get(n, name)
	switch {
	case found != nil && found.Kind == kind:
		d.own(found)
		return found
	case found != nil && found.Kind == yaml.AliasNode:
		d.own(found)
	case found != nil && found.ShortTag() != "!!null":
		d.refuse(found, "%s must be %s", name, what)
	}
	made := &yaml.Node{Kind: kind, Tag: tag}
	if d.err == nil {
		d.Set(n, name, made)
	}
	return made
}

// Put gives a list the item, a new node, in place of the one that has the same
// value in a field. It reports whether that was there and was another.
func (d *Document) Put(list *yaml.Node, by string, item *yaml.Node) (replaced bool) {
	for i, old := range list.Content {
		if Text(old, by) == Text(item, by) {
			if same(old, item) {
				return false
			}
			if d.own(old) {
				list.Content[i] = item
			}
			return true
		}
	}
	list.Content = append(list.Content, item)
	return false
}

// Append gives a list a further item, unless it has the same already.
func (d *Document) Append(list *yaml.Node, item *yaml.Node) {
	for _, old := range list.Content {
		if same(old, item) {
			return
		}
	}
	list.Content = append(list.Content, item)
}

// same reports whether two trees are of the same values, whatever their style
// and the order of their fields.
func same(a, b *yaml.Node) bool {
	if a.Kind == yaml.AliasNode || b.Kind == yaml.AliasNode {
		return a.Kind == b.Kind && a.Value == b.Value
	}
	if a.Kind != b.Kind || a.ShortTag() != b.ShortTag() || a.Value != b.Value || len(a.Content) != len(b.Content) || a.Anchor != b.Anchor {
		return false
	}
	for i := range a.Content {
		if a.Kind != yaml.MappingNode {
			if !same(a.Content[i], b.Content[i]) {
				return false
			}
		} else if i%2 == 0 {
			if other := Get(b, a.Content[i].Value); other == nil || !same(a.Content[i+1], other) {
				return false
			}
		}
	}
	return true
}

// Prune takes out what the types of Kubernetes write where they hold nothing: an
// empty status, a creation time that is null, empty resources and metadata.
func Prune(n *yaml.Node) {
	if n.Kind == yaml.MappingNode {
		var kept []*yaml.Node
		for i := 0; i+1 < len(n.Content); i += 2 {
			name, value := n.Content[i], n.Content[i+1]
			Prune(value)
			if value.ShortTag() == "!!null" || prunable(name.Value) && value.Kind == yaml.MappingNode && len(value.Content) == 0 {
				continue
			}
			kept = append(kept, name, value)
		}
		n.Content = kept
		return
	}
	for _, item := range n.Content {
		Prune(item)
	}
}

func prunable(name string) bool { return name == "status" || name == "metadata" || name == "resources" }
