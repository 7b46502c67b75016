package exposure

import (
	"github.com/seed45446ece/launcher/resolve/document"
)

// annotation is the way of a value in an annotation.
var annotation = Way{Name: "annotation", Cells: argument.without(ExecFiles).Cells}

// lastApplied is the annotation in which kubectl apply keeps the object as it was
// given.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// annotations adds the annotations that look like secrets. An annotation whose name
// ends with secret usually has the name of one, or a checksum.
func (r *podReader) annotations(metadata *document.Node) {
	n := metadata.Field("annotations")
	if n == nil {
		return
	}
	kept := document.Node{Kind: document.Map, At: n.At}
	for _, f := range n.Fields {
		list := words(f.Name)
		if len(list) > 0 && list[0] != "CHECKSUM" && list[len(list)-1] != "SECRET" && f.Name != lastApplied {
			kept.Fields = append(kept.Fields, f)
		}
	}
	r.values(&kept, "annotation", annotation)
}

// lastApplied adds what the object had when it was last applied, and has no more.
func (o object) lastApplied(result *Object) {
	n := o.node.Field("metadata").Field("annotations").Field(lastApplied)
	if n == nil || !n.Scalar() {
		return
	}
	before := object{origin: o.origin}
	var err error
	if before.node, err = document.Parse(lastApplied, []byte(n.Text)); err != nil || before.node.Kind != document.Map {
		return
	}
	before.kind = text(before.node, "kind")
	old := before.check()
	known := map[string]bool{}
	for _, f := range result.Findings {
		known[f.Message] = true
	}
	for _, f := range old.Findings {
		if f.Severity.rank() >= Warning.rank() && !known[f.Message] {
			result.find(o.at(n), ruleOf(f.Rule), "annotation last-applied-configuration: "+f.Message)
		}
	}
	for _, s := range old.Secrets {
		if _, has := result.index[s.Name]; !has && s.sees[Spec] == Values {
			result.add(s.Name, annotation, "", levels(annotation))
		}
	}
}
