package cluster

import "slices"

// Right is one right that a command needs in its namespace.
type Right struct {
	Verb, Group, Resource string // Group "" is the core's
	Name                  string // of the one object, "" for all of the namespace

	For     string // what the command does with it
	Without string // what the command does without it, "" if it fails with status 125
}

// ProjectSecret stands for the name of a project's Secret in the table of rights.
const ProjectSecret = "mlrun-project-secrets-PROJECT"

// Command lists the rights that a user needs for one command of launcherctl.
type Command struct {
	Name   string   // as typed
	Also   []string // others that need the same, in Markdown
	Rights []Right
}

// The commands that use a cluster. A message about a missing permission prints all
// rights of the command; docs/rbac.md shows them, and a test runs each command with
// them and with each one less.
const (
	SetSecrets    = "secrets set"
	ListSecrets   = "secrets list"
	DeleteSecrets = "secrets delete"
	Run           = "run"
	RunDetached   = "run --detach"
)

// Commands returns the table of all commands that use a cluster.
func Commands() []Command {
	return []Command{
		{SetSecrets, []string{"`secrets set --mount-only`"}, []Right{
			{Verb: "patch", Resource: "secrets", Name: ProjectSecret, For: "set keys, without reading the others"},
			{Verb: "create", Resource: "secrets", For: "create the Secret for the project's first key. Kubernetes cannot limit `create` to one name"},
		}},
		{ListSecrets, []string{"and in addition `manifest`, `run` and `debug` for a task that names no keys"}, []Right{
			{Verb: "get", Resource: "secrets", Name: ProjectSecret, For: "read the keys. In Kubernetes this is the right to read the values"},
		}},
		{DeleteSecrets, nil, []Right{
			{Verb: "get", Resource: "secrets", Name: ProjectSecret, For: "see whether all keys exist"},
			{Verb: "patch", Resource: "secrets", Name: ProjectSecret, For: "delete them"},
		}},
		{Run, []string{"`run --into FILE`", "`run --service-account NAME`"}, append(createRights(deleteAtTheEnd),
			Right{Verb: "list", Group: "batch", Resource: "jobs", For: "see how the Job ends"},
			Right{Verb: "watch", Group: "batch", Resource: "jobs", For: "see how the Job ends"},
			Right{Verb: "list", Resource: "pods", For: "see the pods and their status"},
			Right{Verb: "watch", Resource: "pods", For: "see the pods and their status"},
			Right{Verb: "get", Resource: "pods/log", For: "show the logs", Without: "a warning, and no logs"},
			Right{Verb: "list", Resource: "events", For: "say why a pod does not start", Without: "a warning; only the pods' status says why"},
			valuesRight,
		)},
		{RunDetached, nil, append(createRights(deleteIfIncomplete), valuesRight)},
	}
}

// Why a run deletes its Job.
var (
	deleteAtTheEnd     = Right{For: "delete the Job at the end, and after a signal", Without: "a warning, and the Job stays until its time-to-live is over"}
	deleteIfIncomplete = Right{For: "delete the Job if its values cannot be created, and after a signal"}
)

// createRights returns the rights that creating a Job needs.
func createRights(deletion Right) []Right {
	deletion.Verb, deletion.Group, deletion.Resource = "delete", "batch", "jobs"
	return []Right{
		{Verb: "create", Group: "batch", Resource: "jobs", For: "create the Job"},
		{Verb: "get", Group: "batch", Resource: "jobs", For: "find the Job if the answer to its creation is lost"},
		deletion,
	}
}

// valuesRight is for a task with inline, env or file values.
var valuesRight = Right{Verb: "create", Resource: "secrets", For: "create the Secret of inline, env and file values; unneeded for a task that has none"}

// AccessOf returns the rights of a command, grouped by resource. secret is
// the name of the project's Secret.
func AccessOf(command, secret string) []Access {
	i := slices.IndexFunc(Commands(), func(c Command) bool { return c.Name == command })
	return Commands()[i].Access(secret)
}

// Access returns the command's rights, grouped by resource.
func (c Command) Access(secret string) []Access {
	var all []Access
	for _, r := range c.Rights {
		if r.Name == ProjectSecret {
			r.Name = secret
		}
		i := slices.IndexFunc(all, func(a Access) bool { return a.Group == r.Group && a.Resource == r.Resource && a.Name == r.Name })
		if i < 0 {
			i = len(all)
			all = append(all, Access{Group: r.Group, Resource: r.Resource, Name: r.Name})
		}
		all[i].Verbs = append(all[i].Verbs, r.Verb)
	}
	return all
}
