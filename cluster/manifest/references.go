package manifest

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
	corev1 "k8s.io/api/core/v1"

	"github.com/seed45446ece/launcher/cluster/sources"
	"github.com/seed45446ece/launcher/cluster/yamledit"
	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// putVariables adds the variables of the plan. It keeps a reference that the
// manifest's author wrote, and removes those that an earlier run made for keys that
// the task no longer has.
func (m *merge) putVariables() {
	if len(m.env) == 0 {
		return
	}
	list := m.doc.List(m.container, "env")
	plain := plainReferences(list, m.project)
	earlier := m.earlier(list)
	planned := map[string]bool{}
	var variables []*yaml.Node
	for _, variable := range m.env {
		planned[variable.Name] = true
		old := findVariable(list, variable.Name)
		if old == nil && (slices.Contains(plain, m.plain[variable.Name]) || m.hasOwn(list, variable)) {
			continue // the launcher finds the key by its plain name
		}
		if refers, ok := referenceOf(old); ok && slices.ContainsFunc(m.Env, func(v Variable) bool { return v.Name == variable.Name }) {
			m.refuse("omit --env, or remove the reference", "%s: variable %q of the manifest refers to %v, and --env cannot replace a secret", m.path, variable.Name, refers)
			continue
		}
		if m.isKept(variable, old, earlier) {
			m.warn("", "%s: variable %q of the manifest is kept%s", m.path, variable.Name, describeReference(old))
			continue
		}
		variables = append(variables, m.of(variable))
	}
	if names, ok := m.projectSecrets(list, plain); ok {
		planned[projectSecretsVariable] = true
		variables = append(variables, m.of(corev1.EnvVar{Name: projectSecretsVariable, Value: names}))
	}
	m.put(list, "name", "variable", variables...)
	for _, old := range append([]*yaml.Node(nil), list.Content...) {
		name := yamledit.Text(old, "name")
		if refers, ok := referenceOf(old); ok && !planned[name] && earlier.made(name, refers) {
			m.doc.Remove(list, old)
			m.warn("", "%s: variable %q is removed: the task no longer has %v", m.path, name, refers)
		}
	}
	m.warnOfCopies(list, plain)
}

// isKept reports whether the manifest's own variable stays in place of a reference
// of the plan.
func (m *merge) isKept(planned corev1.EnvVar, old *yaml.Node, earlier earlierTask) bool {
	if planned.ValueFrom == nil || yamledit.Get(old, "valueFrom") == nil {
		return false
	}
	refers, ok := referenceOf(old)
	ofProject := m.project != "" && refers.secret == SecretName(m.project)
	selector := planned.ValueFrom.SecretKeyRef
	same := refers == reference{selector.Name, selector.Key}
	return !ok || !same && !ofProject && !earlier.made(planned.Name, refers)
}

// describeReference returns what a variable refers to, for a message.
func describeReference(variable *yaml.Node) string {
	if refers, ok := referenceOf(variable); ok {
		return ": it refers to " + refers.String()
	}
	return ""
}

func findVariable(list *yaml.Node, name string) *yaml.Node {
	for _, variable := range list.Content {
		if yamledit.Text(variable, "name") == name {
			return variable
		}
	}
	return nil
}

// referenceOf returns the key of a Secret that a variable refers to.
func referenceOf(variable *yaml.Node) (reference, bool) {
	selector := yamledit.Get(variable, "valueFrom", "secretKeyRef")
	return reference{yamledit.Text(selector, "name"), yamledit.Text(selector, "key")}, selector != nil
}

// earlierTask is what an earlier run made for the task that it left in the manifest.
type earlierTask struct {
	references map[string]reference // by variable
	prefix     string               // of the variables of all keys; "" if it named its keys
	project    string               // the project's Secret
}

// made reports whether an earlier run made a variable's reference.
func (e earlierTask) made(variable string, refers reference) bool {
	if e.prefix != "" && strings.HasPrefix(variable, e.prefix) && refers.secret == e.project {
		return variable == e.prefix+strings.ToUpper(refers.key)
	}
	return refers != reference{} && e.references[variable] == refers
}

// earlier reads the task that an earlier run left in the manifest, if any.
func (m *merge) earlier(list *yaml.Node) earlierTask {
	e := earlierTask{references: map[string]reference{}}
	text := strings.ReplaceAll(yamledit.Text(findVariable(list, task.ExecConfig), "value"), "$$", "$")
	n, err := document.ParseJSON(task.ExecConfig, []byte(text))
	if err != nil {
		return e
	}
	s, _ := sources.Read(n, nil, m.Realm) // a source that cannot be read made nothing
	project := s.ProjectName()
	if m.Project != "" || project == "" {
		project = m.project
	}
	e.project = SecretName(project)
	if len(s.Project) == 0 && project != "" {
		e.prefix = keyname.MLRunPrefix
	}
	for _, source := range s.Project {
		if source.Mount != "" {
			continue
		}
		if len(source.Spec.Keys) == 0 {
			e.prefix = source.Spec.Prefix
		}
		for _, key := range source.Spec.Keys {
			e.references[source.Variable(key)] = reference{secretOf(source, project), key.Name}
		}
	}
	return e
}
