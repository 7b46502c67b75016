package manifest

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
	corev1 "k8s.io/api/core/v1"

	"github.com/seed45446ece/launcher/cluster/yamledit"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// merge is a plan on its way into one pod template.
type merge struct {
	*plan
	*template
	doc       *yamledit.Document
	container *yaml.Node
}

func (m *merge) into(base Base) {
	m.make()
	if !m.choose(base.Container) {
		return
	}
	m.handler = yamledit.Text(m.container, "name")
	m.command()
	if by := m.Launcher.Deliver; m.spark && (by == "" || by == "stdin" || by == "fd") {
		m.warn("use --deliver env or --deliver files", "%s: a process that Spark starts does not get its container's standard input and descriptors", m.path)
	}
	if m.Image != "" {
		m.doc.Set(m.container, "image", m.of(m.Image))
	}
	m.putVariables()
	m.mountAll()
	for _, c := range m.init {
		m.put(m.doc.List(m.pod, "initContainers"), "name", "init container", m.of(c))
	}
	m.surroundings()
	m.jobPolicy()
}

// of is a value as a tree; ours have no way to fail.
func (m *merge) of(value any) *yaml.Node {
	n, err := nodeOf(value)
	if err != nil {
		m.problems = append(m.problems, err)
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}
	}
	return n
}

// put adds items of ours, and says where one takes another's place.
func (m *merge) put(list *yaml.Node, by, what string, items ...*yaml.Node) {
	for _, item := range m.doc.Put(list, by, items...) {
		m.warn("", "%s: %s %q of the manifest is replaced", m.path, what, yamledit.Text(item, by))
	}
}

// choose finds the handler's container.
func (m *merge) choose(name string) bool {
	all := m.containers()
	var names []string
	for _, c := range all {
		names = append(names, keyname.Plain(yamledit.Text(c, "name")))
		if name == "" && len(all) == 1 || name != "" && yamledit.Text(c, "name") == name {
			m.container = c
		}
	}
	if m.container == nil {
		m.refuse("use --container NAME for the handler's container, or --template NAME to choose a pod template",
			"%s: the handler's container is unknown; its containers are %s", m.path, strings.Join(names, ", "))
	}
	return m.container != nil
}

// command puts the launcher before the container's command. A command that is
// given takes the place of the container's, as its arguments stay.
func (m *merge) command() {
	var own []*yaml.Node
	if list := yamledit.Get(m.container, "command"); list != nil {
		own = m.withoutLauncher(list.Content)
	}
	if len(m.Command) > 0 {
		own = m.of(literals(m.Command)).Content
	}
	switch {
	case m.Handler != "":
		own = nil
		if yamledit.Get(m.container, "args") != nil {
			m.warn("", "%s: the container's args are removed: a handler file takes none", m.path)
			m.doc.Delete(m.container, "args")
		}
	case len(own) == 0:
		m.refuse("give -- COMMAND, which docker inspect -f '{{.Config.Entrypoint}} {{.Config.Cmd}}' IMAGE prints (without Cmd if the container has args), or choose other pods with --template NAME",
			"%s: the container has no command, and its image's is unknown", m.path)
		return
	}
	line := m.of(m.plan.command(nil))
	for _, arg := range own {
		line.Content = append(line.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: arg.Value})
	}
	m.doc.Set(m.container, "command", line)
}

// mountAll adds the volumes and where they are mounted. A /dev/shm that the
// manifest has is large enough for its author, and is kept.
func (m *merge) mountAll() {
	mounts := m.doc.List(m.container, "volumeMounts")
	for _, mount := range m.mounts {
		var other string
		for _, n := range mounts.Content {
			if strings.TrimSuffix(yamledit.Text(n, "mountPath"), "/") == mount.MountPath {
				other = yamledit.Text(n, "name")
			}
		}
		if other != "" && other != mount.Name {
			if mount.Name != memoryVolume {
				m.refuse("choose another directory", "%s: volume %q of the manifest is already mounted at %q", m.path, other, mount.MountPath)
			}
			continue
		}
		m.put(mounts, "mountPath", "mount", m.of(mount))
		i := slices.IndexFunc(m.plan.volumes, func(v corev1.Volume) bool { return v.Name == mount.Name })
		m.put(m.doc.List(m.pod, "volumes"), "name", "volume", m.of(m.plan.volumes[i]))
	}
}

// surroundings is what the pod itself needs: labels, the service account, and a
// group that may read the mounted Secrets.
func (m *merge) surroundings() {
	labels := maps.Clone(m.labels)
	delete(labels, managedBy) // it is its author's
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		m.doc.Set(m.doc.Map(m.doc.Map(m.meta, "metadata"), "labels"), name, m.of(labels[name]))
	}
	if len(m.PullSecrets) > 0 {
		m.putPullSecrets()
	}
	if m.ServiceAccount != "" {
		m.doc.Set(m.pod, "serviceAccountName", m.of(m.ServiceAccount))
	}
	if user := m.user(); m.secretVolumes() && user != "0" && yamledit.Get(m.pod, "securityContext", "fsGroup") == nil {
		group := m.User.GID
		if n, err := strconv.ParseInt(user, 10, 32); err == nil {
			group = n
		}
		m.doc.Set(m.doc.Map(m.pod, "securityContext"), "fsGroup", m.of(group))
		m.warn("remove it if the pod runs as root: other volumes are given to this group too",
			"%s: fsGroup %d is set, so that the pod can read what is mounted for the launcher", m.path, group)
	}
}

// putPullSecrets adds the Secrets that the images are pulled with. A template of Argo
// has no field for them.
func (m *merge) putPullSecrets() {
	if m.one != "" {
		m.refuse("add them to the workflow's spec.imagePullSecrets", "%s: the template of a workflow does not support --image-pull-secret", m.path)
		return
	}
	for _, reference := range m.pullSecrets() {
		m.put(m.doc.List(m.pod, "imagePullSecrets"), "name", "image pull secret", m.of(reference))
	}
}

// user is who the container runs as, "" where only its image says.
func (m *merge) user() string {
	for _, n := range []*yaml.Node{m.container, m.pod} {
		if id := yamledit.Text(n, "securityContext", "runAsUser"); id != "" {
			return id
		}
	}
	return ""
}

// jobPolicy has a Job tell the launcher's statuses apart.
func (m *merge) jobPolicy() {
	switch {
	case m.batch == nil:
		return
	case yamledit.Text(m.pod, "restartPolicy") != "Never":
		m.warn("set restartPolicy: Never, so that the Job can tell 124 from 125", "%s: the kubelet restarts the handler whatever the launcher's exit status", m.path)
		return
	}
	policy := failurePolicy(yamledit.Text(m.container, "name"), yamledit.Get(m.batch, "activeDeadlineSeconds") != nil)
	rules := m.doc.List(m.doc.Map(m.batch, "podFailurePolicy"), "rules")
	for _, rule := range policy.Rules[1:] { // what becomes of a pod that is taken away was decided
		m.doc.Append(rules, m.of(rule))
	}
}

// ownerOf is a manifest's object as the owner of a Secret.
func ownerOf(root *yaml.Node) object {
	return object{yamledit.Text(root, "kind"), yamledit.Text(root, "metadata", "name"), yamledit.Text(root, "metadata", "namespace")}
}
