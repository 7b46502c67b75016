package manifest

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/seed45446ece/launcher/launcher/task"
)

// Names of what a pod gains.
const (
	containerName = "handler"
	installName   = "launcher-install"
	programVolume = "launcher-bin"
	memoryVolume  = "launcher-shm"

	temporaryVolume = "tmp"
	programDir      = "/launcher-bin"
	temporaryDir    = "/tmp"
)

// programSize is above that of the launcher's file, by far.
const programSize = "64Mi"

// literal is a text as the kubelet leaves it: it replaces $(NAME) in a
// container's command, arguments and variables, and takes $$ for $.
// https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables
func literal(text string) string { return strings.ReplaceAll(text, "$", "$$") }

func literals(texts []string) []string {
	escaped := make([]string, len(texts))
	for i, text := range texts {
		escaped[i] = literal(text)
	}
	return escaped
}

// program brings the launcher into the pod, and says how it is started.
func (p *plan) program() {
	l := p.Launcher
	path := programDir + "/launcher"
	switch l.From {
	case FromInit:
		p.init = append(p.init, p.installer())
		p.volumes = append(p.volumes, inMemory(programVolume, resource.MustParse(programSize)))
		p.mounts = append(p.mounts, corev1.VolumeMount{Name: programVolume, MountPath: programDir, ReadOnly: true})
	case FromVolume:
		p.volumes = append(p.volumes, corev1.Volume{Name: programVolume, VolumeSource: corev1.VolumeSource{
			Image: &corev1.ImageVolumeSource{Reference: l.Image}}})
		p.mounts = append(p.mounts, corev1.VolumeMount{Name: programVolume, MountPath: programDir, ReadOnly: true})
	case FromHandlerImage:
		if path = l.Path; !strings.HasPrefix(path, "/") {
			p.refuse("", "--launcher-path %q is not an absolute path", path)
		}
	}
	if l.Image == "" && l.From != FromHandlerImage {
		p.refuse("use --launcher-image IMAGE, built from the Dockerfile, or --launcher image if the handler's image has it",
			"the launcher's image is missing")
	}
	p.launch = p.commandLine(path)
}

// commandLine is the launcher's part of a container's command. With a handler
// file it is all of it.
func (p *plan) commandLine(path string) []string {
	l := p.Launcher
	line := []string{path, "run"}
	if l.Deliver != "" {
		line = append(line, "--deliver", l.Deliver)
	}
	if l.Grace > 0 {
		line = append(line, "--grace", l.Grace.String())
	}
	line = append(line, literals(l.Flags)...)
	switch {
	case p.Handler != "" && len(p.Command) > 0:
		p.refuse("", "give a command or --handler, not both")
	case p.Handler != "":
		return append(line, "--handler", literal(p.Handler))
	}
	return line
}

// command is a container's command for what the handler's is.
func (p *plan) command(handler []string) []string {
	if p.Handler != "" {
		return p.launch
	}
	return slices.Concat(p.launch, []string{"--"}, handler)
}

// installer is the init container that copies the launcher out of its image,
// which has no shell. It writes into memory, and runs as nobody.
func (p *plan) installer() corev1.Container {
	context := hardened()
	context.RunAsNonRoot, context.RunAsUser, context.RunAsGroup = new(true), new(nobody), new(nobody)
	context.SeccompProfile = &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}
	return corev1.Container{
		Name: installName, Image: p.Launcher.Image,
		Command: []string{"/launcher", "install", programDir},
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{"cpu": resource.MustParse("10m"), "memory": resource.MustParse("32Mi")},
			Limits:   corev1.ResourceList{"memory": resource.MustParse("128Mi")}, // what it writes counts
		},
		VolumeMounts:    []corev1.VolumeMount{{Name: programVolume, MountPath: programDir}},
		SecurityContext: context,
	}
}

// nobody is the user of the launcher's image, as of distroless ones.
const nobody = int64(65532)

// hardened is what every container of ours may not do.
func hardened() *corev1.SecurityContext {
	return &corev1.SecurityContext{
		AllowPrivilegeEscalation: new(false),
		ReadOnlyRootFilesystem:   new(true),
		Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
	}
}

// inMemory is a volume that is never on a disk.
func inMemory(name string, size resource.Quantity) corev1.Volume {
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
		EmptyDir: &corev1.EmptyDirVolumeSource{Medium: corev1.StorageMediumMemory, SizeLimit: &size}}}
}

// filesSize is the size of /dev/shm for --deliver files and socket: many Secrets
// of the largest size, and what the handler itself puts there.
const filesSize = "64Mi"

// memory is /dev/shm where the launcher writes the handler's files or socket.
func (p *plan) memory() {
	size := p.SharedMemory
	if (p.Launcher.Deliver == task.DeliverFiles || p.Launcher.Deliver == task.DeliverSocket) && size.IsZero() {
		size = resource.MustParse(filesSize)
	}
	if !size.IsZero() {
		p.volumes = append(p.volumes, inMemory(memoryVolume, size))
		p.mounts = append(p.mounts, corev1.VolumeMount{Name: memoryVolume, MountPath: "/dev/shm"})
	}
}

// seconds rounds up, as Kubernetes counts whole ones.
func seconds(d time.Duration) *int64 {
	return new(int64((d + time.Second - 1) / time.Second))
}
