package manifest

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve/keylist"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// Variable is a variable that the user gives the handler.
type Variable struct{ Name, Value string }

// givenVariables adds the variables that the user gives. None of them takes the place
// of a secret: the launcher looks for a key in the variable of its name, too.
func (p *plan) givenVariables() {
	keys := p.keysOfTask()
	seen := map[string]bool{}
	for _, v := range p.Env {
		why, advice := p.checkGiven(v, keys)
		if seen[v.Name] {
			why, advice = "duplicate variable", "give it once"
		}
		seen[v.Name] = true
		if why != "" {
			p.refuse(advice, "--env %s: %s", keyname.Show(v.Name), why)
			continue
		}
		p.env = append(p.env, corev1.EnvVar{Name: v.Name, Value: literal(v.Value)})
	}
}

// checkGiven returns why the pod cannot have the user's variable, and what to do.
func (p *plan) checkGiven(v Variable, keys []string) (why, advice string) {
	switch {
	case validation.IsEnvVarName(v.Name) != nil:
		return "it is not the name of a variable", "KEY=VALUE, in which KEY is letters, digits, _, - and ."
	case v.Name == task.ExecConfig, v.Name == task.ProjectSecretsList, strings.HasPrefix(v.Name, keyname.MLRunPrefix):
		return "the launcher reads the task and its secrets from this variable", "give the handler another name"
	case strings.HasPrefix(v.Name, "LAUNCHER_"):
		return "variables that start with LAUNCHER_ are the launcher's", "--launcher-flag gives it a flag; the handler's own variable needs another name"
	case slices.Contains(keys, v.Name), slices.ContainsFunc(p.env, func(other corev1.EnvVar) bool { return other.Name == v.Name }):
		return "the task has a secret key of this name, and --env gives no secret", "leave it out, or rename it; " + fmt.Sprintf("secrets set gives key %s its value", keyname.Show(v.Name))
	case !utf8.ValidString(v.Value):
		return "its value is not UTF-8", "a Secret can hold it: secrets set"
	}
	return "", ""
}

// keysOfTask returns the secret keys that the task names.
func (p *plan) keysOfTask() []string {
	var keys []string
	add := func(prefix string, names ...string) {
		for _, name := range names {
			keys = append(keys, prefix+name, name)
		}
	}
	for _, s := range p.declared.Project {
		add(s.Declaration.Prefix, keylist.Names(s.Spec.Keys)...)
		for _, key := range s.Spec.Keys {
			keys = append(keys, key.Name)
		}
	}
	for _, v := range p.declared.Vaults {
		add(v.Prefix, v.Keys()...)
	}
	for _, s := range p.declared.Programs {
		add(s.Prefix, s.Keys()...)
	}
	for _, c := range p.declared.Client {
		if keyed, ok := c.Source.(interface{ Keys() []string }); ok {
			add(c.Prefix, keyed.Keys()...)
		}
		if named, ok := c.Source.(interface{ Variables() []string }); ok {
			keys = append(keys, named.Variables()...)
		}
	}
	for _, key := range p.plain { // for a task that names none
		keys = append(keys, key)
	}
	if p.values != nil {
		for key := range p.values.Data {
			keys = append(keys, key)
		}
	}
	return keys
}
