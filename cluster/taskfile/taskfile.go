// Package taskfile writes task files: a new one, and one more secret source in
// one that is there.
//
// It owns the text and changes nothing else in it. It refuses to write a task that
// the launcher would refuse. Data flows text, Source -> text.
package taskfile

import (
	"bytes"
	"encoding/json"

	"go.yaml.in/yaml/v4"

	"github.com/seed45446ece/launcher/cluster/sources"
	"github.com/seed45446ece/launcher/cluster/yamledit"
	"github.com/seed45446ece/launcher/resolve/azure"
	"github.com/seed45446ece/launcher/resolve/document"
)

// Source is one entry of secret_sources, in the order in which it is written.
type Source struct {
	Kind     string `json:"kind"`
	Source   any    `json:"source"`
	Prefix   string `json:"prefix,omitempty"`
	Optional bool   `json:"optional,omitempty"`
	Env      bool   `json:"env,omitempty"`
}

// Add returns the text with one more secret source at the end, as MLRun's
// with_secrets appends it. It does not add a source that is already there in the
// same words. The error lists everything wrong with the task that would result.
func Add(origin string, text []byte, source Source, realm azure.Clouds) ([]byte, error) {
	added, err := add(origin, text, source)
	if err != nil {
		return nil, err
	}
	n, err := document.Parse(origin, added)
	if err != nil {
		return nil, err
	}
	if _, err := sources.Read(n, nil, realm); err != nil {
		return nil, err
	}
	return added, nil
}

func add(origin string, text []byte, source Source) ([]byte, error) {
	if json.Valid(bytes.TrimPrefix(text, []byte("\ufeff"))) {
		return addToJSON(origin, text, source)
	}
	item, err := yamledit.FromValue(source)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return yamledit.Render(mapWith("spec", mapWith("secret_sources", &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*yaml.Node{item}}))), nil
	}
	f, err := yamledit.Load(origin, text)
	if err != nil {
		return nil, err
	}
	if len(f.Documents) != 1 || f.Documents[0].Root.Kind != yaml.MappingNode {
		return nil, notATask(origin)
	}
	d := f.Documents[0]
	d.Append(d.List(d.Map(d.Root, "spec"), "secret_sources"), item)
	if d.Err() != nil {
		return nil, d.Err()
	}
	return f.Bytes()
}

func notATask(origin string) error {
	return &document.Problem{At: document.Position{Origin: origin}, Message: "is not a single task"}
}

func mapWith(name string, value *yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{{Kind: yaml.ScalarNode, Tag: "!!str", Value: name}, value}}
}
