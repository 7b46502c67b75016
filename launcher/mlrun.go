package launcher

import (
	"slices"

	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// mlrunTask returns the task for MLRun's own variable, if MLRun is the handler.
// Every secret is one of the project's there, with its value in a variable. MLRun
// would otherwise miss the inline values, ask the vault again, and fail at a source
// that it does not know. It fails as JSON does.
func (c Context) mlrunTask() ([]byte, error) {
	keys := &document.Node{Kind: document.List}
	for _, s := range c.Secrets {
		keys.Items = append(keys.Items, &document.Node{Kind: document.String, Text: s.Key})
	}
	source := &document.Node{Kind: document.Map, Fields: []document.Field{
		{Name: "kind", Value: &document.Node{Kind: document.String, Text: task.Kubernetes}},
		{Name: "source", Value: keys},
	}}
	spec := &document.Node{Kind: document.Map, Fields: append(slices.Clone(c.Task.Spec.Fields),
		document.Field{Name: "secret_sources", Value: &document.Node{Kind: document.List, Items: []*document.Node{source}}})}
	object := &document.Node{Kind: document.Map, Fields: append([]document.Field{
		{Name: "metadata", Value: withoutEmpty(c.Task.Metadata)}, {Name: "spec", Value: spec}}, c.Task.Extra...)}
	return object.AppendJSON(nil)
}

// withoutEmpty returns the metadata without its empty fields, which MLRun would take
// for a name or an ID.
func withoutEmpty(metadata *document.Node) *document.Node {
	kept := slices.DeleteFunc(slices.Clone(metadata.Fields), func(f document.Field) bool {
		return f.Value.Kind == document.String && f.Value.Text == ""
	})
	return &document.Node{Kind: document.Map, Fields: kept}
}

// addMLRun adds what MLRun needs if it is the handler: the task, and for releases
// without a prefix of their own, such as 1.12, the prefix and variables that keep a
// key's letter case. It fails as JSON does.
func (c Context) addMLRun(environ map[string]string) error {
	text, err := c.mlrunTask()
	if err != nil {
		return err
	}
	environ[task.ExecConfig] = string(text)
	environ[task.SecretPrefixVariable] = keyname.MLRunPrefix
	for _, s := range c.Secrets {
		environ[keyname.MLRunPrefix+s.Key] = string(s.Value.Reveal())
	}
	return nil
}
