package document

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// yamlReader turns the library's nodes into ours: aliases and merge keys
// unfolded within a budget, duplicates refused.
type yamlReader struct {
	origin    string
	names     names
	budget    budget
	exhausted error               // the limits are passed
	open      map[*yaml.Node]bool // anchors being unfolded, to find a cycle
	Problems
}

// parseYAML reads one YAML document (1.2 core, and what go.yaml.in/yaml keeps
// of 1.1: 0777 and 1_000 are numbers; yes, no, on and off are strings).
func parseYAML(origin string, text []byte) (*Node, error) {
	tree, problem := loadYAML(origin, text)
	if problem != nil {
		return nil, problem
	}
	return readYAML(origin, text, tree)
}

// loadYAML is the library's tree of a text that is one YAML document. It
// refuses the characters that end a line in YAML 1.1 and not in 1.2, as the
// library makes a blank of one inside of a string.
func loadYAML(origin string, text []byte) (tree *yaml.Node, problem *Problem) {
	whole := Position{Origin: origin}
	switch {
	case len(text) > maxYAML:
		return nil, &Problem{whole, fmt.Sprintf("is YAML of more than %d MiB", maxYAML>>20), "give it as JSON"}
	case yamlMarks(text) > maxNodes:
		return nil, &Problem{whole, "is YAML that may hold too many values: " + limits, "give it as JSON"}
	}
	if i := bytes.IndexAny(text, "\u0085\u2028\u2029"); i >= 0 {
		return nil, &Problem{place(origin, text, i), "not valid YAML: a line end that is none in every version of YAML",
			`write it as "\u0085", "\u2028" or "\u2029", in double quotes`}
	}
	defer func() {
		if recover() != nil { // the library's text for what it holds to be impossible may quote the document
			tree, problem = nil, &Problem{At: whole, Message: "not valid YAML"}
		}
	}()
	var documents [2]yaml.Node
	loader, err := yaml.NewLoader(bytes.NewReader(text), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(2*maxDepth))))
	for i := 0; i < len(documents) && err == nil; i++ {
		err = loader.Load(&documents[i])
	}
	switch first, second := documents[0].Content, documents[1].Content; {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, yamlProblem(origin, text, err)
	case len(first) == 0:
		return nil, &Problem{At: whole, Message: "holds no value"}
	case len(second) > 0:
		at := Position{origin, documents[1].Line, documents[1].Column}
		return nil, &Problem{At: at, Message: "holds more than one YAML document"}
	default:
		return first[0], nil
	}
}

// readYAML is the tree as ours.
func readYAML(origin string, text []byte, tree *yaml.Node) (*Node, error) {
	r := yamlReader{origin: origin, names: names{rest: text, line: 1, column: 1}, open: map[*yaml.Node]bool{}}
	node := r.read(tree, 0)
	if r.exhausted != nil {
		return nil, r.exhausted
	}
	return node, r.Err()
}

// yamlProblem keeps the place and, where it is one of the library's fixed
// sentences, the reason. Other messages quote the document.
func yamlProblem(origin string, text []byte, err error) *Problem {
	p := &Problem{At: Position{Origin: origin}, Message: "not valid YAML"}
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		return p
	}
	p.At.Line, p.At.Column = load.Mark.Line, load.Mark.Column
	if end := place(origin, text, len(text)); end.before(p.At) {
		p.At = end // the library adds a line end
	}
	switch {
	case load.Stage == yaml.ReaderStage:
		p.At = place(origin, text, load.Mark.Index)
		p.Message += ": a character that YAML does not allow"
	case strings.HasPrefix(load.Message, "found character '"): // and goes on with the character
		p.Message += ": found a character that is not allowed in a tag"
		p.Advice = adviseQuote
	case strings.HasPrefix(load.Message, "exceeded max depth"): // the library's depth is not ours
		p.Message = limits
	case load.Stage == yaml.ScannerStage, load.Stage == yaml.ParserStage:
		p.Message += ": " + load.Message
	case load.Stage == yaml.ComposerStage:
		p.Message += ": an alias (*) names no anchor (&)"
		p.Advice = "quote a value that starts with *"
	}
	return p
}

const adviseQuote = "quote a value that starts with !"

func (r *yamlReader) at(n *yaml.Node) Position {
	return Position{Origin: r.origin, Line: n.Line, Column: n.Column}
}

func (r *yamlReader) read(n *yaml.Node, depth int) *Node {
	node := &Node{At: r.at(n)}
	if r.exhausted != nil {
		return node
	}
	if len(r.open) > 0 {
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
	merges := 0
	seen := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		bare := r.names.bare(n.Content[i], n.Content[i+1])
		key := r.read(n.Content[i], depth+1)
		value := r.read(n.Content[i+1], depth+1)
		field := Field{Name: key.Text, At: key.At, Value: value, Bare: bare}
		switch {
		case n.Content[i].ShortTag() == "!!merge":
			if merges++; merges > 1 {
				r.Add(key.At, "give it a list of maps", "a merge key (<<) is there twice")
			}
			merged = append(merged, r.merge(value)...)
		case !key.Scalar() && key.Kind != Null, key.Kind == Bytes:
			r.Add(key.At, "", "a field's name must be a string, not %s", key.Kind)
		case seen[key.Text]:
			r.Add(key.At, "", "field %s is there twice", field.shown())
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

// checkTag refuses the tag of what is a map or a list, and is to be something
// else.
func (r *yamlReader) checkTag(n *yaml.Node, want string) {
	if n.ShortTag() != want {
		r.Add(r.at(n), adviseQuote, "unknown tag, or one that does not fit the value")
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
		r.Add(node.At, adviseQuote, "unknown tag, or one that does not fit the value")
	}
}
