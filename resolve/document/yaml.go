package document

import (
	"encoding/base64"
	"strings"

	"go.yaml.in/yaml/v4"
)

// yamlReader turns the library's nodes into ours. It unfolds aliases and merge
// keys within a budget, and refuses duplicate fields.
type yamlReader struct {
	origin    string
	names     nameScanner
	budget    budget
	exhausted error               // the limits are passed
	unfolding map[*yaml.Node]bool // anchors being unfolded, to find a cycle
	Problems
}

// parseYAML reads one YAML document: the core schema of 1.2, and from 1.1 what
// the library keeps. 0777 and 1_000 are numbers; yes, no, on and off are strings.
func parseYAML(origin string, text []byte) (*Node, error) {
	documents, problem := LoadYAML(origin, text)
	if problem != nil {
		return nil, problem
	}
	return readYAML(origin, text, documents)
}

// readYAML returns the one document of a text as a tree.
func readYAML(origin string, text []byte, documents []*yaml.Node) (*Node, error) {
	switch {
	case len(documents) == 0:
		return nil, &Problem{At: Position{Origin: origin}, Message: "holds no value"}
	case len(documents) > 1:
		at := Position{origin, documents[1].Line, documents[1].Column}
		return nil, &Problem{At: at, Message: "holds more than one YAML document"}
	}
	r := yamlReader{origin: origin, names: nameScanner{rest: text, line: 1, column: 1}, unfolding: map[*yaml.Node]bool{}}
	node := r.read(documents[0].Content[0], 0)
	if r.exhausted != nil {
		return nil, r.exhausted
	}
	return node, r.Err()
}

func (r *yamlReader) at(n *yaml.Node) Position {
	return Position{Origin: r.origin, Line: n.Line, Column: n.Column}
}

func (r *yamlReader) read(n *yaml.Node, depth int) *Node {
	node := &Node{At: r.at(n)}
	if r.exhausted != nil {
		return node
	}
	if len(r.unfolding) > 0 {
		r.budget.aliased += len(n.Value)
	}
	if !r.budget.spend(depth) {
		r.exhaust(node.At)
		return node
	}
	switch n.Kind {
	case yaml.AliasNode:
		return r.alias(n, depth)
	case yaml.MappingNode:
		node.Kind = Map
		r.checkTag(n, "!!map")
		r.mapping(node, n, depth)
	case yaml.SequenceNode:
		node.Kind = List
		r.checkTag(n, "!!seq")
		for _, item := range n.Content {
			node.Items = append(node.Items, r.read(item, depth+1))
		}
	default:
		r.scalar(node, n)
	}
	return node
}

func (r *yamlReader) exhaust(at Position) {
	if r.exhausted == nil {
		r.exhausted = &Problem{At: at, Message: limits}
	}
}

func (r *yamlReader) alias(n *yaml.Node, depth int) *Node {
	if r.unfolding[n.Alias] {
		r.Add(r.at(n), "", "an alias contains itself")
		return &Node{At: r.at(n)}
	}
	r.unfolding[n.Alias] = true
	defer delete(r.unfolding, n.Alias)
	return r.read(n.Alias, depth+1)
}

func (r *yamlReader) mapping(node *Node, n *yaml.Node, depth int) {
	var merged []Field
	merges := 0
	seen := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		bare := r.names.isBare(n.Content[i], n.Content[i+1])
		key := r.read(n.Content[i], depth+1)
		value := r.read(n.Content[i+1], depth+1)
		field := Field{Name: key.Text, At: key.At, Value: value, Bare: bare}
		switch {
		case n.Content[i].ShortTag() == "!!merge":
			if merges++; merges > 1 {
				r.Add(key.At, "give it a list of maps", "duplicate merge key (<<)")
			}
			merged = append(merged, r.merge(value)...)
		case !key.Scalar() && key.Kind != Null, key.Kind == Bytes:
			r.Add(key.At, "", "a field's name must be a string, not %s", key.Kind)
		case seen[key.Text]:
			r.Add(key.At, "", "duplicate field %s", field.quotedName())
		default:
			seen[key.Text] = true
			node.Fields = append(node.Fields, field)
		}
	}
	for _, f := range merged { // a merge key gives way to the map's own fields
		if !seen[f.Name] {
			seen[f.Name] = true
			node.Fields = append(node.Fields, f)
		}
	}
}

func (r *yamlReader) merge(value *Node) []Field {
	maps := []*Node{value}
	if value.Kind == List {
		maps = value.Items
	}
	var fields []Field
	for _, m := range maps {
		if m.Kind != Map && r.exhausted == nil {
			r.Add(m.At, "", "a merge key (<<) takes a map or a list of maps, not %s", m.Kind)
		}
		if r.budget.nodes += len(m.Fields); r.budget.nodes > maxNodes {
			r.exhaust(m.At)
			break
		}
		fields = append(fields, m.Fields...)
	}
	return fields
}

// checkTag refuses a tag that makes something else of a map or a list.
func (r *yamlReader) checkTag(n *yaml.Node, want string) {
	if n.ShortTag() != want {
		r.Add(r.at(n), adviseQuote, "unknown tag, or a tag that does not match the value")
	}
}

func (r *yamlReader) scalar(node *Node, n *yaml.Node) {
	node.Text = n.Value
	tag := n.ShortTag()
	if n.Style&yaml.TaggedStyle != 0 && tag != "!!binary" && n.Load(new(any)) != nil {
		tag = "" // !!int two
	}
	switch tag {
	case "!!null":
		node.Kind = Null
	case "!!bool":
		node.Kind = Bool
	case "!!int", "!!float":
		node.Kind = Number
	case "!!str", "!!timestamp", "!!merge":
		node.Kind = String
	case "!!binary":
		node.Kind = Bytes
		raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(n.Value), ""))
		if err != nil {
			r.Add(node.At, "", "!!binary is not base64")
		}
		node.Text = string(raw)
	default:
		r.Add(node.At, adviseQuote, "unknown tag, or a tag that does not match the value")
	}
}
