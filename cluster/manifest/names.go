package manifest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// nameThem decides the names of the Job and of the project.
func (p *plan) nameThem() {
	p.name, p.project = p.Name, p.Project
	longest := validation.DNS1123LabelMaxLength
	if p.Completions > 0 { // a pod's host name is the Job's name and the pod's index
		longest -= len(fmt.Sprintf("-%d", p.Completions-1))
	}
	if p.name == "" {
		p.name = objectName(p.declared.Name(), longest)
	}
	if p.name == "" {
		p.name = "launcher"
	}
	if p.project == "" {
		p.project = p.declared.ProjectName()
	}
	if validation.IsDNS1123Label(p.name) != nil || len(p.name) > longest {
		p.refuse("choose one with --name", "a Job cannot be named %s: a name is 1 to %d lower-case letters, digits and hyphens", keyname.Quote(p.name), longest)
	}
	if p.project != "" && validation.IsDNS1123Subdomain(SecretName(p.project)) != nil {
		p.refuse("use only lower-case letters, digits and hyphens", "%s is not a valid project name", keyname.Quote(p.project))
	}
	if p.Namespace != "" && validation.IsDNS1123Label(p.Namespace) != nil {
		p.refuse("", "%s is not a valid namespace name", keyname.Quote(p.Namespace))
	}
	if p.ServiceAccount != "" && validation.IsDNS1123Subdomain(p.ServiceAccount) != nil {
		p.refuse("", "%s is not a valid service account name", keyname.Quote(p.ServiceAccount))
	}
}

// SecretName is the Kubernetes Secret of a project, as MLRun names it.
func SecretName(project string) string { return "mlrun-project-secrets-" + project }

// objectName is a task's name as that of an object: what it cannot hold
// becomes a hyphen.
func objectName(name string, longest int) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, name)
	return strings.Trim(name[:min(len(name), longest)], "-")
}

// check refuses options that no API server would take, or that contradict each
// other.
func (p *plan) check() {
	for _, labels := range []map[string]string{p.Labels, p.NodeSelector} {
		for _, name := range slices.Sorted(maps.Keys(labels)) {
			if validation.IsQualifiedName(name) != nil || validation.IsValidLabelValue(labels[name]) != nil {
				p.refuse("", "%s=%s is not a valid label", keyname.Quote(name), keyname.Quote(labels[name]))
			}
		}
	}
	maps.Copy(p.labels, p.Labels)
	for _, name := range slices.Sorted(maps.Keys(p.Requests)) {
		request := p.Requests[name]
		if limit, ok := p.Limits[name]; ok && request.Cmp(limit) > 0 {
			p.refuse("", "the request of %s is higher than its limit", name)
		}
	}
	for _, kind := range p.InPod {
		if k, _ := task.FindKind(kind); !k.InPod() {
			p.refuse("use "+strings.Join(task.KindNames(task.Kind.InPod), " or "), "--in-pod: invalid kind %s", keyname.Show(kind))
		}
	}
	if p.Completions < 0 || p.Parallelism < 0 || p.Retries < 0 || p.Deadline < 0 || p.KeepFor < 0 || p.Launcher.Grace < 0 || p.SharedMemory.Sign() < 0 {
		p.refuse("", "a number, size or time is negative")
	}
	if p.Parallelism > 0 && p.Completions == 0 {
		p.refuse("add --completions N", "--parallelism says how many of --completions run at once")
	}
}
