// Package yamledit edits YAML and leaves the rest of the text as it is: its order,
// its comments, its blank lines and what nobody here knows.
//
// It owns the text and not its meaning. It refuses an edit that a YAML anchor would
// carry to another place. Data flows text -> Document -> text.
//
// It replaces lines instead of encoding the tree again, because the user whose
// manifest is in git reviews the diff, and an encoder would change 26 of the 37
// lines of a hand-written Job: indentation, blank lines and folded text.
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
	Root    *yaml.Node
	removed map[document.Position]bool // the places of items that were taken out of a list
	origin  string
	err     error
}

// Err returns why an edit could not be made, or nil.
func (d *Document) Err() error { return d.err }

// At returns the place of a node.
func (d *Document) At(n *yaml.Node) document.Position {
	return document.Position{Origin: d.origin, Line: n.Line, Column: n.Column}
}

func (d *Document) refuse(n *yaml.Node, format string, args ...any) {
	if d.err == nil {
		d.err = &document.Problem{At: d.At(n), Message: fmt.Sprintf(format, args...), Advice: "write it out in full in the part that is edited"}
	}
}

// Get returns the value at a path of fields, or nil if there is none. It does not
// follow aliases.
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

// fieldIndex returns the index of a field's name in a map's content, or -1.
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

// Text returns a scalar field's text, or "".
func Text(n *yaml.Node, path ...string) string {
	if n = Get(n, path...); n != nil && n.Kind == yaml.ScalarNode && n.ShortTag() != "!!null" {
		return n.Value
	}
	return ""
}

// checkEditable reports whether an edit of n changes only n. If not, it records
// the refusal.
func (d *Document) checkEditable(n *yaml.Node) bool {
	switch {
	case n.Kind == yaml.AliasNode:
		d.refuse(n, "the part that is edited holds an alias (*)")
	case n.Anchor != "":
		d.refuse(n, "the part that is edited has an anchor (&)")
	case fieldIndex(n, "<<") >= 0:
		d.refuse(n, "the part that is edited holds a merge key (<<)")
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
		n.Content[i+1] = value
		return
	}
	n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name}, value)
}

// Delete removes a field from a map.
func (d *Document) Delete(n *yaml.Node, name string) {
	if i := fieldIndex(n, name); i >= 0 && d.checkEditable(n) {
		n.Content = append(n.Content[:i:i], n.Content[i+2:]...)
	}
}

// Map returns the map in a field, and creates it if the field is missing.
func (d *Document) Map(n *yaml.Node, name string) *yaml.Node {
	return d.child(n, name, yaml.MappingNode, "!!map", "a map")
}

// List returns the list in a field, and creates it if the field is missing.
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

// Put adds new nodes to a list. Each replaces the item that has the same value in
// a field. It returns the nodes that replaced a different item.
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
			list.Content = append(list.Content, item)
		case equal(list.Content[i], item):
		default:
			if d.checkEditable(list.Content[i]) {
				list.Content[i] = item
			}
			replaced = append(replaced, item)
		}
	}
	return replaced
}

// Append adds an item to a list, unless the list has an equal one.
func (d *Document) Append(list *yaml.Node, item *yaml.Node) {
	for _, old := range list.Content {
		if equal(old, item) {
			return
		}
	}
	list.Content = append(list.Content, item)
}

// Remove takes an item out of a list.
func (d *Document) Remove(list *yaml.Node, item *yaml.Node) {
	i := slices.Index(list.Content, item)
	if i < 0 || !d.checkEditable(list) || !d.checkEditable(item) {
		return
	}
	if d.removed == nil {
		d.removed = map[document.Position]bool{}
	}
	d.removed[placeOf(item)] = true
	list.Content = slices.Delete(slices.Clone(list.Content), i, i+1)
}

// placeOf returns the place of a node in the text.
func placeOf(n *yaml.Node) document.Position {
	return document.Position{Line: n.Line, Column: n.Column}
}

// equal reports whether two trees hold the same values, whatever their style and
// the order of their fields.
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

// Prune removes what the types of Kubernetes write for empty fields: null, and an
// empty status, metadata or resources.
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
