package manifest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/seed45446ece/launcher/cluster/yamledit"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// Base is a manifest that is to gain the launcher.
type Base struct {
	Origin string // its name in messages
	Text   []byte

	Templates []string // the names of the pod templates that are meant; none for all
	Container string   // the name of the handler's container; "" for the only one

	onlyJobs bool // objects of other kinds are not meant
}

// Merged is the manifest with the launcher in it.
type Merged struct {
	Manifest // without a Job
	Text     []byte

	index int // of the edited document
}

// Into adds the launcher, and what the task's secrets need, to the pods of a
// manifest. What is there stays, but for what has the same name; its command
// becomes the handler's. A second time changes nothing.
func Into(ctx context.Context, base Base, task *document.Node, o Options) (Merged, error) {
	file, err := yamledit.Load(base.Origin, base.Text)
	if err != nil {
		return Merged{}, err
	}
	found, err := base.choose(file)
	if err != nil {
		return Merged{}, err
	}
	root := found[0].doc.Root
	if o.Name == "" {
		o.Name = objectName(yamledit.Text(root, "metadata", "name"), validation.DNS1123LabelMaxLength)
	}
	if namespace := yamledit.Text(root, "metadata", "namespace"); namespace != "" {
		if o.Namespace != "" && o.Namespace != namespace {
			return Merged{}, &Error{fmt.Sprintf("%s: the manifest is for namespace %q, not %q", base.Origin, namespace, o.Namespace), "omit --namespace"}
		}
		o.Namespace = namespace
	}
	if !o.KeysNamed {
		o.Keys = keysOf(found, o.Keys)
	}
	o.accountNamed = !slices.ContainsFunc(found, func(t template) bool { return yamledit.Text(t.pod, "serviceAccountName") == "" })
	p, err := newPlan(ctx, task, o)
	if err != nil {
		return Merged{}, err
	}
	if p.values != nil {
		p.values.Immutable = nil // it lives as long as the object, and that may change
	}
	for i := range found {
		m := merge{plan: p, template: &found[i], doc: found[i].doc}
		m.into(base)
		p.problems = append(p.problems, m.doc.Err())
	}
	if err := errors.Join(p.problems...); err != nil {
		return Merged{}, err
	}
	if base.onlyJobs {
		p.warnOfOthers(base.Origin, file, found[0].doc)
	}
	text, err := file.Bytes()
	m := Merged{Text: text, Manifest: Manifest{Values: p.values, Warnings: p.warnings}, index: slices.Index(file.Documents, found[0].doc)}
	m.Container, m.owner = p.handler, ownerOf(root)
	return m, err
}

// choose returns the pod templates that are meant, all in one document.
func (b Base) choose(file *yamledit.File) ([]template, error) {
	var found []template
	var names []string
	for _, d := range file.Documents {
		if b.onlyJobs && !isJob(d.Root) {
			continue
		}
		for _, t := range templates(d) {
			names = append(names, keyname.Plain(templateName(t)))
			if len(b.Templates) == 0 || slices.Contains(b.Templates, templateName(t)) {
				found = append(found, t)
			}
		}
	}
	if len(names) == 0 {
		if b.onlyJobs {
			return nil, &Error{b.Origin + ": it contains no Job", "give a Job or CronJob of batch/v1, in a separate document"}
		}
		return nil, &Error{b.Origin + ": it contains no pod", "give a Job, CronJob, Deployment, Pod, or another object with a pod template"}
	}
	for _, name := range b.Templates {
		if !slices.Contains(names, keyname.Plain(name)) {
			return nil, &Error{fmt.Sprintf("%s: pod template %s does not exist", b.Origin, keyname.Quote(name)), "use one of " + strings.Join(names, ", ")}
		}
	}
	for _, t := range found {
		if t.doc != found[0].doc {
			return nil, &Error{fmt.Sprintf("%s: several of its objects have pods: %s", b.Origin, strings.Join(names, ", ")), "use --template NAME, or one object per file"}
		}
	}
	return found, nil
}

// templateName returns the name of a pod template for --template.
func templateName(t template) string {
	if t.name != "" {
		return t.name
	}
	return yamledit.Text(t.doc.Root, "metadata", "name")
}

// secretVolumes reports whether the pod has files that only their owner may
// read.
func (p *plan) secretVolumes() bool {
	return slices.ContainsFunc(p.volumes, func(v corev1.Volume) bool { return v.Secret != nil })
}
