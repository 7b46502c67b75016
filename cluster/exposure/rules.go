package exposure

import "slices"

// rule is a kind of finding.
type rule struct {
	ID       string
	Severity Severity
	Summary  string
	Advice   string
}

// replaced ends the advice about a value that others could see.
const replaced = "; then replace the value, as etcd, its backups and audit logs may keep it"

var (
	valueInSpec = rule{"value-in-spec", Error, "A secret value is in the specification of a pod, or in what makes it.",
		"put the value into a Secret, and refer to it with secretKeyRef or mount it" + replaced}
	valueInTask = rule{"value-in-task", Error, "A task in the specification of a pod has values of secrets.",
		"declare the keys in a kubernetes source, or omit --embed-values" + replaced}
	valueInConfigMap = rule{"value-in-configmap", Error, "A ConfigMap has a value that a task declares to be a secret.",
		"put the value into a Secret, and declare the key in a kubernetes source" + replaced}
	maybeInSpec = rule{"maybe-value-in-spec", Warning, "A value in the specification of a pod looks like a secret. This is a guess by its name.",
		"if it is a secret, put the value into a Secret, and refer to it with secretKeyRef or mount it" + replaced}
	maybeInConfigMap = rule{"maybe-value-in-configmap", Warning, "A value in a ConfigMap looks like a secret. This is a guess by its name.",
		"if it is a secret, put the value into a Secret" + replaced}
	unreadableTask = rule{"unreadable-task", Warning, "A task in the specification of a pod cannot be read, and may have values.",
		"write the task as JSON or YAML, and check it with launcherctl task check"}
	fromSecret = rule{"exec-sees-variables", Note, "The variables of a container are those of each process that kubectl exec starts in it.",
		"mount the Secret in place of variables, with mount: DIR in a task's kubernetes source, and grant pods/exec to few"}
	inArguments = rule{"secret-in-arguments", Note, "An argument with a Secret's variable is readable in /proc/*/cmdline.",
		"let the program read the variable or a file in place of an argument"}
	pastLauncher = rule{"past-launcher", Note, "The launcher removes from its program's environment only what its task reads.",
		"remove it from the manifest, or declare the key in the task"}
	deliverEnv = rule{"deliver-env", Note, "--deliver env puts each value into /proc/*/environ of the handler and its children.",
		"use --deliver stdin, fd, files or socket if the handler can read one of them"}
	defaultInTask = rule{"default-in-task", Note, "The default of a key is readable in the task.",
		"remove a default that is a secret"}
	logInStatus = rule{"log-in-status", Note, "The end of the log is copied into the status of the pod if the container fails.",
		"set terminationMessagePolicy: File"}
	sharedProcesses = rule{"shared-processes", Note, "The containers of the pod see each other's processes.",
		"remove shareProcessNamespace, or give each container a user of its own"}
	secretInFile = rule{"values-in-file", Note, "A Secret with values is in the file.",
		"keep the file out of the repository, or encrypt the values"}
)

// rules lists all rules.
var rules = []rule{valueInSpec, valueInTask, valueInConfigMap, maybeInSpec, maybeInConfigMap, unreadableTask,
	fromSecret, inArguments, pastLauncher, deliverEnv, defaultInTask, logInStatus, sharedProcesses, secretInFile}

// ruleOf returns the rule with an ID.
func ruleOf(id string) rule {
	return rules[slices.IndexFunc(rules, func(r rule) bool { return r.ID == id })]
}
