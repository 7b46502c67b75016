package exposure

import (
	"slices"
	"strings"

	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// identityLabel is what a pod with an Azure workload identity has.
const identityLabel = "azure.workload.identity/use"

// task reads a task that stands in the pod's specification. A field that the launcher
// would refuse may hold values too, so it is read leniently.
func (c *container) task(raw string, at document.Position, where string, w Way) {
	c.launch.hasTask = true
	node, err := document.Parse(where, []byte(strings.ReplaceAll(raw, "$$", "$")))
	if err != nil || node.Kind != document.Map {
		c.launch.unseen = true
		c.find(at, unreadableTask, "the task in %s cannot be read", where)
		return
	}
	for _, s := range taskSources(node) {
		c.source(text(s, "kind"), s.Field("source"), at, where, w)
	}
}

// argumentSource reads a -s KIND=SOURCE.
func (c *container) argumentSource(s source) {
	c.launch.hasTask = true
	d, err := task.ParseSource(s.where, strings.ReplaceAll(s.text, "$$", "$"))
	if err != nil {
		c.find(c.at(s.node), unreadableTask, "the source in %s cannot be read", s.where)
		return
	}
	c.source(d.Kind, d.Source, c.at(s.node), s.where, s.way)
}

// taskSources returns the secret sources of a task, also those in a wrong place.
func taskSources(n *document.Node) (found []*document.Node) {
	if n == nil {
		return nil
	}
	if n.Field("kind") != nil && n.Field("source") != nil {
		return []*document.Node{n}
	}
	for _, item := range n.Items {
		found = append(found, taskSources(item)...)
	}
	for _, f := range n.Fields {
		found = append(found, taskSources(f.Value)...)
	}
	return found
}

// source adds what a secret source shows.
func (c *container) source(kind string, n *document.Node, at document.Position, where string, w Way) {
	if unwrapped, err := document.Unwrap(n); err == nil {
		n = unwrapped
	}
	switch kind {
	case task.Inline:
		c.inline(n, at, where, w)
	case task.Env:
		for _, key := range sourceKeys(n) {
			c.declared[key.name], c.removed[key.name] = true, true
		}
	case task.Kubernetes:
		for _, key := range sourceKeys(n) {
			c.declared[key.name], c.declared[keyname.MLRunPrefix+strings.ToUpper(key.name)] = true, true
			c.removes(n, key)
		}
	case task.File:
		c.file(n, at)
	case task.AzureVault:
		c.vault(n)
	case task.Exec:
		for _, key := range sourceKeys(n.Field("secrets")) {
			c.add("exec "+shown(key.key), program)
		}
	}
	c.defaults(n, at, where, w)
}

// removes notes the variable that the launcher reads for a key of a kubernetes source.
// With MLRun's prefix the launcher takes that one, and leaves the other.
func (c *container) removes(n *document.Node, key sourceKey) {
	name := key.name
	if text(n, "secret") != "" {
		name = key.key
	}
	if text(n, "mount") == "" && !c.hasVariable(keyname.MLRunPrefix+strings.ToUpper(name)) {
		c.removed[name] = true
	}
}

// hasVariable reports whether the container has a variable.
func (c *container) hasVariable(name string) bool {
	return slices.ContainsFunc(items(c.node, "env"), func(v *document.Node) bool { return text(v, "name") == name })
}

// inline adds the keys of an inline source that have values.
func (c *container) inline(n *document.Node, at document.Position, where string, w Way) {
	if n == nil || n.Kind != document.Map {
		c.add("inline source", w)
		c.find(at, valueInTask, "an inline source is in %s", where)
		return
	}
	for _, key := range inlineKeys(n) {
		c.add("inline "+key, w)
		c.find(at, valueInTask, "the value of key %s is in %s", key, where)
	}
}

// defaults adds the defaults of a source's keys.
func (c *container) defaults(n *document.Node, at document.Position, where string, w Way) {
	for _, key := range append(sourceKeys(n), sourceKeys(n.Field("secrets"))...) {
		if key.hasDefault {
			c.add("default "+shown(key.key), w)
			c.find(at, defaultInTask, "the default of key %s is in %s", shown(key.key), where)
		}
	}
}

// file adds a file source that the pod reads: of a ConfigMap, or of the image.
func (c *container) file(n *document.Node, at document.Position) {
	file := text(n, "path")
	if n != nil && n.Scalar() {
		file = n.Text
	}
	v := c.mountOf(file)
	if name := text(v.Field("configMap"), "name"); name != "" {
		c.add("configmap/"+shown(name)+":*", configMap.without(ExecEnv))
		c.find(at, valueInConfigMap, "a file source reads ConfigMap %s", shown(name))
		return
	}
	if v.Field("secret") == nil && v.Field("csi") == nil {
		c.add("file source", imageFile)
	}
}

// vault adds what a vault's keys show, by how the pod logs in.
func (c *container) vault(n *document.Node) {
	way := vaultSecret
	label := c.metadata.Field("labels").Field(identityLabel)
	if text(n, "k8s_secret") == "" && (label != nil || text(n, "credential") == "workload" || text(n, "credential") == "managed") {
		way = vaultIdentity
	}
	keys := append(sourceKeys(n.Field("secrets")), sourceKeys(n.Field("bundle"))...)
	vault := "vault " + shown(text(n, "name"))
	for _, key := range keys {
		c.add(vault+":"+shown(key.key), way)
	}
	if len(keys) == 0 {
		c.add(vault+":*", way)
	}
}

// sourceKey is a key that a source lists, and the name where it is looked for.
type sourceKey struct {
	key, name  string
	hasDefault bool
}

// sourceKeys returns the keys of a list, a map of KEY: NAME, or a text "A, B".
func sourceKeys(n *document.Node) (keys []sourceKey) {
	switch {
	case n == nil:
		return nil
	case n.Kind == document.String:
		for _, name := range strings.FieldsFunc(n.Text, func(r rune) bool { return r == ',' || r == ' ' }) {
			keys = append(keys, sourceKey{name, name, false})
		}
	case n.Field("secrets") != nil:
		return sourceKeys(n.Field("secrets"))
	}
	for _, item := range n.Items {
		switch {
		case item.Kind != document.Map:
			keys = append(keys, sourceKey{item.Text, item.Text, false})
		case item.Field("key") != nil:
			key := sourceKey{text(item, "key"), text(item, "name"), item.Field("default") != nil}
			if key.name == "" {
				key.name = key.key
			}
			keys = append(keys, key)
		default:
			for _, f := range item.Fields {
				keys = append(keys, sourceKey{f.Name, f.Value.Text, false})
			}
		}
	}
	return keys
}
