package manifest

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
	corev1 "k8s.io/api/core/v1"

	"github.com/seed45446ece/launcher/cluster/yamledit"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// hasOwn reports whether the manifest has a planned variable's reference under the
// handler's own name. The launcher reads that variable and removes it, unless it is
// told to trust no variable of that name.
func (m *merge) hasOwn(env *yaml.Node, planned corev1.EnvVar) bool {
	own, ok := m.own[planned.Name]
	if !ok || slices.Contains(m.Launcher.Flags, "--require-confidential") {
		return false
	}
	refers, ok := referenceOf(findVariable(env, own))
	selector := planned.ValueFrom.SecretKeyRef
	return ok && refers == reference{selector.Name, selector.Key}
}

// warnOfCopies warns of what gives the handler a value of the task's in its
// environment, past the launcher: other variables of the manifest, and envFrom.
func (m *merge) warnOfCopies(env *yaml.Node, plain []string) {
	for _, variable := range env.Content {
		name := yamledit.Text(variable, "name")
		refers, ok := referenceOf(variable)
		if !ok || !m.isRead(refers) || slices.Contains(plain, name) || m.removes(env, name) {
			continue
		}
		m.warn("remove it from the manifest: the handler gets the key from the launcher",
			"%s: the handler still gets %v in variable %q, which the launcher does not remove", m.path, refers, name)
	}
	froms := yamledit.Get(m.container, "envFrom")
	if froms == nil {
		return
	}
	for _, from := range froms.Content {
		secret := yamledit.Text(from, "secretRef", "name")
		if slices.ContainsFunc(m.reads, func(r reference) bool { return r.secret == secret }) {
			m.warn("remove it from envFrom, and declare in the task each key that the handler needs",
				"%s: the handler still gets the keys of Secret %q by envFrom, which the launcher does not remove", m.path, secret)
		}
	}
}

// isRead reports whether the task reads a key of a Secret.
func (m *merge) isRead(refers reference) bool {
	return slices.Contains(m.reads, refers) || slices.Contains(m.reads, reference{secret: refers.secret})
}

// removes reports whether the launcher removes a variable from the handler's
// environment: it is one of the plan's, or the only one for a key of the handler's name.
func (m *merge) removes(env *yaml.Node, name string) bool {
	if strings.HasPrefix(name, keyname.MLRunPrefix) || slices.ContainsFunc(m.env, func(v corev1.EnvVar) bool { return v.Name == name }) {
		return true
	}
	for variable, own := range m.own {
		if own == name && findVariable(env, variable) == nil {
			return true
		}
	}
	return false
}
