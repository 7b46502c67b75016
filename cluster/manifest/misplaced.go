package manifest

import (
	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve/document"
)

// misplaced refuses secret sources outside spec.secret_sources, such as
// "sec: {secret_sources: …}" or "secretsources". A pod's task keeps unknown
// fields, so the pod's specification would show the values of an inline source.
func (p *plan) misplaced(task *document.Node) {
	for _, f := range task.Fields {
		if f.Name != "spec" || f.Value.Kind != document.Map {
			p.findSources(f)
			continue
		}
		for _, g := range f.Value.Fields {
			if g.Name != "secret_sources" {
				p.findSources(g)
			}
		}
	}
}

func (p *plan) findSources(f document.Field) {
	if f.Name == "secret_sources" {
		p.refuseSources(f.At)
		return
	}
	p.findSourcesBelow(f.Value)
}

func (p *plan) findSourcesBelow(n *document.Node) {
	if kind := n.Field("kind"); kind != nil && kind.Text == task.Inline && n.Field("source") != nil {
		p.refuseSources(n.At)
		return
	}
	for _, item := range n.Items {
		p.findSourcesBelow(item)
	}
	for _, f := range n.Fields {
		p.findSources(f)
	}
}

func (p *plan) refuseSources(at document.Position) {
	p.problems = append(p.problems, &document.Problem{At: at, Message: "a secret source outside of spec.secret_sources: the pod's specification would show its values",
		Advice: "put secret sources in the list spec.secret_sources"})
}
