// Package task reads MLRun's run object: a job's name, its parameters and inputs,
// and where its secrets come from.
//
// It owns the object's form. It passes on fields that it does not know, and refuses
// them inside secret_sources. Data flows document.Node -> Task -> resolve.Declaration. It looks
// up no secret.
package task

import (
	"slices"
	"strconv"

	"github.com/seed45446ece/launcher/internal/suggest"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// Task is a run object.
type Task struct {
	Metadata *document.Node   // a map, with MLRun's fields always there
	Spec     *document.Node   // a map, without secret_sources
	Extra    []document.Field // fields of the object that MLRun does not have
	Sources  []resolve.Declaration
}

// field is a known field and the kind it has; Null stands for any.
type field struct {
	name string
	kind document.Kind
	fill bool // every context has it, empty if the task does not
}

var (
	metadataFields = []field{
		{"name", document.String, true}, {"uid", document.String, true}, {"project", document.String, true},
		{"iteration", document.Number, true}, {"labels", document.Map, true}, {"annotations", document.Map, true},
	}
	specFields = []field{
		{"handler", document.String, false}, {"parameters", document.Map, true}, {"inputs", document.Map, true},
		{"output_path", document.String, false},
	}
)

// Empty returns the task of a pod that has none.
func Empty() Task {
	task, _ := Parse(&document.Node{Kind: document.Map})
	return task
}

// Parse reads a run object. The error holds every problem, each with its line
// and column.
func Parse(n *document.Node) (Task, error) {
	var problems document.Problems
	if n.Kind != document.Map {
		problems.Add(n.At, "", "a task must be a map, not %s", n.Kind)
		return Task{}, problems.Err()
	}
	task := Task{}
	for _, f := range n.Fields {
		switch {
		case f.Name == "metadata", f.Name == "spec", f.Name == "status":
		case f.Name == "kind":
			refuseOtherKinds(&problems, f.Value)
		case f.Name == "secret_sources":
			problems.Add(f.At, "put it under spec", "secret_sources belongs to the task's spec")
		case refuseNear(&problems, f, "spec", "metadata", "secret_sources"):
		case checkMember(&problems, f):
			task.Extra = append(task.Extra, f)
		}
	}
	task.Metadata = section(&problems, n, "metadata", metadataFields)
	task.Spec = section(&problems, n, "spec", specFields)
	refuseHyperparameters(&problems, task.Spec)
	task.takeSources(&problems)
	return task, problems.Err()
}

// section returns a copy of the named map, with its known fields checked and filled.
func section(problems *document.Problems, n *document.Node, name string, known []field) *document.Node {
	section := &document.Node{Kind: document.Map, At: n.At}
	if found := n.Field(name); found != nil && found.Kind != document.Null {
		if found.Kind != document.Map {
			problems.Add(found.At, "", "%s must be a map, not %s", name, found.Kind)
		}
		section.At, section.Fields = found.At, slices.Clone(found.Fields)
	}
	for _, f := range section.Fields {
		refuseNear(problems, f, "secret_sources")
	}
	for _, k := range known {
		value := section.Field(k.name)
		switch {
		case value == nil && k.fill:
			section.Fields = append(section.Fields, document.Field{Name: k.name, At: section.At, Value: k.empty(section.At)})
		case value != nil && value.Kind == document.Null && k.fill:
			setField(section, document.Field{Name: k.name, At: value.At, Value: k.empty(value.At)})
		case value != nil && k.kind == document.String && (value.Kind == document.Number || value.Kind == document.Bool):
			setField(section, document.Field{Name: k.name, At: value.At, Value: asString(value)}) // name: 2026
		case value != nil && value.Kind != k.kind && value.Kind != document.Null:
			problems.Add(value.At, "", "%s.%s must be %s, not %s", name, k.name, k.kind, value.Kind)
		case value != nil && k.kind == document.Number && !isWholeNumber(value):
			problems.Add(value.At, "", "%s.%s must be a whole number", name, k.name)
		}
	}
	return section
}

// refuseNear refuses a field whose name is nearly one of the names: as an unknown
// field it would be let through, and its values with it.
func refuseNear(problems *document.Problems, f document.Field, names ...string) bool {
	advice := suggest.Hint("", f.Name, "", names...)
	if advice == "" || slices.Contains(names, f.Name) {
		return false
	}
	problems.Add(f.At, advice, "misspelled field %s", keyname.Show(f.Name))
	return true
}

// refuseOtherKinds refuses MLRun's functions and projects, and manifests of
// Kubernetes: as tasks they would be empty ones.
func refuseOtherKinds(problems *document.Problems, kind *document.Node) {
	if kind.Kind == document.Null || kind.Kind == document.String && (kind.Text == "" || kind.Text == "run") {
		return
	}
	name := "kind"
	if kind.Kind == document.String {
		name += " " + keyname.Show(kind.Text)
	}
	problems.Add(kind.At, "give a run object: metadata and spec, with kind: run or no kind", "%s is not a task", name)
}

// refuseHyperparameters refuses what MLRun makes many runs of: the launcher would
// start the handler once, without them.
func refuseHyperparameters(problems *document.Problems, spec *document.Node) {
	refuse := func(f *document.Node, name string) {
		if f != nil && f.Kind != document.Null && len(f.Fields)+len(f.Items)+len(f.Text) > 0 {
			problems.Add(f.At, "run one Job per combination with --param, or use "+
				"launcherctl manifest --completions N and a handler that reads $JOB_COMPLETION_INDEX",
				"%s is not supported: the launcher starts the handler once", name)
		}
	}
	refuse(spec.Field("hyperparams"), "spec.hyperparams")
	refuse(spec.Field("param_file"), "spec.param_file")
	refuse(spec.Field("hyper_param_options").Field("param_file"), "spec.hyper_param_options.param_file")
}

// isWholeNumber reports whether a number's JSON is an integer of 64 bits, which is
// what a handler reads.
func isWholeNumber(n *document.Node) bool {
	text, err := n.AppendJSON(nil)
	if err == nil {
		_, err = strconv.ParseInt(string(text), 10, 64)
	}
	return err == nil
}

// asString returns a scalar as the string that is written.
func asString(n *document.Node) *document.Node {
	return &document.Node{Kind: document.String, Text: n.Text, At: n.At}
}

func (f field) empty(at document.Position) *document.Node {
	node := &document.Node{Kind: f.kind, At: at}
	if f.kind == document.Number {
		node.Text = "0"
	}
	return node
}

// setField replaces or adds a field of a map.
func setField(n *document.Node, f document.Field) {
	for i := range n.Fields {
		if n.Fields[i].Name == f.Name {
			n.Fields[i] = f
			return
		}
	}
	n.Fields = append(n.Fields, f)
}

// SetParameter sets one parameter, in place of the task's own.
func (t *Task) SetParameter(name string, value *document.Node) {
	parameters := &document.Node{Kind: document.Map}
	if p := t.Spec.Field("parameters"); p != nil {
		parameters.At, parameters.Fields = p.At, slices.Clone(p.Fields)
	}
	setField(parameters, document.Field{Name: name, At: value.At, Value: value})
	setField(t.Spec, document.Field{Name: "parameters", At: parameters.At, Value: parameters})
}

// Handler returns spec.handler, the function to call, or "".
func (t *Task) Handler() string {
	if handler := t.Spec.Field("handler"); handler != nil && handler.Kind == document.String {
		return handler.Text
	}
	return ""
}

// Project returns metadata.project, "" if the task has none.
func (t *Task) Project() string {
	if n := t.Metadata.Field("project"); n != nil && n.Kind == document.String {
		return n.Text
	}
	return ""
}
