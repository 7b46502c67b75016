package exposure

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// object is one Kubernetes object of a text.
type object struct {
	node   *document.Node
	kind   string
	before int // lines of the text before its document
	origin string
}

// at returns the place of a node in the text.
func (o object) at(n *document.Node) document.Position { return o.place(n.At) }

func (o object) place(at document.Position) document.Position {
	if at.Line == 0 {
		return document.Position{Origin: o.origin}
	}
	return document.Position{Origin: o.origin, Line: at.Line + o.before, Column: at.Column}
}

// name returns the object's kind and name as kubectl writes them.
func (o object) name() string {
	metadata := o.node.Field("metadata")
	name := text(metadata, "name")
	if name == "" {
		name = text(metadata, "generateName")
	}
	if name == "" {
		return cmp.Or(shown(strings.ToLower(o.kind)), "object")
	}
	return shown(strings.ToLower(o.kind)) + "/" + shown(name)
}

// shown returns a name from a manifest for a report. What no name in Kubernetes can
// be may be a value, and is not shown.
func shown(name string) string { return strings.Trim(keyname.Show(name), `"`) }

// text returns a scalar field's text, or "".
func text(n *document.Node, name string) string {
	if n = n.Field(name); n != nil && n.Scalar() {
		return n.Text
	}
	return ""
}

// items returns the items of a list in a field.
func items(n *document.Node, name string) []*document.Node {
	if n = n.Field(name); n != nil {
		return n.Items
	}
	return nil
}

var (
	separator = regexp.MustCompile(`(?m)^---(?:[ \t].*)?\r?$`)
	skippable = regexp.MustCompile(`(?m)^["']?kind["']?:[ \t]*["']?CustomResourceDefinition\b`)
	braces    = regexp.MustCompile(`\{\{-?\s*(?:\.Values|\.Release|\.Chart|\$|include|template|if|with|range|define|end|toYaml|tpl)\b`)
)

// errTemplate is the problem of a text that is a chart's template.
func errTemplate(at document.Position) error {
	return &document.Problem{At: at, Message: "is a template that is not rendered",
		Advice: "render it first: helm template CHART | launcherctl check -"}
}

// maxDocuments is the most documents of a text.
const maxDocuments = 20_000

// objects returns the objects of a text: several documents of YAML, or JSON. The items
// of a List are objects of their own. It also returns the kinds without a place for
// pods that it did not read.
func objects(origin string, raw []byte) (found []object, skipped []string, err error) {
	origin = keyname.Plain(origin)
	raw, err = document.Text(origin, raw)
	if err != nil {
		return nil, nil, err
	}
	parts := split(raw)
	if len(parts) > maxDocuments {
		return nil, nil, &document.Problem{At: document.Position{Origin: origin}, Message: fmt.Sprintf("holds more than %d documents", maxDocuments), Advice: "check it in parts"}
	}
	var problems []error
	for _, part := range parts {
		switch {
		case blank(part.text):
			continue
		case skippable.Match(part.text): // of megabytes, some of them
			skipped = append(skipped, "CustomResourceDefinition")
			continue
		}
		o := object{before: part.before, origin: origin}
		node, err := document.Parse(origin, part.text)
		switch {
		case braces.Match(part.text) && (err != nil || len(pods(node)) > 0):
			problems = append(problems, errTemplate(o.place(document.Position{Line: 1, Column: 1})))
		case err != nil:
			problems = append(problems, o.moved(err))
		default:
			o.node = node
			found = append(found, o.list()...)
		}
	}
	return found, skipped, errors.Join(problems...)
}

// part is one document of a text.
type part struct {
	text   []byte
	before int // lines
}

// split returns the documents of a text: each has limits of its own. A line that
// starts with --- ends a document, wherever it stands. Of a text with more than
// maxDocuments, split returns one part more.
func split(raw []byte) (parts []part) {
	if json.Valid(raw) {
		return []part{{raw, 0}}
	}
	start, before := 0, 0
	for _, at := range append(separator.FindAllIndex(raw, maxDocuments), []int{len(raw), len(raw)}) {
		parts = append(parts, part{raw[start:at[0]], before})
		before += bytes.Count(raw[start:at[0]], []byte("\n"))
		start = min(at[0]+len("---"), len(raw)) // a value may follow: --- {kind: Pod}
	}
	return parts
}

// blank reports whether a text has only blank lines and comments.
func blank(text []byte) bool {
	for line := range bytes.Lines(text) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' && !bytes.Equal(line, []byte("...")) {
			return false
		}
	}
	return true
}

// moved returns the problems of a document with their places in the text.
func (o object) moved(err error) error {
	var all []error
	for _, e := range document.Unjoin(err) {
		if p := (*document.Problem)(nil); errors.As(e, &p) {
			e = &document.Problem{At: o.place(p.At), Message: p.Message, Advice: p.Advice}
		}
		all = append(all, e)
	}
	return errors.Join(all...)
}

// list returns the object, or the items of a List.
func (o object) list() []object {
	o.kind = text(o.node, "kind")
	list := o.node.Field("items")
	if list == nil || list.Kind != document.List || !strings.HasSuffix(o.kind, "List") {
		return []object{o}
	}
	var found []object
	for _, item := range list.Items {
		each := o
		each.node = item
		found = append(found, each.list()...)
	}
	return found
}

// pod is one pod template of an object.
type pod struct {
	spec, metadata *document.Node
	containers     []*document.Node
}

// pods finds the pod templates of an object: maps whose spec has a list of containers,
// and the templates of an Argo Workflow that run a container.
func pods(n *document.Node) []pod {
	if n == nil {
		return nil
	}
	if spec := n.Field("spec"); spec.Field("containers") != nil && spec.Field("containers").Kind == document.List {
		return []pod{{spec, n.Field("metadata"), slices.Concat(items(spec, "initContainers"), items(spec, "containers"), items(spec, "ephemeralContainers"))}}
	}
	var found []pod
	for _, item := range n.Items {
		found = append(found, pods(item)...)
	}
	for _, f := range n.Fields {
		if f.Name == "templates" && f.Value.Kind == document.List {
			found = append(found, argoPods(n, f.Value)...)
		}
		found = append(found, pods(f.Value)...)
	}
	return found
}

// argoPods returns the pods of a Workflow's templates. Volumes of the Workflow are in
// each of them.
func argoPods(workflow, templates *document.Node) (found []pod) {
	for _, t := range templates.Items {
		for _, field := range []string{"container", "script"} {
			if c := t.Field(field); c != nil && c.Kind == document.Map {
				spec := &document.Node{Kind: document.Map, At: t.At, Fields: slices.Clone(t.Fields)}
				if own := slices.Concat(items(t, "volumes"), items(workflow, "volumes")); len(own) > 0 {
					spec.Fields = slices.DeleteFunc(spec.Fields, func(f document.Field) bool { return f.Name == "volumes" })
					spec.Fields = append(spec.Fields, document.Field{Name: "volumes", Value: &document.Node{Kind: document.List, Items: own}})
				}
				found = append(found, pod{spec, t.Field("metadata"), append([]*document.Node{c}, items(t, "initContainers")...)})
			}
		}
	}
	return found
}
