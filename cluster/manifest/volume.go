package manifest

import (
	"crypto/sha256"
	"fmt"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/seed45446ece/launcher/resolve/keyname"
)

// Volume is a volume that the user gives the handler.
type Volume struct {
	Kind     string // pvc, configmap, secret or emptydir
	Name     string // of the object; "" for an emptydir
	Path     string // where the handler has it
	ReadOnly bool
}

// volumeKinds maps how kubectl names a kind to the name in Volume.
var volumeKinds = map[string]string{
	"pvc": "pvc", "persistentvolumeclaim": "pvc", "configmap": "configmap", "cm": "configmap", "secret": "secret", "emptydir": "emptydir",
}

// ParseVolume reads SOURCE:PATH[:ro], as docker run --volume does. SOURCE is
// emptydir, or an object as kubectl names it: pvc/NAME, configmap/NAME or
// secret/NAME.
func ParseVolume(text string) (Volume, error) {
	source, rest, _ := strings.Cut(text, ":")
	dir, option, hasOption := strings.Cut(rest, ":")
	kind, name, named := strings.Cut(source, "/")
	v := Volume{Kind: volumeKinds[strings.ToLower(kind)], Name: name, Path: path.Clean(dir), ReadOnly: option == "ro"}
	refuse := func(why string) (Volume, error) {
		return Volume{}, &Error{fmt.Sprintf("volume %s: %s", keyname.Quote(text), why),
			"pvc/NAME:/PATH, configmap/NAME:/PATH, secret/NAME:/PATH or emptydir:/PATH; :ro after it is read-only"}
	}
	switch {
	case v.Kind == "":
		return refuse("unknown kind of volume")
	case named != (v.Kind != "emptydir"), named && validation.IsDNS1123Subdomain(name) != nil:
		return refuse("invalid or missing name")
	case !path.IsAbs(dir):
		return refuse("the path in the container is not absolute")
	case !mountable(dir), slices.Contains(strings.Split(dir, "/"), ".."), isRuntimes(v.Path):
		return refuse("nothing can be mounted at this path")
	case hasOption && option != "ro":
		return refuse("unknown option after the path")
	}
	return v, nil
}

// isRuntimes reports whether only the container's runtime mounts at a clean path: at
// /dev, but not in it, as for /dev/shm, and at or in /proc and /sys.
func isRuntimes(file string) bool {
	return file == "/dev" || strings.HasPrefix(file+"/", "/proc/") || strings.HasPrefix(file+"/", "/sys/")
}

// volumeName returns the volume's name in the pod. Two mounts of one object share it,
// and a later --into finds it again.
func (v Volume) volumeName() string {
	id := v.Name
	if v.Kind == "emptydir" {
		id = v.Path[1:]
	}
	name := "launcher-" + v.Kind + "-" + id
	if validation.IsDNS1123Label(name) != nil {
		name = fmt.Sprintf("launcher-%s-%x", v.Kind, sha256.Sum256([]byte(id)))[:50]
	}
	return name
}

// source returns what Kubernetes mounts. A missing object keeps the pod from starting.
func (v Volume) source() corev1.VolumeSource {
	switch v.Kind {
	case "pvc":
		return corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: v.Name}}
	case "configmap":
		return corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: v.Name}}}
	case "secret":
		return corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: v.Name, DefaultMode: new(int32(0o400))}}
	}
	return corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}
}

// givenVolumes adds the volumes that the user gives.
func (p *plan) givenVolumes() {
	for _, v := range p.Volumes {
		name := v.volumeName()
		if !slices.ContainsFunc(p.volumes, func(other corev1.Volume) bool { return other.Name == name }) {
			p.volumes = append(p.volumes, corev1.Volume{Name: name, VolumeSource: v.source()})
		}
		p.mounts = append(p.mounts, corev1.VolumeMount{Name: name, MountPath: v.Path, ReadOnly: v.ReadOnly || v.Kind == "configmap" || v.Kind == "secret"})
	}
	for _, name := range p.PullSecrets {
		if validation.IsDNS1123Subdomain(name) != nil {
			p.refuse("", "%s is not a valid name of a Secret", keyname.Quote(name))
		}
	}
}

// nestedVolumes refuses a volume in the launcher's, which is read-only: the runtime
// cannot make its directory, and the container would not start.
func (p *plan) nestedVolumes() {
	for _, v := range p.Volumes {
		for _, m := range p.mounts {
			if m.Name == programVolume && strings.HasPrefix(v.Path, m.MountPath+"/") {
				p.refuse("give another directory", "a volume at %q is inside the volume %q, which is read-only", v.Path, m.Name)
			}
		}
	}
}

// ownTemporary reports whether the pod gets a /tmp of ours: the user gave none.
func (p *plan) ownTemporary() bool {
	return !slices.ContainsFunc(p.Volumes, func(v Volume) bool { return v.Path == temporaryDir })
}

// pullSecrets returns the Secrets that the images are pulled with.
func (p *plan) pullSecrets() []corev1.LocalObjectReference {
	var references []corev1.LocalObjectReference
	for _, name := range p.PullSecrets {
		references = append(references, corev1.LocalObjectReference{Name: name})
	}
	return references
}
