package exposure

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve/document"
)

// secret notes a Secret whose values the text has.
func (o object) secret(result *Object) {
	for _, field := range []string{"data", "stringData"} {
		if n := o.node.Field(field); n != nil && len(n.Fields) > 0 {
			for _, f := range n.Fields {
				result.add("secret/"+shown(text(o.node.Field("metadata"), "name"))+":"+shown(f.Name), inFile, "", levels(inFile))
			}
			result.find(o.at(n), secretInFile, "the values of the Secret are in the file")
			return
		}
	}
}

// inFile is the way of a Secret that has no pod.
var inFile = Way{Name: "secret", Cells: [...]Cell{{}, values, {}, {}, theSecret}}

// configMap looks for the values of tasks in a ConfigMap, and for what looks like a
// secret by its name.
func (o object) configMap(result *Object) {
	data := o.node.Field("data")
	if data == nil {
		return
	}
	sees := levels(configMap.without(ExecEnv, ExecFiles)) // a pod's row says more
	for _, f := range data.Fields {
		if !f.Value.Scalar() {
			continue
		}
		if looksSecret(f.Name, f.Value.Text) {
			result.add("configmap "+shown(f.Name), configMap, "", sees)
			result.find(o.at(f.Value), maybeInConfigMap, fmt.Sprintf("the value of key %s looks like a secret", shown(f.Name)))
			continue
		}
		for _, name := range fileSecrets(f.Name, f.Value.Text) {
			result.add("configmap "+shown(f.Name)+" "+shown(name), configMap, "", sees)
			result.find(o.at(f.Value), maybeInConfigMap, fmt.Sprintf("the value of field %s in key %s looks like a secret", shown(name), shown(f.Name)))
		}
		n, err := document.Parse("task", []byte(f.Value.Text))
		if err != nil || n.Field("spec").Field("secret_sources") == nil {
			continue
		}
		for _, s := range taskSources(n) {
			if text(s, "kind") != task.Inline {
				continue
			}
			for _, key := range inlineKeys(s.Field("source")) {
				result.add("inline "+key, configMap, "", sees)
				result.find(o.at(f.Value), valueInConfigMap, fmt.Sprintf("the value of key %s is in the task %s", key, shown(f.Name)))
			}
		}
	}
}

// configurations are the endings of files with fields and values. The lines of a
// program look like them.
var configurations = []string{"", ".cfg", ".conf", ".env", ".ini", ".json", ".properties", ".toml", ".yaml", ".yml"}

// fileSecrets returns the fields that look like secrets in a file of a ConfigMap.
func fileSecrets(name, text string) []string {
	if strings.HasPrefix(text, "#!") || !slices.Contains(configurations, strings.ToLower(path.Ext(name))) {
		return nil
	}
	return secretFields(text)
}

// unreadableKey stands for a key whose name is missing, or may be a value.
const unreadableKey = "…"

// inlineKeys returns the keys of an inline source that have values.
func inlineKeys(n *document.Node) (keys []string) {
	if unwrapped, err := document.Unwrap(n); err == nil {
		n = unwrapped
	}
	if n == nil || n.Kind != document.Map {
		return []string{unreadableKey}
	}
	for _, f := range n.Fields {
		switch {
		case f.Bare: // {DB_USER, hunter2}
			keys = append(keys, unreadableKey)
		case f.Value.Kind != document.Null: // MLRun's for a variable that is not set
			keys = append(keys, shown(f.Name))
		}
	}
	return keys
}
