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
	"github.com/seed45446ece/launcher/resolve/keyname"
	"github.com/seed45446ece/launcher/resolve/kubernetes"
)

// projectKeys refers to each key of the project's Secret that the task names,
// and to all of them where it names none, as MLRun does. The values stay in the
// Secret.
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
	of := map[string]string{} // the key of each variable
	for _, source := range declared {
		named := len(source.Spec.Keys) > 0
		keys, ok := source.Spec.Keys, true
		if !named {
			keys, ok = p.allKeys(ctx)
		}
		switch {
		case !ok:
			return
		case p.project == "":
			p.refuse("--project P, or metadata.project in the task", "%s: the task names no project, whose Secret has the keys", source.At)
			return
		case !p.validKeys(source, keys):
		case source.Mount != "":
			p.mountKeys(source, keys, named)
		default:
			p.referTo(source, keys, named, of)
		}
	}
}

// allKeys is the keys of the project that a job may have.
func (p *plan) allKeys(ctx context.Context) ([]string, bool) {
	if p.Keys == nil {
		p.refuse("--keys A,B names them, or list them in the task", "the task names no keys of the project, which gives it all of them")
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
	return keys, true
}

// validKeys refuses what the API server does: also a key that starts with two
// dots, which are a volume's own.
func (p *plan) validKeys(source sources.Project, keys []string) bool {
	before := len(p.problems)
	for _, key := range keys {
		if keyname.Check(key) != nil {
			p.refuse("a key is 1 to 253 of letters, digits, -, _ and ., and does not start with ..", "%s: %s is no key of a Kubernetes Secret",
				cmp.Or(source.At.String(), "the project"), keyname.Show(key))
		}
	}
	return len(p.problems) == before
}

// referTo adds a variable a key, as MLRun names them.
func (p *plan) referTo(source sources.Project, keys []string, named bool, of map[string]string) {
	for _, key := range keys {
		name := source.Spec.Prefix + strings.ToUpper(key)
		other, known := of[name]
		switch {
		case known && other != key:
			p.refuse("read one of them from a mounted Secret: {secrets, mount}", "keys %q and %q of project %q would both be variable %s", other, key, p.project, name)
			continue
		case known:
			continue
		case validation.IsEnvVarName(name) != nil:
			p.refuse("", "%s: %s is no name of a pod's variable", source.At, keyname.Show(name))
			continue
		}
		of[name] = key
		reference := &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: SecretName(p.project)}, Key: key}
		if named || source.Optional {
			reference.Optional = new(true)
		}
		p.env = append(p.env, corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: reference}})
	}
}

// mountKeys is the Secret as a volume, with no other keys than these.
func (p *plan) mountKeys(source sources.Project, keys []string, named bool) {
	name := fmt.Sprintf("launcher-project-%d", len(p.mounts))
	if !mountable(source.Mount) {
		p.refuse("", "%s: mount %q is no absolute path without a colon", source.At, source.Mount)
	}
	p.mount(name, SecretName(p.project), source.Mount, keys, named || source.Optional)
}

// mountable reports whether the API server takes a path for that of a mount.
func mountable(dir string) bool {
	return path.IsAbs(dir) && path.Clean(dir) != "/" && !strings.Contains(dir, ":")
}

// distinctMounts refuses two volumes in one place.
func (p *plan) distinctMounts() {
	at := map[string]string{temporaryDir: temporaryVolume}
	for _, m := range p.mounts {
		place := path.Clean(m.MountPath)
		if other, twice := at[place]; twice {
			p.refuse("give another directory; or list the keys of two sources in one", "volumes %q and %q are both to be mounted at %q", other, m.Name, place)
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
