package manifest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/seed45446ece/launcher/cluster/sources"
	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve/document"
)

// plan is what a pod gains for a task: the same for a Job of its own and for a
// manifest that is there.
type plan struct {
	Options
	declared      sources.Sources
	name, project string

	init    []corev1.Container
	volumes []corev1.Volume
	mounts  []corev1.VolumeMount
	env     []corev1.EnvVar
	launch  []string // the launcher's own part of the command
	labels  map[string]string

	plain  map[string]string // the key of the project's Secret, by its variable in env
	own    map[string]string // the handler's key of another Secret, by its variable in env
	reads  []reference       // what the task reads of Secrets; without a key, all keys
	listed []string          // variables of env that the launcher cannot tell by their names
	noKeys bool              // the launcher looks for all keys of the project, which has none

	handler  string // the name of the handler's container in a manifest
	values   *corev1.Secret
	warnings []error
	problems []error
}

func newPlan(ctx context.Context, task *document.Node, o Options) (*plan, error) {
	s, err := sources.Read(task, o.Environ, o.Realm)
	if err != nil {
		return nil, err
	}
	p := &plan{Options: o, declared: s, labels: map[string]string{managedBy: "launcherctl"}}
	p.nameThem()
	p.check()
	p.program()
	p.projectKeys(ctx)
	p.vaults()
	p.programs()
	kept := p.clientValues(ctx, task)
	p.misplaced(task)
	p.givenVariables()
	p.givenVolumes()
	p.task(task, kept)
	p.memory()
	p.distinctMounts()
	p.nestedVolumes()
	if len(p.problems) > 0 {
		return nil, errors.Join(p.problems...)
	}
	return p, nil
}

func (p *plan) refuse(advice, format string, args ...any) {
	p.problems = append(p.problems, &Error{fmt.Sprintf(format, args...), advice})
}

func (p *plan) warn(advice, format string, args ...any) {
	p.warnings = append(p.warnings, &Error{fmt.Sprintf(format, args...), advice})
}

// managedBy is the label of what this program made.
const managedBy = "app.kubernetes.io/managed-by"

// task gives the pod its task as MLRun does, in a variable that the handler is
// given too, without what was resolved here.
func (p *plan) task(n *document.Node, list []*document.Node) {
	spec := &document.Node{Kind: document.Map, At: n.At}
	if s := n.Field("spec"); s != nil && s.Kind == document.Map {
		spec.Fields = slices.DeleteFunc(slices.Clone(s.Fields), func(f document.Field) bool { return f.Name == "secret_sources" })
	}
	if len(list) > 0 {
		spec.Fields = append(spec.Fields, document.Field{Name: "secret_sources", Value: &document.Node{Kind: document.List, Items: list}})
	}
	object := &document.Node{Kind: document.Map, At: n.At}
	object.Fields = slices.DeleteFunc(slices.Clone(n.Fields), func(f document.Field) bool { return f.Name == "spec" })
	object.Fields = append(object.Fields, document.Field{Name: "spec", Value: spec})
	text, err := object.AppendJSON(nil)
	if err != nil {
		p.problems = append(p.problems, err)
		return
	}
	if len(task.ExecConfig)+1+len(text) > maxVariable {
		p.refuse("move large parameters to a file that the handler reads",
			"the task is %d bytes of JSON, and a variable can hold %d", len(text), maxVariable-len(task.ExecConfig)-1)
	}
	p.env = append([]corev1.EnvVar{{Name: task.ExecConfig, Value: literal(string(text))}}, p.env...)
}
