package main

import (
	"context"

	urfave "github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/cluster/taskfile"
	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve/document"
)

// readTask reads the task of --task, as a tree, and adds what -s and -p say.
func (p *program) readTask(ctx context.Context, c *urfave.Context) (*document.Node, error) {
	path := c.String("task")
	if path == "" {
		return nil, cli.Usage("--task is missing", "run "+p.name+" task with-secrets KIND ... to write one")
	}
	n, err := p.readDocument(ctx, "--task", path)
	if err != nil {
		return nil, err
	}
	var problems document.Problems
	for _, flag := range cli.Values(c, "secrets") {
		d, err := task.ParseSource("--secrets", flag)
		problems.AddErr(err)
		if err == nil {
			n = taskfile.WithField(n, "spec", func(spec *document.Node) *document.Node {
				return taskfile.WithItem(spec, "secret_sources", entry(d.Kind, d.Source))
			})
		}
	}
	for _, flag := range cli.Values(c, "param") {
		name, value, err := task.ParseParameter("--param", flag)
		problems.AddErr(err)
		if err == nil {
			n = taskfile.WithField(n, "spec", func(spec *document.Node) *document.Node {
				return taskfile.WithField(spec, "parameters", func(all *document.Node) *document.Node {
					return taskfile.WithField(all, name, func(*document.Node) *document.Node { return value })
				})
			})
		}
	}
	return n, problems.Err()
}

func (p *program) readDocument(ctx context.Context, flag, path string) (*document.Node, error) {
	origin, text, err := p.readText(ctx, flag, path)
	if err != nil {
		return nil, err
	}
	return cli.ParseDocument(ctx, origin, text)
}

func entry(kind string, source *document.Node) *document.Node {
	return &document.Node{Kind: document.Map, At: source.At, Fields: []document.Field{
		{Name: "kind", Value: &document.Node{Kind: document.String, Text: kind}}, {Name: "source", Value: source}}}
}
