package document

import (
	"encoding/base64"
	"errors"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Limits on what a document may unfold to. A task is written by people and
// tools; these are far above both and far below what would exhaust a pod.
const (
	maxDepth = 200
	maxNodes = 1_000_000
)

// yamlReader turns the library's nodes into ours: aliases and merge keys
// unfolded within a budget, duplicates refused.
type yamlReader struct {
	origin    string
	nodes     int
	exhausted bool                // the limits are passed
	open      map[*yaml.Node]bool // anchors being unfolded, to find a cycle
	Problems
}

// parseYAML reads one YAML document (1.2 core, and what go.yaml.in/yaml keeps
// of 1.1: 0777 and 1_000 are numbers; yes, no, on and off are strings).
func parseYAML(origin string, text []byte) (*Node, error) {
	var tree yaml.Node
	if err := yaml.Load(text, &tree); err != nil {
		return nil, yamlProblem(origin, err)
	}
	if len(tree.Content) != 1 {
		return nil, &Problem{At: Position{Origin: origin}, Message: "holds no value"}
	}
	r := yamlReader{origin: origin, open: map[*yaml.Node]bool{}}
	node := r.read(tree.Content[0], 0)
	if r.exhausted {
		return nil, r.Err()
	}
	return node, r.Err()
}

// yamlProblem keeps the place and, where it is one of the library's fixed
// sentences, the reason. Other messages quote the document.
func yamlProblem(origin string, err error) error {
	p := &Problem{At: Position{Origin: origin}, Message: "not valid YAML"}
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		return p
	}
	p.At.Line, p.At.Column = load.Mark.Line, load.Mark.Column
	switch {
	case load.Stage == yaml.ScannerStage, load.Stage == yaml.ParserStage:
		p.Message += ": " + load.Message
	case load.Stage == yaml.ComposerStage:
		p.Message += ": an alias (*) names no anchor (&)"
		p.Advice = "quote a value that starts with *"
	case strings.Contains(load.Message, "multiple"):
		p.Message = "holds more than one YAML document"
	}
	return p
}

func (r *yamlReader) at(n *yaml.Node) Position {
	return Position{Origin: r.origin, Line: n.Line, Column: n.Column}
}

func (r *yamlReader) read(n *yaml.Node, depth int) *Node {
	node := &Node{At: r.at(n)}
	if r.nodes++; r.nodes > maxNodes || depth > maxDepth {
		if !r.exhausted {
			r.Add(node.At, "", "unfolds to more than %d levels or %d values", maxDepth, maxNodes)
		}
		r.exhausted = true
		return node
	}
	switch n.Kind {
	case yaml.AliasNode:
		return r.alias(n, depth)
	case yaml.MappingNode:
		node.Kind = Map
		r.mapping(node, n, depth)
	case yaml.SequenceNode:
		node.Kind = List
		for _, item := range n.Content {
			node.Items = append(node.Items, r.read(item, depth+1))
		}
	default:
		r.scalar(node, n)
	}
	return node
}

func (r *yamlReader) alias(n *yaml.Node, depth int) *Node {
	if r.open[n.Alias] {
		r.Add(r.at(n), "", "an alias holds itself")
		return &Node{At: r.at(n)}
	}
	r.open[n.Alias] = true
	defer delete(r.open, n.Alias)
	return r.read(n.Alias, depth+1)
}

func (r *yamlReader) mapping(node *Node, n *yaml.Node, depth int) {
	var merged []Field
	seen := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := r.read(n.Content[i], depth+1)
		value := r.read(n.Content[i+1], depth+1)
		switch {
		case n.Content[i].ShortTag() == "!!merge":
			merged = append(merged, r.merge(value)...)
		case !key.Scalar() && key.Kind != Null:
			r.Add(key.At, "", "a field's name must be a string, not %s", key.Kind)
		case seen[key.Text]:
			r.Add(key.At, "", "field %q is there twice", key.Text)
		default:
			seen[key.Text] = true
			node.Fields = append(node.Fields, Field{key.Text, key.At, value})
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
	if value.Kind == Map {
		return value.Fields
	}
	var fields []Field
	for _, item := range value.Items {
		fields = append(fields, item.Fields...)
	}
	if value.Kind != List || len(fields) == 0 {
		r.Add(value.At, "", "a merge key (<<) takes a map or a list of maps, not %s", value.Kind)
	}
	return fields
}

func (r *yamlReader) scalar(node *Node, n *yaml.Node) {
	node.Text = n.Value
	switch tag := n.ShortTag(); tag {
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
		r.Add(node.At, "quote a value that starts with !", "unknown tag")
	}
}
