package exposure

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// podReader reads one pod.
type podReader struct {
	object
	pod
	result  *Object
	volumes map[string]*document.Node
}

// container is one container of the pod that is read.
type container struct {
	*podReader
	node     *document.Node
	name     string
	launch   launch
	declared map[string]bool   // the names of variables that its task declares to be secrets
	secret   map[string]string // its variables that refer to Secrets, by name
	removed  map[string]bool   // the names of variables that the launcher removes
	past     map[string]string // the variables in secret that it does not remove
}

func (r *podReader) read() {
	r.volumes = map[string]*document.Node{}
	for _, v := range items(r.spec, "volumes") {
		r.volumes[text(v, "name")] = v
		r.volume(v)
	}
	r.annotations(r.metadata)
	for _, s := range items(r.spec, "imagePullSecrets") {
		r.nodeSecret(text(s, "name"))
	}
	for _, n := range r.containers {
		c := &container{podReader: r, node: n, name: shown(text(n, "name")), declared: map[string]bool{}, secret: map[string]string{},
			removed: map[string]bool{}, past: map[string]string{}}
		c.launch = readLaunch(n)
		c.read()
	}
	if shared := r.spec.Field("shareProcessNamespace"); shared != nil && shared.Text == "true" && len(r.containers) > 1 {
		r.result.find(r.at(shared), sharedProcesses, "the containers share their processes, with /proc/*/environ and /proc/*/fd")
	}
}

// levels returns what a way shows, without the logs.
func levels(w Way) (sees [channels]Level) {
	for c, cell := range w.Cells {
		sees[c] = cell.Level
	}
	return sees
}

// read reads the container. The task is first, as it says which variables are secrets.
func (c *container) read() {
	env := items(c.node, "env")
	for _, v := range env {
		switch {
		case text(v, "name") != task.ExecConfig:
		case v.Field("value") == nil:
			c.launch.unseen = true
		default:
			c.task(text(v, "value"), c.at(v), "variable "+task.ExecConfig, embedded)
		}
	}
	for _, s := range c.launch.sources {
		c.argumentSource(s)
	}
	for _, name := range c.launch.listed {
		c.removed[name] = true
	}
	for _, v := range env {
		c.variable(v)
	}
	for _, from := range items(c.node, "envFrom") {
		if ref := from.Field("secretRef"); ref != nil {
			keys := "the keys of Secret " + shown(text(ref, "name"))
			c.secret[keys] = ""
			c.add("secret/"+shown(text(ref, "name"))+":*", c.way(variable, "", keys))
		}
	}
	for _, m := range items(c.node, "volumeMounts") {
		if v := c.volumes[text(m, "name")]; v != nil {
			c.volume(v)
		}
	}
	c.arguments()
	c.requests()
	c.notes()
}

// add adds a secret of the container. The launcher's delivery shows its values too.
func (c *container) add(name string, w Way) {
	sees := levels(w)
	if !c.launch.hasTask && sees[ExecEnv] == Names {
		sees[ExecEnv] = Nothing // there is no task to name it
	}
	sees[Logs] = Printed
	if c.launch.found && w.Name != token.Name {
		sees[ExecFiles] = max(sees[ExecFiles], delivered(c.launch.deliver))
		if c.launch.mask {
			sees[Logs] = Masked
		}
	}
	c.result.add(name, w, c.name, sees)
}

func (c *container) find(at document.Position, r rule, format string, args ...any) {
	c.result.find(at, r, fmt.Sprintf("container %s: ", c.name)+fmt.Sprintf(format, args...))
}

// variable reads an entry of env.
func (c *container) variable(v *document.Node) {
	name, value := text(v, "name"), text(v, "value")
	from := v.Field("valueFrom")
	switch secret, config := from.Field("secretKeyRef"), from.Field("configMapKeyRef"); {
	case secret != nil:
		c.secret[shown(name)] = "secret/" + shown(text(secret, "name")) + ":" + shown(text(secret, "key"))
		c.add(c.secret[shown(name)], c.way(variable, name, shown(name)))
	case config != nil:
		if soundsSecret(name) || c.isDeclared(name) {
			c.add("configmap/"+shown(text(config, "name"))+":"+shown(text(config, "key")), configMap.without(ExecFiles))
			c.find(c.at(v), maybeInConfigMap, "variable %s is from a ConfigMap", shown(name))
		}
	case name == task.ExecConfig, name == "LAUNCHER_SECRETS":
	case c.isDeclared(name) && value != "" && !strings.HasPrefix(value, "$("):
		c.add("variable "+shown(name), c.way(literal, name, ""))
		c.find(c.at(v), valueInSpec, "the value of variable %s is in the specification", shown(name))
	case looksSecret(name, value), len(secretFields(value)) > 0:
		c.add("variable "+shown(name), c.way(literal, name, ""))
		c.guess(v, "variable "+shown(name))
	}
}

// way returns how a variable shows its value. It stays in the program's environment,
// unless the launcher removes it, or may do so for a task that is not in the manifest.
// Label is what a note calls it, if it needs one.
func (c *container) way(w Way, name, label string) Way {
	switch {
	case !c.launch.found:
		return w.inEnviron()
	case c.launch.unseen, c.removed[name], strings.HasPrefix(name, keyname.MLRunPrefix):
		return w
	}
	if label != "" {
		c.past[label] = ""
	}
	return w.inEnviron()
}

// isDeclared reports whether a variable is known to be a secret.
func (c *container) isDeclared(name string) bool {
	return c.declared[name] || strings.HasPrefix(name, keyname.MLRunPrefix)
}

// withURL names an argument that has a secret and no name.
const withURL = "with a URL or token"

// guess adds the finding of something that looks like a secret.
func (c *container) guess(at *document.Node, what string) {
	c.find(c.at(at), maybeInSpec, "the value of %s is in the specification, and looks like a secret", what)
}

// reference matches $(NAME), which the kubelet replaces.
var reference = regexp.MustCompile(`\$\(([A-Za-z_.-][A-Za-z0-9_.-]*)\)`)

// arguments looks for secrets in the command lines of the container, its probes and
// its lifecycle hooks.
func (c *container) arguments() {
	for _, n := range []*document.Node{c.node, c.node.Field("livenessProbe").Field("exec"), c.node.Field("readinessProbe").Field("exec"),
		c.node.Field("startupProbe").Field("exec"), c.node.Field("lifecycle").Field("postStart").Field("exec"), c.node.Field("lifecycle").Field("preStop").Field("exec")} {
		line := slices.Concat(items(n, "command"), items(n, "args"))
		for _, word := range line {
			for _, found := range reference.FindAllStringSubmatch(strings.ReplaceAll(word.Text, "$$", ""), -1) {
				if secret := c.secret[found[1]]; secret != "" {
					c.add(secret, expanded)
					c.find(c.at(word), inArguments, "variable %s is in an argument", found[1])
				}
			}
		}
		nodes, words := c.launch.withoutSources(line)
		for _, s := range secretArguments(words) {
			what := "argument " + cmp.Or(shown(s.name), withURL)
			c.add(what, argument)
			c.guess(nodes[s.word], what)
		}
	}
}

// notes adds the findings about the container as a whole.
func (c *container) notes() {
	if len(c.secret) > 0 {
		at := cmp.Or(c.node.Field("env"), c.node.Field("envFrom"))
		c.find(c.at(at), fromSecret, "kubectl exec shows %s", some(c.secret))
	}
	if len(c.past) > 0 {
		at := cmp.Or(c.node.Field("env"), c.node.Field("envFrom"))
		c.find(c.at(at), pastLauncher, "the program also gets %s past the launcher", some(c.past))
	}
	if c.launch.found && c.launch.deliver == task.DeliverEnv {
		c.find(c.at(c.node), deliverEnv, "the launcher delivers the values as variables")
	}
	if policy := c.node.Field("terminationMessagePolicy"); policy != nil && policy.Text == "FallbackToLogsOnError" {
		c.find(c.at(policy), logInStatus, "the end of its log is in the pod's status if it fails")
	}
}

// maxNamed is how many names a message has.
const maxNamed = 5

// some returns the first names of a set.
func some(set map[string]string) string {
	names := slices.Sorted(maps.Keys(set))
	if len(names) > maxNamed {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxNamed], ", "), len(names)-maxNamed)
	}
	return strings.Join(names, ", ")
}

// mountOf returns the volume that a path of the container is in, or nil.
func (c *container) mountOf(file string) *document.Node {
	var found *document.Node
	longest := -1
	for _, m := range items(c.node, "volumeMounts") {
		dir := path.Clean(text(m, "mountPath"))
		if (file == dir || strings.HasPrefix(file, strings.TrimSuffix(dir, "/")+"/")) && len(dir) > longest {
			longest, found = len(dir), c.volumes[text(m, "name")]
		}
	}
	return found
}
