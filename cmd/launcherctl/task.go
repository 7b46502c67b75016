package main

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve/document"
)

// taskFlags is the task of manifest and run, with what the flags add to it.
func (p *program) taskFlags() []cli.Flag {
	secrets, params := &given{}, &given{} // no aliases: the library would copy a value from one to the other
	return []cli.Flag{
		&cli.StringFlag{Name: "task", Usage: "the task, a YAML or JSON `FILE`; - is standard input"},
		&cli.GenericFlag{Name: "secrets", Value: secrets, Usage: "also -s: add a secret source, `KIND=SOURCE`, as mlrun run -s does; repeatable"},
		&cli.GenericFlag{Name: "param", Value: params, Usage: "also -p: set a parameter, `NAME=VALUE`; the value is read as YAML; repeatable"},
		&cli.GenericFlag{Name: "s", Value: secrets, Hidden: true},
		&cli.GenericFlag{Name: "p", Value: params, Hidden: true},
	}
}

// readTask reads the task of --task, as a tree, and adds what -s and -p say.
func (p *program) readTask(ctx context.Context, c *cli.Context) (*document.Node, error) {
	path := c.String("task")
	if path == "" {
		return nil, errUsage{"--task is missing", p.name + " task with-secrets KIND ... writes one"}
	}
	n, err := p.readDocument(ctx, "--task", path)
	if err != nil {
		return nil, err
	}
	var problems document.Problems
	for _, flag := range many(c, "secrets") {
		d, err := task.ParseSource("--secrets", flag)
		problems.Join(err)
		if err == nil {
			n = within(n, "spec", func(spec *document.Node) *document.Node {
				return append1(spec, "secret_sources", entry(d.Kind, d.Source))
			})
		}
	}
	for _, flag := range many(c, "param") {
		name, value, err := parameter(flag)
		problems.Join(err)
		if err == nil {
			n = within(n, "spec", func(spec *document.Node) *document.Node {
				return within(spec, "parameters", func(all *document.Node) *document.Node {
					return within(all, name, func(*document.Node) *document.Node { return value })
				})
			})
		}
	}
	return n, problems.Err()
}

func (p *program) readDocument(ctx context.Context, flag, path string) (*document.Node, error) {
	origin, text, err := p.readText(ctx, flag, path)
	switch {
	case err != nil:
		return nil, err
	case filepath.Ext(path) == ".json":
		return document.ParseJSON(origin, text)
	}
	return document.Parse(origin, text)
}

// parameter reads NAME=VALUE; the value is YAML, and nothing at all the empty
// string.
func parameter(flag string) (string, *document.Node, error) {
	at := document.Position{Origin: "--param"}
	name, text, ok := strings.Cut(flag, "=")
	if !ok || name == "" || !utf8.ValidString(name) {
		return "", nil, &document.Problem{At: at, Message: "is not NAME=VALUE", Advice: "for instance --param rate=0.5"}
	}
	at.Origin += " " + name
	if strings.TrimSpace(text) == "" {
		return name, &document.Node{Kind: document.String, Text: text, At: at}, nil
	}
	value, err := document.Parse(at.Origin, []byte(text))
	return name, value, err
}

// within is a copy of a map with one field changed; the field is added where it
// is not there. What is no map is left to who reads the task.
func within(n *document.Node, name string, change func(*document.Node) *document.Node) *document.Node {
	if n == nil || n.Kind == document.Null {
		n = &document.Node{Kind: document.Map}
	}
	if n.Kind != document.Map {
		return n
	}
	fields := slices.Clone(n.Fields)
	i := slices.IndexFunc(fields, func(f document.Field) bool { return f.Name == name })
	if i < 0 {
		i, fields = len(fields), append(fields, document.Field{Name: name, At: n.At})
	}
	fields[i].Value = change(fields[i].Value)
	return &document.Node{Kind: document.Map, Fields: fields, At: n.At}
}

// append1 is a copy of a map with an item at the end of a list in it.
func append1(n *document.Node, name string, item *document.Node) *document.Node {
	return within(n, name, func(list *document.Node) *document.Node {
		switch {
		case list == nil || list.Kind == document.Null:
			list = &document.Node{Kind: document.List}
		case list.Kind != document.List:
			return list
		}
		return &document.Node{Kind: document.List, Items: append(slices.Clone(list.Items), item), At: list.At}
	})
}

func entry(kind string, source *document.Node) *document.Node {
	return &document.Node{Kind: document.Map, At: source.At, Fields: []document.Field{
		{Name: "kind", Value: &document.Node{Kind: document.String, Text: kind}}, {Name: "source", Value: source}}}
}
