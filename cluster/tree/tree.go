// Package tree edits YAML and leaves the rest of the text as it is: its order,
// its comments and what it does not know.
//
// It owns the text and nothing of its meaning. It refuses an edit where a
// YAML anchor would carry it to another place. Data flows text -> Node -> text.
package tree

import "go.yaml.in/yaml/v4"

// Prune takes out what the types of Kubernetes write where they hold nothing: an
// empty status, a creation time that is null, empty resources and metadata.
func Prune(n *yaml.Node) {
	if n.Kind == yaml.MappingNode {
		var kept []*yaml.Node
		for i := 0; i+1 < len(n.Content); i += 2 {
			name, value := n.Content[i], n.Content[i+1]
			Prune(value)
			if value.ShortTag() == "!!null" || prunable(name.Value) && value.Kind == yaml.MappingNode && len(value.Content) == 0 {
				continue
			}
			kept = append(kept, name, value)
		}
		n.Content = kept
		return
	}
	for _, item := range n.Content {
		Prune(item)
	}
}

func prunable(name string) bool { return name == "status" || name == "metadata" || name == "resources" }
