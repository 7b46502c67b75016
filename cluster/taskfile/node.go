package taskfile

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"

	"github.com/seed45446ece/launcher/resolve/document"
)

// WithField returns a copy of a map with one field changed; a missing field is
// added. What is not a map is left to the reader of the task.
func WithField(n *document.Node, name string, change func(*document.Node) *document.Node) *document.Node {
	if n == nil || n.Kind == document.Null {
		n = &document.Node{Kind: document.Map}
	}
	if n.Kind != document.Map {
		return n
	}
	fields := slices.Clone(n.Fields)
	i := slices.IndexFunc(fields, func(f document.Field) bool { return f.Name == name })
	if i < 0 {
		i, fields = len(fields), append(fields, document.Field{Name: name, At: n.At})
	}
	fields[i].Value = change(fields[i].Value)
	return &document.Node{Kind: document.Map, Fields: fields, At: n.At}
}

// WithItem returns a copy of a map with an item at the end of a list in it.
func WithItem(n *document.Node, name string, item *document.Node) *document.Node {
	return WithField(n, name, func(list *document.Node) *document.Node {
		switch {
		case list == nil || list.Kind == document.Null:
			list = &document.Node{Kind: document.List}
		case list.Kind != document.List:
			return list
		}
		return &document.Node{Kind: document.List, Items: append(slices.Clone(list.Items), item), At: list.At}
	})
}

// addToJSON adds a source to a task that is JSON. Every number keeps its text.
func addToJSON(origin string, text []byte, source Source) ([]byte, error) {
	task, err := document.ParseJSON(origin, text)
	if err != nil {
		return nil, err
	}
	if task.Kind != document.Map {
		return nil, notATask(origin)
	}
	added, err := json.Marshal(source)
	if err != nil {
		return nil, err
	}
	item, err := document.ParseJSON("the source", added)
	if err != nil {
		return nil, err
	}
	if list := task.Field("spec").Field("secret_sources"); list != nil {
		if slices.ContainsFunc(list.Items, func(other *document.Node) bool { return equal(other, item) }) {
			return text, nil
		}
	}
	task = WithField(task, "spec", func(spec *document.Node) *document.Node { return WithItem(spec, "secret_sources", item) })
	return indented(task)
}

// equal reports whether two trees are the same JSON, whatever the order of
// their fields.
func equal(a, b *document.Node) bool {
	decode := func(n *document.Node) (value any, err error) {
		text, err := n.AppendJSON(nil)
		if err == nil {
			err = json.Unmarshal(text, &value)
		}
		return value, err
	}
	x, e1 := decode(a)
	y, e2 := decode(b)
	return e1 == nil && e2 == nil && reflect.DeepEqual(x, y)
}

// indented returns a task as JSON, with two blanks a level.
func indented(n *document.Node) ([]byte, error) {
	text, err := n.AppendJSON(nil)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", "  "); err != nil {
		return nil, err
	}
	return append(out.Bytes(), '\n'), nil
}
