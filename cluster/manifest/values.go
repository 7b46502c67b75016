package manifest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/seed45446ece/launcher/cluster/sources"
	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keylist"
	"github.com/seed45446ece/launcher/resolve/keyname"
	"github.com/seed45446ece/launcher/resolve/kubernetes"
)

// valuesDir is where the pod has the values of inline, env and file sources.
const valuesDir = "/var/run/launcher/values"

// maxSecret is the most that a Kubernetes Secret holds, in bytes.
const maxSecret = corev1.MaxSecretSize

// clientValues resolves the inline, env and file sources, as MLRun's client
// does, and is what the task's list of sources becomes: those that the pod
// resolves, and one for what was resolved here. That one is a mounted Secret,
// which is last, as the values beat those of the other sources; or, where they
// are to be embedded, an inline source.
func (p *plan) clientValues(ctx context.Context, n *document.Node) []*document.Node {
	var kept []*document.Node
	if list := n.Field("spec").Field("secret_sources"); list != nil {
		for _, item := range list.Items {
			if !p.readHere(item.Field("kind").Text) {
				kept = append(kept, item)
			}
		}
	}
	found, err := resolve.Resolve(ctx, p.resolvedHere())
	defaults := p.defaults(found.Secrets)
	hasDefault := func(key string) bool {
		return slices.ContainsFunc(defaults, func(d resolve.Default) bool { return d.Key == key })
	}
	var asked []document.Field
	for _, e := range document.Unjoin(err) {
		var key *resolve.KeyError
		switch {
		case e == nil:
		case errors.As(e, &key) && errors.Is(e, resolve.ErrAbsent) && hasDefault(key.Key):
		case errors.As(e, &key) && errors.Is(e, resolve.ErrAbsent) && p.elsewhere(key.Key):
			asked = append(asked, document.Field{Name: key.Key, Value: &document.Node{Kind: document.Null}})
		default:
			p.problems = append(p.problems, e)
		}
	}
	if len(asked) > 0 { // the launcher says so where no other source has them
		kept = append(kept, source(task.Inline, asked...))
	}
	var values []resolve.Secret // for the mounted Secret
	switch {
	case len(found.Secrets) == 0:
	case p.EmbedValues:
		kept = append(kept, p.embed(found.Secrets))
	default:
		p.keep(found.Secrets)
		values = found.Secrets
	}
	if len(values)+len(defaults) > 0 {
		kept = append(kept, mounted(values, defaults))
	}
	return kept
}

// defaults returns the defaults of the keys that no source has that is read here. The
// launcher takes them if no source of the pod has the key either.
func (p *plan) defaults(found []resolve.Secret) []resolve.Default {
	seen := map[string]bool{}
	for _, s := range found {
		seen[s.Key] = true
	}
	var defaults []resolve.Default
	for _, c := range slices.Backward(p.declared.Client) {
		for _, d := range resolve.DefaultsOf(c.Source) {
			d.Key = c.Prefix + d.Key
			if p.readHere(c.Kind) && !seen[d.Key] {
				seen[d.Key] = true
				defaults = append(defaults, d)
			}
		}
	}
	return defaults
}

// withoutDefaults is a source whose defaults are left to the pod.
type withoutDefaults struct{ resolve.Source }

func (p *plan) resolvedHere() []resolve.Bound {
	var bound []resolve.Bound
	for _, c := range p.declared.Client {
		if p.readHere(c.Kind) {
			if c.Env {
				p.refuse("use --in-pod, or declare its keys in a kubernetes source", "%s: env: true works only for sources that the pod reads", c.At)
			}
			bound = append(bound, resolve.Bound{Declaration: c.Declaration, Source: withoutDefaults{c.Source}})
		}
	}
	return bound
}

// readHere reports whether sources of a kind are read before there is a pod.
func (p *plan) readHere(kind string) bool {
	k, _ := task.FindKind(kind)
	return k.ReadByClient && !slices.Contains(p.InPod, kind)
}

// elsewhere reports whether the pod may find a key that is missing here.
func (p *plan) elsewhere(key string) bool {
	is := func(prefix string, keys []string) bool {
		return len(keys) == 0 || slices.ContainsFunc(keys, func(k string) bool { return prefix+k == key })
	}
	return len(p.declared.Project) == 0 && p.project != "" ||
		slices.ContainsFunc(p.declared.Project, func(s sources.Project) bool { return is(s.Declaration.Prefix, keylist.Names(s.Spec.Keys)) }) ||
		slices.ContainsFunc(p.declared.Vaults, func(v sources.Vault) bool { return is(v.Prefix, v.Keys()) }) ||
		slices.ContainsFunc(p.declared.Programs, func(s sources.Program) bool { return is(s.Prefix, s.Keys()) })
}

// keep puts the values into a Secret of the Job's, and that into the pod.
func (p *plan) keep(secrets []resolve.Secret) {
	data := map[string][]byte{}
	size := 0
	for _, s := range secrets {
		if kubernetes.Internal(s.Key) || keyname.Check(s.Key) != nil {
			p.refuse("use 1 to 253 letters, digits, -, _ and ., which do not start with mlrun.; or --embed-values",
				"%s is not a key of a Kubernetes Secret", keyname.Show(s.Key))
		}
		data[s.Key] = s.Value.Reveal()
		size += len(data[s.Key])
	}
	if size > maxSecret {
		p.refuse("", "the values of inline, env and file sources are %d bytes, and a Secret can hold %d", size, maxSecret)
	}
	name := p.name + "-values"
	p.values = &corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: p.Namespace, Labels: p.labels},
		Type:       corev1.SecretTypeOpaque, Data: data, Immutable: new(true),
	}
	p.mount("launcher-values", name, valuesDir, nil, false)
}

// mounted is the source of those values in the pod, and of defaults, which are in the
// task already.
func mounted(secrets []resolve.Secret, defaults []resolve.Default) *document.Node {
	keys := &document.Node{Kind: document.List}
	for _, s := range secrets {
		keys.Items = append(keys.Items, text(s.Key))
	}
	for _, d := range defaults {
		keys.Items = append(keys.Items, &document.Node{Kind: document.Map, Fields: []document.Field{
			{Name: "key", Value: text(d.Key)}, {Name: "default", Value: text(string(d.Value.Reveal()))}}})
	}
	return source(task.Kubernetes, document.Field{Name: "secrets", Value: keys}, document.Field{Name: "mount", Value: text(valuesDir)})
}

// embed is the inline source that MLRun makes of the values, for whoever can
// read the pod's specification.
func (p *plan) embed(secrets []resolve.Secret) *document.Node {
	var values []document.Field
	for _, s := range secrets {
		value := s.Value.Reveal()
		if !utf8.Valid(value) {
			p.refuse("omit --embed-values: a Secret holds every value", "secret %s is not UTF-8, and cannot be embedded", keyname.Show(s.Key))
		}
		values = append(values, document.Field{Name: s.Key, Value: text(string(value))})
		p.warn("omit --embed-values", "secret %s: its value is in the pod's specification", keyname.Show(s.Key))
	}
	return source(task.Inline, values...)
}

func source(kind string, fields ...document.Field) *document.Node {
	return &document.Node{Kind: document.Map, Fields: []document.Field{
		{Name: "kind", Value: text(kind)}, {Name: "source", Value: &document.Node{Kind: document.Map, Fields: fields}}}}
}

func text(s string) *document.Node { return &document.Node{Kind: document.String, Text: s} }

// Adopt returns the command of kubectl that makes the object the owner of its values,
// so that they end with it. It returns "" if the object's name is not known before,
// or if no object can have what the manifest says: a shell would read it otherwise.
func (m Manifest) Adopt() string {
	const patch = `{"metadata":{"ownerReferences":[{"apiVersion":"{{.apiVersion}}","kind":"{{.kind}}","name":"{{.metadata.name}}","uid":"{{.metadata.uid}}"}]}}`
	kind, namespace := strings.ToLower(m.owner.kind), ""
	if validation.IsDNS1123Subdomain(m.owner.name) != nil || validation.IsDNS1123Label(kind) != nil {
		return ""
	}
	if m.owner.namespace != "" {
		if validation.IsDNS1123Label(m.owner.namespace) != nil {
			return ""
		}
		namespace = " -n " + m.owner.namespace
	}
	return fmt.Sprintf(`kubectl patch secret %s%s -p "$(kubectl get %s %s%s -o go-template='%s')"`,
		m.Values.Name, namespace, kind, m.owner.name, namespace, patch)
}
