package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	urfave "github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/cluster"
	"github.com/seed45446ece/launcher/cluster/project"
	"github.com/seed45446ece/launcher/internal/cli"
)

// clusterFlags returns the flags of every command that calls the cluster, named as
// in kubectl.
func clusterFlags() []urfave.Flag {
	return append([]urfave.Flag{
		&urfave.StringFlag{Name: "namespace", Aliases: []string{"n"}, Usage: "the `NAMESPACE` (default: that of the kubeconfig's context, or of the pod)"},
	}, connectFlags()...)
}

// connectFlags returns the same flags without --namespace.
func connectFlags() []urfave.Flag {
	return []urfave.Flag{
		&urfave.StringFlag{Name: "kubeconfig", Usage: "the `FILE` that says which cluster (default: $KUBECONFIG, ~/.kube/config, else the pod's service account)"},
		&urfave.StringFlag{Name: "context", Usage: "the kubeconfig's `CONTEXT` (default: its current one)"},
		&urfave.DurationFlag{Name: "timeout", Value: time.Minute, Usage: "wait at most `DURATION` for the cluster's answers, such as 90s; 0 waits for ever"},
		&urfave.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "say what is asked of the cluster, by name; never what is sent"},
	}
}

func projectFlag() urfave.Flag {
	return &urfave.StringFlag{Name: "project", Usage: "the `PROJECT` whose Secret it is, mlrun-project-secrets-PROJECT"}
}

// connect returns the cluster of the flags. It sends no request yet.
func (p *program) connect(c *urfave.Context) (*cluster.Cluster, error) {
	p.report.Verbose = c.Bool("verbose")
	o := cluster.Options{
		Kubeconfig: c.String("kubeconfig"), Context: c.String("context"), Namespace: c.String("namespace"),
		UserAgent: "launcherctl",
		Warn:      func(message string) { p.report.Warn(errors.New("the cluster: " + message)) },
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
		return project.Project{}, cli.Usage("--project is missing", c.Command.HelpName+" --project PROJECT")
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
				e.Advice = "--keys A,B names the project's keys where no cluster is to be asked"
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
