package launcher

import (
	"slices"

	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// mlrunTask is the task as MLRun itself reads it in its variable, where it is
// the handler. Whatever a secret's source was, to MLRun it is one of the
// project's, whose value is in a variable: it would otherwise miss the inline
// values, that are not passed on, ask the vault once more, and stop at a source
// that it does not know, as one with a mount. It fails as JSON does.
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
		{Name: "metadata", Value: named(c.Task.Metadata)}, {Name: "spec", Value: spec}}, c.Task.Extra...)}
	return object.AppendJSON(nil)
}

// named is the metadata without what is empty, which MLRun would take for a
// name, or an id, that was given.
func named(metadata *document.Node) *document.Node {
	kept := slices.DeleteFunc(slices.Clone(metadata.Fields), func(f document.Field) bool {
		return f.Value.Kind == document.String && f.Value.Text == ""
	})
	return &document.Node{Kind: document.Map, Fields: kept}
}

// forMLRun adds what MLRun itself needs where it is the handler: the task, and,
// from the release on that has no prefix of its own and keeps a key's case (it
// is so in 1.12), the prefix and the variables so named. It fails as JSON does.
func (c Context) forMLRun(environ map[string]string) error {
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
