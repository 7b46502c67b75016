// Package yamledit edits YAML and leaves the rest of the text as it is: its order,
// its comments, its blank lines and what nobody here knows.
//
// It owns the text and nothing of its meaning. It refuses an edit that a YAML
// anchor would carry to another place. Data flows text -> Document -> text.
package yamledit

import (
	"fmt"
	"slices"

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
	Root     *yaml.Node
	original map[*yaml.Node][]*yaml.Node // what each node that was edited held
	origin   string
	err      error
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
		i := fieldIndex(n, name)
		if i < 0 {
			return nil
		}
		n = n.Content[i+1]
	}
	return n
}

// fieldIndex is the place of a field's name among a map's content, -1 where there is
// none.
func fieldIndex(n *yaml.Node, name string) int {
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

// checkEditable notes the refusal of an edit of n that would be one elsewhere too.
func (d *Document) checkEditable(n *yaml.Node) bool {
	switch {
	case n.Kind == yaml.AliasNode:
		d.refuse(n, "an alias (*) stands where the manifest is edited")
	case n.Anchor != "":
		d.refuse(n, "an anchor (&) is on what is edited")
	case fieldIndex(n, "<<") >= 0:
		d.refuse(n, "a merge key (<<) is in what is edited")
	default:
		return true
	}
	return false
}

// Set gives a map's field a value, a new node.
func (d *Document) Set(n *yaml.Node, name string, value *yaml.Node) {
	if !d.checkEditable(n) {
		return
	}
	if i := fieldIndex(n, name); i >= 0 {
		if old := n.Content[i+1]; old.Kind != yaml.AliasNode && old.Anchor != "" {
			d.checkEditable(old)
			return
		}
		if !equal(n.Content[i+1], value) {
			d.keepOriginal(n)
			n.Content[i+1] = value
		}
		return
	}
	d.keepOriginal(n)
	n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name}, value)
}

// Delete takes a field out of a map.
func (d *Document) Delete(n *yaml.Node, name string) {
	if i := fieldIndex(n, name); i >= 0 && d.checkEditable(n) {
		d.keepOriginal(n)
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
		d.checkEditable(found)
		return found
	case found != nil && found.Kind == yaml.AliasNode:
		d.checkEditable(found)
	case found != nil && found.ShortTag() != "!!null":
		d.refuse(found, "%s must be %s", name, what)
	}
	made := &yaml.Node{Kind: kind, Tag: tag}
	if d.err == nil {
		d.Set(n, name, made)
	}
	return made
}

// Put gives a list the items, new nodes, each in place of the one that has the
// same value in a field. It returns those that took the place of another.
func (d *Document) Put(list *yaml.Node, by string, items ...*yaml.Node) (replaced []*yaml.Node) {
	places := make(map[string]int, len(list.Content))
	for i, old := range slices.Backward(list.Content) {
		places[Text(old, by)] = i // the first of them
	}
	for _, item := range items {
		i, there := places[Text(item, by)]
		switch {
		case !there:
			places[Text(item, by)] = len(list.Content)
			d.keepOriginal(list)
			list.Content = append(list.Content, item)
		case equal(list.Content[i], item):
		default:
			if d.checkEditable(list.Content[i]) {
				d.keepOriginal(list)
				list.Content[i] = item
			}
			replaced = append(replaced, item)
		}
	}
	return replaced
}

// Append gives a list a further item, unless it has the same already.
func (d *Document) Append(list *yaml.Node, item *yaml.Node) {
	for _, old := range list.Content {
		if equal(old, item) {
			return
		}
	}
	d.keepOriginal(list)
	list.Content = append(list.Content, item)
}

// keepOriginal notes what a node holds before its first edit.
func (d *Document) keepOriginal(n *yaml.Node) {
	if _, edited := d.original[n]; !edited {
		d.original[n] = slices.Clone(n.Content)
	}
}

// originalContent returns what a node held when the text was read.
func (d *Document) originalContent(n *yaml.Node) []*yaml.Node {
	if before, edited := d.original[n]; edited {
		return before
	}
	return n.Content
}

// equal reports whether two trees are of the same values, whatever their style
// and the order of their fields.
func equal(a, b *yaml.Node) bool {
	if a.Kind == yaml.AliasNode || b.Kind == yaml.AliasNode {
		return a.Kind == b.Kind && a.Value == b.Value
	}
	if a.Kind != b.Kind || a.ShortTag() != b.ShortTag() || a.Value != b.Value || len(a.Content) != len(b.Content) || a.Anchor != b.Anchor {
		return false
	}
	if a.Kind == yaml.MappingNode {
		return equalFields(a, b)
	}
	for i := range a.Content {
		if !equal(a.Content[i], b.Content[i]) {
			return false
		}
	}
	return true
}

// equalFields compares two maps with the same number of fields.
func equalFields(a, b *yaml.Node) bool {
	for i := 0; i+1 < len(a.Content); i += 2 {
		j := i
		if a.Content[i].Value != b.Content[i].Value {
			j = fieldIndex(b, a.Content[i].Value)
		}
		if j < 0 || !equal(a.Content[i], b.Content[j]) || !equal(a.Content[i+1], b.Content[j+1]) {
			return false
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
