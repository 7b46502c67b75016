package manifest

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/seed45446ece/launcher/cluster/sources"
	"github.com/seed45446ece/launcher/resolve/keylist"
	"github.com/seed45446ece/launcher/resolve/keyname"
	"github.com/seed45446ece/launcher/resolve/kubernetes"
)

// projectKeys refers to each key of the project's Secret that the task names,
// and to all of them where it names none, as MLRun does. A source may name another
// Secret. The values stay in the Secret.
//
// A key that the task names is no condition of the pod's start: the launcher
// ends the Job with the names of all that are missing, where the kubelet would
// wait for ever. Where it names none the launcher cannot know what is missing,
// and the kubelet has to.
func (p *plan) projectKeys(ctx context.Context) {
	declared := p.declared.Project
	if len(declared) == 0 && p.project != "" {
		spec, _ := kubernetes.Parse(nil)
		declared = []sources.Project{{Spec: spec}}
	}
	of := map[string]reference{} // by variable
	p.plain, p.own = map[string]string{}, map[string]string{}
	for _, source := range declared {
		named := len(source.Spec.Keys) > 0
		keys, ok := source.Spec.Keys, true
		if !named && source.Secret == "" {
			keys, ok = p.allKeys(ctx)
		}
		switch {
		case !ok:
			return
		case source.Secret == "" && p.project == "":
			p.refuse("use --project P, set metadata.project in the task, or name the Secret: {secret: NAME, secrets: [KEY]}",
				"%s: the task names no project, so the keys' Secret is unknown", source.At)
			return
		case !p.validKeys(source, keys):
		case source.Mount != "":
			p.mountKeys(source, keys, named)
		default:
			p.referTo(ctx, source, keys, named, of)
			p.noKeys = p.noKeys || len(keys) == 0
		}
	}
}

// allKeys is the keys of the project that a job may have.
func (p *plan) allKeys(ctx context.Context) ([]keylist.Key, bool) {
	if p.Keys == nil {
		p.refuse("use --keys A,B, or list them in the task", "the task asks for all keys of the project, but their names are unknown")
		return nil, false
	}
	keys, err := p.Keys(ctx, p.Namespace, p.project)
	if err != nil {
		p.problems = append(p.problems, fmt.Errorf("the keys of project %q: %w", p.project, err))
		return nil, false
	}
	keys = slices.DeleteFunc(slices.Clone(keys), kubernetes.Internal)
	slices.Sort(keys)
	p.Keys = func(context.Context, string, string) ([]string, error) { return keys, nil } // asked once
	all := make([]keylist.Key, len(keys))
	for i, key := range keys {
		all[i] = keylist.Key{Key: key, Name: key}
	}
	return all, true
}

// validKeys refuses what the API server does: also a key that starts with two
// dots, which are a volume's own.
func (p *plan) validKeys(source sources.Project, keys []keylist.Key) bool {
	before := len(p.problems)
	for _, key := range keys {
		if keyname.Check(key.Name) != nil {
			p.refuse("use 1 to 253 letters, digits, -, _ and ., which do not start with ..", "%s: %s is not a key of a Kubernetes Secret",
				cmp.Or(source.At.String(), "the project"), keyname.Show(key.Name))
		}
	}
	return len(p.problems) == before
}

// secretOf returns the Secret of a source.
func secretOf(source sources.Project, project string) string {
	return cmp.Or(source.Secret, SecretName(project))
}

// reference is a key of a Secret.
type reference struct{ secret, key string }

func (r reference) String() string { return fmt.Sprintf("key %q of Secret %q", r.key, r.secret) }

// referTo adds a variable a key, as MLRun names them.
func (p *plan) referTo(ctx context.Context, source sources.Project, keys []keylist.Key, named bool, of map[string]reference) {
	for _, key := range keys {
		name, refers := source.Variable(key), reference{secretOf(source, p.project), key.Name}
		other, known := of[name]
		switch {
		case known && other != refers:
			p.refuse("rename one of the keys, or read one from a mounted Secret: {secrets, mount}",
				"%v and %v would both be variable %s", other, refers, name)
			continue
		case known:
			continue
		case validation.IsEnvVarName(name) != nil:
			p.refuse("", "%s: %s is not a valid variable name in a pod", source.At, keyname.Show(name))
			continue
		case !p.fits(ctx, refers, name, named):
			continue
		}
		of[name] = refers
		p.reads = append(p.reads, refers)
		if source.Secret == "" {
			p.plain[name] = key.Name
		} else {
			p.own[name] = key.Key
		}
		if !named && source.Spec.Prefix == "" {
			p.listed = append(p.listed, name)
		}
		selector := &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: refers.secret}, Key: refers.key}
		if named || source.Optional {
			selector.Optional = new(true)
		}
		p.env = append(p.env, corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: selector}})
	}
}

// fits reports whether a value can be a variable, as far as is known. A key that
// the task does not name is left out if it cannot.
func (p *plan) fits(ctx context.Context, refers reference, name string, named bool) bool {
	if p.CheckValue == nil {
		return true
	}
	err := p.CheckValue(ctx, p.Namespace, refers.secret, refers.key, name)
	advice := fmt.Sprintf("read it from a mounted Secret: {secrets: [%s], mount: DIR}", refers.key)
	switch {
	case err == nil:
		return true
	case named:
		p.refuse(advice, "%v cannot be variable %s: %v", refers, name, err)
	default:
		p.warn(advice, "%v is left out: it cannot be variable %s: %v", refers, name, err)
	}
	return false
}

// mountKeys is the Secret as a volume, with no other keys than these.
func (p *plan) mountKeys(source sources.Project, keys []keylist.Key, named bool) {
	name := fmt.Sprintf("launcher-project-%d", len(p.mounts))
	if !mountable(source.Mount) {
		p.refuse("", "%s: mount %q is not an absolute path without a colon", source.At, source.Mount)
	}
	var names []string
	for _, key := range keys {
		if !slices.Contains(names, key.Name) {
			names = append(names, key.Name)
		}
	}
	secret := secretOf(source, p.project)
	for _, key := range names {
		p.reads = append(p.reads, reference{secret, key})
	}
	if len(names) == 0 {
		p.reads = append(p.reads, reference{secret: secret})
	}
	p.mount(name, secret, source.Mount, names, named || source.Optional)
}

// mountable reports whether the API server takes a path for that of a mount.
func mountable(dir string) bool {
	return path.IsAbs(dir) && path.Clean(dir) != "/" && !strings.Contains(dir, ":")
}

// distinctMounts refuses two volumes in one place.
func (p *plan) distinctMounts() {
	at := map[string]string{}
	if p.ownTemporary() {
		at[temporaryDir] = temporaryVolume
	}
	for _, m := range p.mounts {
		place := path.Clean(m.MountPath)
		if other, twice := at[place]; twice {
			p.refuse("choose another directory, or list the keys of both sources in one", "volumes %q and %q have the same mount path %q", other, m.Name, place)
		}
		at[place] = m.Name
	}
}

// mount adds a Secret as a volume that the containers' user alone can read; all
// keys where none are named.
func (p *plan) mount(volume, secret, dir string, keys []string, optional bool) {
	source := &corev1.SecretVolumeSource{SecretName: secret, DefaultMode: new(int32(0o400)), Optional: new(optional)}
	for _, key := range keys {
		source.Items = append(source.Items, corev1.KeyToPath{Key: key, Path: key})
	}
	p.volumes = append(p.volumes, corev1.Volume{Name: volume, VolumeSource: corev1.VolumeSource{Secret: source}})
	p.mounts = append(p.mounts, corev1.VolumeMount{Name: volume, MountPath: dir, ReadOnly: true})
}
