package manifest

import (
	"fmt"
	"strconv"

	"go.yaml.in/yaml/v4"
	batchv1 "k8s.io/api/batch/v1"

	"github.com/seed45446ece/launcher/cluster/yamledit"
)

// YAML is an object as kubectl apply reads it, without what only a cluster
// fills in.
func YAML(object any) ([]byte, error) {
	n, err := nodeOf(object)
	if err != nil {
		return nil, err
	}
	if c := n.Content; len(c) > 4 && c[0].Value == "kind" && c[2].Value == "apiVersion" {
		c[0], c[1], c[2], c[3] = c[2], c[3], c[0], c[1]
	}
	return yamledit.Render(n), nil
}

func nodeOf(object any) (*yaml.Node, error) {
	n, err := yamledit.FromValue(object)
	if err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	yamledit.Prune(n)
	inOctal(n)
	explainRetry(n)
	return n, nil
}

// explainRetry writes beside the status that a Job does not count what the cluster
// cannot tell apart.
func explainRetry(n *yaml.Node) {
	if values := yamledit.Get(n, "onExitCodes", "values"); values != nil && yamledit.Text(n, "action") == string(batchv1.PodFailurePolicyActionIgnore) {
		for _, status := range values.Content {
			status.LineComment = "# could not resolve: try again; a handler's own 124 looks the same"
		}
	}
	for _, child := range n.Content {
		explainRetry(child)
	}
}

// inOctal writes beside a file's mode what people read: YAML 1.1 and 1.2 take
// 0400 for two numbers.
func inOctal(n *yaml.Node) {
	for i, child := range n.Content {
		if mode, err := strconv.ParseInt(child.Value, 10, 32); err == nil && n.Kind == yaml.MappingNode && i%2 == 1 && n.Content[i-1].Value == "defaultMode" {
			child.LineComment = fmt.Sprintf("# %#o", mode)
		}
		inOctal(child)
	}
}
