package task

import (
	"slices"
	"strings"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// takeSources reads spec.secret_sources and removes it from the spec.
func (t *Task) takeSources(problems *document.Problems) {
	list := t.Spec.Field("secret_sources")
	t.Spec.Fields = slices.DeleteFunc(t.Spec.Fields, func(f document.Field) bool { return f.Name == "secret_sources" })
	if list == nil || list.Kind == document.Null {
		return
	}
	if list.Kind != document.List {
		problems.Add(list.At, "", "secret_sources must be a list, not %s", list.Kind)
		return
	}
	for _, item := range list.Items {
		if d, ok := declaration(problems, item); ok {
			t.Sources = append(t.Sources, d)
		}
	}
}

// declaration reads one entry of secret_sources. Its kind checks the source itself.
func declaration(problems *document.Problems, n *document.Node) (resolve.Declaration, bool) {
	d := resolve.Declaration{At: n.At}
	if n.Kind != document.Map {
		problems.Add(n.At, "", "a secret source must be a map of kind and source, not %s", n.Kind)
		return d, false
	}
	for _, f := range n.Fields {
		switch f.Name {
		case "kind":
			if d.Kind = problems.Text(f.Value, "kind"); f.Value.Kind == document.String && d.Kind == "" {
				problems.Add(f.Value.At, "", "kind is empty")
			}
		case "source":
			d.Source = f.Value
		case "prefix":
			if f.Value.Kind != document.Null {
				d.Prefix = problems.Text(f.Value, "prefix")
			}
			if d.Prefix != "" {
				problems.CheckKey(f.Value.At, d.Prefix)
			}
		case "optional":
			d.Optional = parseBool(problems, f)
		case "env":
			d.Env = parseBool(problems, f)
		default:
			problems.Unknown(f, "a secret source", "kind", "source", "prefix", "optional", "env")
		}
	}
	for _, name := range []string{"kind", "source"} {
		if n.Field(name) == nil {
			problems.Add(n.At, "", "a secret source has no %s", name)
		}
	}
	return d, d.Kind != "" && d.Source != nil
}

// parseBool reads a field that is true or false.
func parseBool(problems *document.Problems, f document.Field) bool {
	if f.Value.Kind != document.Bool {
		problems.Add(f.Value.At, "", "%s must be true or false, not %s", f.Name, f.Value.Kind)
	}
	return strings.EqualFold(f.Value.Text, "true")
}

// ParseSource reads KIND=SOURCE, as mlrun run -s takes it. A SOURCE that starts with {
// or [ is JSON, or a Python literal.
func ParseSource(flag, text string) (resolve.Declaration, error) {
	at := document.Position{Origin: flag}
	kind, source, ok := strings.Cut(text, "=")
	if !ok || kind == "" {
		return resolve.Declaration{}, &document.Problem{At: at, Message: "is not KIND=SOURCE", Advice: "write, for instance, " + flag + " env=DB_PASSWORD"}
	}
	if keyname.Check(kind) == nil { // otherwise it may be a value
		at.Origin = flag + " " + kind
	}
	d := resolve.Declaration{Kind: kind, Source: &document.Node{Kind: document.String, Text: source, At: at}, At: at}
	if _, known := FindKind(kind); !known { // the caller reports that
		return d, nil
	}
	var err error
	d.Source, err = document.ParseArgument(at, source)
	return d, err
}

// WithoutValues returns a copy of a run object for the handler's environment: its
// inline sources hold nothing, and its keys have no defaults. A source of no known
// kind may hold a value, so it counts as inline.
func WithoutValues(n *document.Node) *document.Node {
	list := n.Field("spec").Field("secret_sources")
	if list == nil {
		return n
	}
	kept := &document.Node{Kind: document.List, At: list.At}
	for _, item := range list.Items {
		if holdsNoValue(item) {
			item = withoutDefaults(item)
		} else {
			item = &document.Node{Kind: document.Map, At: item.At, Fields: []document.Field{
				{Name: "kind", Value: &document.Node{Kind: document.String, Text: Inline}},
				{Name: "source", Value: &document.Node{Kind: document.Map}},
			}}
		}
		kept.Items = append(kept.Items, item)
	}
	spec := &document.Node{Kind: document.Map, Fields: slices.Clone(n.Field("spec").Fields)}
	setField(spec, document.Field{Name: "secret_sources", Value: kept})
	object := &document.Node{Kind: document.Map, Fields: slices.Clone(n.Fields)}
	setField(object, document.Field{Name: "spec", Value: spec})
	return object
}

// withoutDefaults returns a source without the field default of any map in it, also in
// a string that holds a literal. It returns the same node if there is none.
func withoutDefaults(n *document.Node) *document.Node {
	if n.Kind == document.String && strings.ContainsAny(n.Text, "[{") {
		literal, err := document.ParseLiteral(n.At, n.Text)
		if err != nil {
			return n // no list of keys
		}
		if without := withoutDefaults(literal); without != literal {
			return without
		}
		return n
	}
	kept, changed := *n, false
	kept.Items, kept.Fields = nil, nil
	for _, item := range n.Items {
		without := withoutDefaults(item)
		kept.Items, changed = append(kept.Items, without), changed || without != item
	}
	for _, f := range n.Fields {
		if f.Name == "default" {
			changed = true
			continue
		}
		without := withoutDefaults(f.Value)
		changed = changed || without != f.Value
		f.Value = without
		kept.Fields = append(kept.Fields, f)
	}
	if !changed {
		return n
	}
	return &kept
}

// holdsNoValue reports whether a source's kind is known, and one whose
// declarations hold no value.
func holdsNoValue(source *document.Node) bool {
	name := source.Field("kind")
	if name == nil {
		return false
	}
	kind, ok := FindKind(name.Text)
	return ok && !kind.HoldsValues
}
