package manifest

import (
	"context"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
	corev1 "k8s.io/api/core/v1"

	"github.com/seed45446ece/launcher/cluster/yamledit"
	"github.com/seed45446ece/launcher/resolve/keyname"
	"github.com/seed45446ece/launcher/resolve/kubernetes"
)

// projectSecretsVariable tells the launcher which variables are secrets of the
// project. MLRun 1.8 and later name them by their keys, like other variables.
//
// The variables themselves stay in the manifest: the launcher removes those that are
// listed from the handler's environment, and whoever can read the pod's specification
// sees only the reference.
const projectSecretsVariable = "LAUNCHER_PROJECT_SECRETS"

// variables returns the variables of a Job of its own.
func (p *plan) variables() []corev1.EnvVar {
	if len(p.listed) == 0 && !p.noKeys {
		return p.env
	}
	return append(slices.Clone(p.env), corev1.EnvVar{Name: projectSecretsVariable, Value: strings.Join(p.listed, ",")})
}

// plainReferences returns the names of the variables that refer to a key of the
// project's Secret, or of any project's if project is empty, and have the key's own name.
func plainReferences(env *yaml.Node, project string) (names []string) {
	if env == nil {
		return nil
	}
	for _, variable := range env.Content {
		name := yamledit.Text(variable, "name")
		refers, ok := referenceOf(variable)
		ofProject := refers.secret == SecretName(project) || project == "" && strings.HasPrefix(refers.secret, SecretName(""))
		if ok && ofProject && refers.key == name && keyname.Check(name) == nil && !kubernetes.Internal(name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// keyLookup finds the keys of a project.
type keyLookup = func(ctx context.Context, namespace, project string) ([]string, error)

// keysOf returns a function that finds a project's keys: those that the manifest
// refers to by plain names, as MLRun's service gives a pod all of them. If there are
// none it calls next. It returns nil if next is nil.
func keysOf(found []template, next keyLookup) keyLookup {
	if next == nil {
		return nil
	}
	return func(ctx context.Context, namespace, project string) ([]string, error) {
		var keys []string
		for _, t := range found {
			if t.pod == nil {
				continue
			}
			for _, c := range t.containers() {
				keys = append(keys, plainReferences(yamledit.Get(c, "env"), project)...)
			}
		}
		if len(keys) == 0 {
			return next(ctx, namespace, project)
		}
		slices.Sort(keys)
		return slices.Compact(keys), nil
	}
}

// projectSecrets returns the value of the variable that lists the project's secrets,
// with what the manifest lists already, and whether the pod needs one. A variable
// that is not a literal is its author's.
func (m *merge) projectSecrets(env *yaml.Node, plain []string) (string, bool) {
	old := findVariable(env, projectSecretsVariable)
	if yamledit.Get(old, "valueFrom") != nil {
		return "", false
	}
	names := strings.FieldsFunc(yamledit.Text(old, "value"), func(r rune) bool { return r == ',' || r == ' ' })
	for _, name := range slices.Concat(plain, m.listed) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ","), len(names) > 0 || m.noKeys
}
