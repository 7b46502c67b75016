package manifest

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/seed45446ece/launcher/cluster/yamledit"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// template is one pod template of a manifest.
type template struct {
	doc   *yamledit.Document
	name  string // Worker, driver, or that of an Argo template; "" where there is one alone
	path  string
	meta  *yaml.Node // has the field metadata of the pod
	pod   *yaml.Node // has volumes, initContainers, ...
	batch *yaml.Node // the spec of a Job that it is of, or nil

	// one is the field of pod that is the container itself, as in Argo's
	// templates; "" where there is a list of containers.
	one string

	spark bool // its programs are children of a Java machine
}

// templates finds the pod templates of a document: wherever there is a map
// whose spec has a list of containers, which is so in every object that has a
// PodTemplateSpec, and in those that are known to have a form of their own.
func templates(d *yamledit.Document) []template {
	f := finder{doc: d}
	f.walk(d.Root, nil, nil, "")
	switch kind := yamledit.Text(d.Root, "kind"); {
	case kind == "SparkApplication", kind == "ScheduledSparkApplication":
		f.spark()
	case kind == "CronWorkflow":
		f.argo("spec", "workflowSpec", "templates")
	case strings.HasSuffix(kind, "Workflow"), strings.HasSuffix(kind, "WorkflowTemplate"):
		f.argo("spec", "templates")
	}
	return f.found
}

type finder struct {
	doc   *yamledit.Document
	found []template
}

// walk looks below a node; job is the spec of the Job that it is in, and name
// the nearest name of what has it.
func (f *finder) walk(n *yaml.Node, path []string, job *yaml.Node, name string) {
	switch n.Kind {
	case yaml.SequenceNode:
		for i, item := range n.Content {
			own := yamledit.Text(item, "name")
			if own == "" {
				own = name
			}
			f.walk(item, append(path[:len(path):len(path)], strconv.Itoa(i)), nil, own)
		}
	case yaml.MappingNode:
		if containers := yamledit.Get(n, "spec", "containers"); containers != nil && containers.Kind == yaml.SequenceNode {
			f.found = append(f.found, template{doc: f.doc, name: name, path: shownPath(path), meta: n, pod: yamledit.Get(n, "spec"), batch: job})
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			field, value := n.Content[i].Value, n.Content[i+1]
			below, of := name, (*yaml.Node)(nil)
			switch field {
			case "spec":
				if kind := yamledit.Text(n, "kind"); kind == "Job" && strings.HasPrefix(yamledit.Text(n, "apiVersion"), "batch/") || len(path) > 0 && path[len(path)-1] == "jobTemplate" {
					of = value
				}
			case "template":
				of = job
			default:
				below = field
			}
			if field == "template" || field == "spec" || field == "jobTemplate" {
				below = name
			}
			f.walk(value, append(path[:len(path):len(path)], field), of, below)
		}
	}
}

func shownPath(path []string) string {
	if len(path) == 0 {
		return "the pod"
	}
	shown := make([]string, len(path))
	for i, field := range path {
		shown[i] = strings.Trim(keyname.Show(field), `"`)
	}
	return strings.Join(shown, ".")
}

// argo finds the templates of a Workflow that run a container: such a template
// is a pod's specification with one container in a field of its own.
func (f *finder) argo(path ...string) {
	list := yamledit.Get(f.doc.Root, path...)
	if list == nil {
		return
	}
	for i, t := range list.Content {
		for _, field := range []string{"container", "script"} {
			if c := yamledit.Get(t, field); c != nil && c.Kind == yaml.MappingNode {
				f.found = append(f.found, template{doc: f.doc, name: yamledit.Text(t, "name"), meta: t, pod: t, one: field,
					path: shownPath(append(slices.Clone(path), strconv.Itoa(i)))})
			}
		}
	}
}

// spark gives the driver and the executors of a SparkApplication a pod template
// where they have none: to that Spark adds its arguments, and only to the
// container of this name.
// https://spark.apache.org/docs/latest/running-on-kubernetes.html#pod-template
func (f *finder) spark() {
	spec := yamledit.Get(f.doc.Root, "spec")
	if t := yamledit.Get(spec, "template"); t != nil {
		spec = t // a schedule's
	}
	for _, role := range []string{"driver", "executor"} {
		part := yamledit.Get(spec, role)
		if i := slices.IndexFunc(f.found, func(t template) bool { return t.name == role }); i >= 0 {
			f.found[i].spark = true
			continue
		}
		if part == nil {
			continue
		}
		f.found = append(f.found, template{doc: f.doc, name: role, path: "spec." + role, meta: part, spark: true})
	}
}

// make adds the pod template that a SparkApplication's part is without.
func (t *template) make() {
	if t.pod != nil {
		return
	}
	role := t.name // Spark's, where it is not of a template that is there
	t.meta = t.doc.Map(t.meta, "template")
	t.pod = t.doc.Map(t.meta, "spec")
	container, _ := yamledit.FromValue(map[string]string{"name": "spark-kubernetes-" + role}) // has no way to fail
	t.doc.Append(t.doc.List(t.pod, "containers"), container)
}

// containers is the containers that may be the handler's.
func (t *template) containers() []*yaml.Node {
	if t.one != "" {
		return []*yaml.Node{yamledit.Get(t.pod, t.one)}
	}
	return yamledit.Get(t.pod, "containers").Content
}
