package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	urfave "github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/cluster"
	"github.com/seed45446ece/launcher/cluster/project"
	"github.com/seed45446ece/launcher/internal/cli"
)

// connect returns the cluster of the flags. It sends no request yet.
func (p *program) connect(c *urfave.Context) (*cluster.Cluster, error) {
	p.report.Verbose = c.Bool("verbose")
	command := strings.TrimPrefix(c.Command.HelpName, p.name+" ")
	if c.Bool("detach") {
		command = cluster.RunDetached
	}
	o := cluster.Options{
		Kubeconfig: c.String("kubeconfig"), Context: c.String("context"), Namespace: c.String("namespace"),
		UserAgent: "launcherctl", Command: command,
		Warn: func(message string) { p.report.Warn(errors.New("the cluster: " + message)) },
	}
	if p.report.Verbose {
		o.Detail = p.report.Detail
	}
	return cluster.Connect(o)
}

// findProject returns the project that the flags name.
func (p *program) findProject(c *urfave.Context) (project.Project, error) {
	name := c.String("project")
	if name == "" {
		return project.Project{}, cli.Usage("--project is missing", "use "+c.Command.HelpName+" --project PROJECT")
	}
	if err := project.CheckName(name); err != nil {
		return project.Project{}, err
	}
	target, err := p.connect(c)
	return project.Project{Name: name, Cluster: target}, err
}

// clusterKeyLookup returns a function that reads a project's keys from the cluster.
// An empty namespace is the one of the flags.
func (p *program) clusterKeyLookup(c *urfave.Context) func(ctx context.Context, namespace, project string) ([]string, error) {
	return func(ctx context.Context, namespace, name string) ([]string, error) {
		if err := project.CheckName(name); err != nil {
			return nil, err
		}
		target, err := p.connect(c)
		if err != nil {
			if e := (*cluster.Error)(nil); errors.As(err, &e) {
				e.Advice = "use --keys A,B to name the project's keys without asking the cluster"
			}
			return nil, err
		}
		target.Namespace = cmp.Or(namespace, target.Namespace)
		ctx, cancel := withTimeout(ctx, c)
		defer cancel()
		keys, err := project.Project{Name: name, Cluster: target}.Keys(ctx)
		if err == nil && len(keys) == 0 {
			p.report.Warn(fmt.Errorf("project %q has no keys in namespace %q", name, target.Namespace))
		}
		return keys, err
	}
}

// withTimeout returns the time that a command gives the cluster, as a context in
// which no client library logs.
func withTimeout(ctx context.Context, c *urfave.Context) (context.Context, context.CancelFunc) {
	return cli.WithTimeout(cluster.Quiet(ctx), c.Duration("timeout"))
}
