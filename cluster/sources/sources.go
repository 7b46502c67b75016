// Package sources reads the secret sources of a task as one who makes a pod
// for it must: which keys of the project's Secret it names, which vaults and
// programs, and what is resolved before there is a pod.
//
// It owns that division and nothing of the sources' own forms. It refuses what
// the launcher would refuse, in the launcher's words. It calls no cluster and
// reads no secret. Data flows document.Node -> Sources.
package sources

import (
	"fmt"

	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/env"
	"github.com/seed45446ece/launcher/resolve/exec"
	"github.com/seed45446ece/launcher/resolve/file"
	"github.com/seed45446ece/launcher/resolve/inline"
	"github.com/seed45446ece/launcher/resolve/kubernetes"
)

// Project is a declared kubernetes source.
type Project struct {
	kubernetes.Spec
	resolve.Declaration
}

// Vault is a declared azure_vault source.
type Vault struct {
	azure.Spec
	resolve.Declaration
}

// Program is a declared exec source, whose program runs in the pod.
type Program struct {
	exec.Spec
	resolve.Declaration
}

// Client is a declared inline, env or file source. MLRun resolves these where
// the task is submitted, and not in the pod.
type Client struct {
	resolve.Source
	resolve.Declaration
}

// Sources is a task's, by who answers for them, each in the task's order.
type Sources struct {
	Task     task.Task
	Project  []Project
	Vaults   []Vault
	Programs []Program
	Client   []Client
}

// Read reads a run object and all its sources. The error holds every problem
// of both.
func Read(n *document.Node, environ resolve.Environ, realm azure.Clouds) (Sources, error) {
	var problems document.Problems
	t, err := task.Parse(n)
	problems.AddErr(err)
	s := Sources{Task: t}
	for _, d := range t.Sources {
		problems.AddErr(s.add(d, environ, realm))
	}
	return s, problems.Err()
}

func (s *Sources) add(d resolve.Declaration, environ resolve.Environ, realm azure.Clouds) error {
	if _, err := task.KindOf(d); err != nil {
		return err
	}
	var client resolve.Source
	var err error
	switch d.Kind {
	case task.Kubernetes:
		spec, err := kubernetes.Parse(d.Source)
		s.Project = append(s.Project, Project{spec, d})
		return err
	case task.AzureVault:
		spec, err := azure.Parse(d.Source, realm)
		s.Vaults = append(s.Vaults, Vault{spec, d})
		return err
	case task.Exec:
		spec, err := exec.Parse(d.Source)
		s.Programs = append(s.Programs, Program{spec, d})
		return err
	case task.Inline:
		client, err = inline.New(d)
	case task.Env:
		client, err = env.New(d, environ)
	case task.File:
		client, err = file.New(d, &file.Pipes{})
	default:
		return fmt.Errorf("internal error: no reader for kind %s", d.Kind)
	}
	s.Client = append(s.Client, Client{client, d})
	return err
}

// Name is metadata.name, "" where the task has none.
func (s Sources) Name() string { return s.metadata("name") }

// ProjectName is metadata.project, "" where the task has none.
func (s Sources) ProjectName() string { return s.metadata("project") }

func (s Sources) metadata(field string) string {
	if n := s.Task.Metadata.Field(field); n != nil && n.Kind == document.String {
		return n.Text
	}
	return ""
}
