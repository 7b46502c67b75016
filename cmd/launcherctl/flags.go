package main

import (
	"time"

	"github.com/seed45446ece/launcher/cluster/manifest"
	"github.com/seed45446ece/launcher/cluster/summon"
	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve/azure"
	"github.com/seed45446ece/launcher/resolve/exec"
	"github.com/seed45446ece/launcher/resolve/file"
)

// The table of all flags. Those for the cluster are named as in kubectl.
var (
	// of every command that reads a task
	taskFlags = []cli.Flag{
		{Name: "task", Argument: "FILE", Usage: "the task, YAML or JSON; - is standard input"},
		cli.SecretsFlag,
		cli.ParamFlag,
	}

	// of every command that calls the cluster
	connectFlags = []cli.Flag{
		{Name: "kubeconfig", Argument: "FILE", Usage: "the kubeconfig file (default: $KUBECONFIG, ~/.kube/config, else the pod's service account)"},
		{Name: "context", Argument: "CONTEXT", Usage: "the kubeconfig's context (default: its current one)"},
		{Name: "timeout", Argument: "DURATION", Default: time.Minute, Usage: "how long to wait for the cluster's answers, such as 90s; 0 means no limit"},
		{Name: "verbose", Alias: "v", Default: false, Usage: "log each request to the cluster, never its content"},
	}
	namespaceFlag = cli.Flag{Name: "namespace", Alias: "n", Argument: "NAMESPACE", Usage: "the namespace (default: the namespace of the kubeconfig's context, or of the pod)"}

	// of the commands about a project's Secret
	projectFlag = cli.Flag{Name: "project", Argument: "PROJECT", Usage: "the project; its Secret is mlrun-project-secrets-PROJECT"}
	setFlags    = []cli.Flag{
		{Name: "from-env-file", Argument: "FILE", Default: cli.List(nil), Usage: "a file of KEY=VALUE lines, or dotenv if it is named .env; - is standard input"},
		{Name: "from-file", Argument: "KEY=FILE", Default: cli.List(nil), Usage: "use the file's content as the value, byte for byte; - is standard input"},
		{Name: "mount-only", Default: false, Usage: "accept values that no variable can hold, for tasks that mount the Secret"},
	}

	// of manifest and run: the pod
	podFlags = []cli.Flag{
		{Name: "name", Argument: "NAME", Usage: "the Job's name (default: the task's)"},
		{Name: "namespace", Alias: "n", Argument: "NAMESPACE", Usage: "the Job's namespace (default: the namespace that kubectl uses)"},
		{Name: "project", Argument: "PROJECT", Usage: "the project whose Secret has the keys (default: the task's)"},
		{Name: "keys", Argument: "A,B", Usage: "the project's keys, if the task names none"},
		{Name: "image", Argument: "IMAGE", Usage: "the handler's image"},
		handlerFlag,
		{Name: "launcher", Choices: manifest.Ways, Default: string(manifest.FromInit), Usage: "where the pod gets the launcher from: an init container, an image volume (Kubernetes 1.35), or the handler's own image"},
		{Name: "launcher-image", Argument: "IMAGE", Usage: "the launcher's image, for init and volume"},
		{Name: "launcher-path", Argument: "PATH", Default: "/launcher", Usage: "the launcher's path in the handler's image, for image"},
		launcherFlag,
		{Name: "deliver", Choices: task.Deliveries, Usage: "how the context reaches the handler (default: the launcher's)"},
		{Name: "grace", Argument: "DURATION", Default: time.Duration(0), Usage: "after TERM, how long before the handler is sent KILL (default: the launcher's)"},
		{Name: "in-pod", Argument: "KIND", Default: cli.List(nil), Usage: "a kind, env or file, that only the launcher in the pod reads"},
		{Name: "embed-values", Default: false, Usage: "put the values of inline, env and file sources into the pod's specification, as MLRun does"},
		{Name: "env", Argument: "KEY=VALUE", Default: cli.List(nil), Usage: "a variable of the handler; it cannot replace a secret"},
		{Name: "volume", Argument: "SOURCE:PATH[:ro]", Default: cli.List(nil), Usage: "a volume of the handler: pvc/NAME:/PATH, configmap/NAME:/PATH, secret/NAME:/PATH or emptydir:/PATH"},
		{Name: "image-pull-secret", Argument: "NAME", Default: cli.List(nil), Usage: "a Secret with the credentials of the images' registry"},
		{Name: "service-account", Argument: "NAME", Usage: "the pod's service account"},
		{Name: "workload-identity", Default: false, Usage: "read vaults as the service account's Azure identity"},
		{Name: "azure-credentials", Argument: "DIR", Default: azure.MountDirectory, Usage: "where a vault's credentials are mounted"},
		cli.DomainFlag,
		{Name: "user", Argument: "UID[:GID]", Default: "65532", Usage: "the pod's user, by number"},
		{Name: "requests", Argument: "NAME=QUANTITY", Default: cli.List(nil), Usage: "a resource that the handler requests, such as cpu=500m"},
		{Name: "limits", Argument: "NAME=QUANTITY", Default: cli.List(nil), Usage: "a resource limit of the handler, such as memory=2Gi"},
		{Name: "label", Argument: "NAME=VALUE", Default: cli.List(nil), Usage: "a label of the Job and its pods"},
		{Name: "node-selector", Argument: "NAME=VALUE", Default: cli.List(nil), Usage: "a label that the node must have"},
		{Name: "shm-size", Argument: "SIZE", Usage: "the size of /dev/shm (default: the node's, and 64Mi for --deliver files and socket)"},
		{Name: "completions", Argument: "N", Default: 0, Usage: "run N pods, each with its index in JOB_COMPLETION_INDEX (default: one pod, without an index)"},
		{Name: "parallelism", Argument: "N", Default: 0, Usage: "run at most N pods at once (default: 1)"},
		{Name: "retries", Argument: "N", Default: 0, Usage: "restart a failed handler up to N times"},
		{Name: "deadline", Argument: "DURATION", Default: 24 * time.Hour, Usage: "the Job's time limit, retries included, also after status 124; 0 means none"},
		{Name: "ttl", Argument: "DURATION", Default: time.Duration(0), Usage: "delete the Job this long after its end (default: never)"},
	}
	manifestFlags = []cli.Flag{
		{Name: "values-file", Argument: "FILE", Usage: "write the Secret with the values of inline, env and file sources to this file or pipe; standard output never holds a value"},
	}
	// of manifest and run: the manifest of --into
	intoFlags = []cli.Flag{
		{Name: "into", Argument: "FILE", Usage: "add the launcher to the manifest in this file, or - for standard input: a Job, CronJob, Deployment, Pod, Workflow, PyTorchJob, MPIJob, SparkApplication and others; run accepts a Job or CronJob"},
		{Name: "template", Argument: "NAME", Default: cli.List(nil), Usage: "with --into, only the pod template of this name, such as Worker or driver (default: all)"},
		{Name: "container", Argument: "NAME", Usage: "with --into, the container that has the handler, if a pod has several"},
	}
	runFlags = []cli.Flag{
		{Name: "detach", Alias: "d", Default: false, Usage: "print the Job's name once it is created, and exit"},
		{Name: "keep", Default: false, Usage: "keep the Job and its pods after its end"},
		{Name: "start-timeout", Argument: "DURATION", Default: 10 * time.Minute, Usage: "how long to wait for a pod to start, such as 5m; 0 means no limit"},
	}

	debugFlags = []cli.Flag{
		{Name: "local", Argument: "FILE", Usage: "a file of KEY=VALUE lines with the keys that only the cluster has (default: prompt for each key)"},
		{Name: "project", Argument: "PROJECT", Usage: "the project whose keys to prompt for (default: the task's)"},
		namespaceFlag,
		{Name: "keys", Argument: "A,B", Usage: "the keys to prompt for if the task names none (default: the project's, from the cluster)"},
		handlerFlag,
		cli.DomainFlag,
		launcherFlag,
		{Name: "launcher-program", Argument: "FILE", Usage: "the launcher (default: beside this program, else in PATH)"},
	}
	handlerFlag  = cli.Flag{Name: "handler", Argument: "FILE[:FUNCTION]", Usage: "call one function in place of a command"}
	launcherFlag = cli.Flag{Name: "launcher-flag", Argument: "FLAG", Default: cli.List(nil), Usage: "another flag of launcher run, such as --launcher-flag=--mask"}

	// of task with-secrets: for every kind of source, and for one
	sourceFlags = []cli.Flag{
		{Name: "task", Argument: "FILE", Usage: "the task to edit, or to create; - is standard input, printed (default: a new task, printed)"},
		{Name: "prefix", Argument: "PREFIX", Usage: "a prefix before every key"},
		{Name: "optional", Default: false, Usage: "a missing key is not an error"},
	}
	keyFlags = []cli.Flag{
		{Name: "rename", Argument: "KEY=NAME", Default: cli.List(nil), Usage: "look for this key under another name"},
		{Name: "default", Argument: "KEY=VALUE", Default: cli.List(nil), Usage: "a value for this key if it is missing; anyone who can read the task can read it"},
	}
	kubernetesFlags = []cli.Flag{
		{Name: "secret", Argument: "SECRET", Usage: "the Kubernetes Secret that has the keys (default: the project's)"},
		{Name: "mount", Argument: "DIR", Usage: "where the Secret is mounted, in place of variables"},
		{Name: "env-prefix", Argument: "PREFIX", Usage: "the prefix of the variables' names (default: MLRun's)"},
	}
	azureFlags = []cli.Flag{
		{Name: "name", Argument: "VAULT", Usage: "the vault's name or URL"},
		{Name: "k8s-secret", Argument: "SECRET", Usage: "the Kubernetes Secret with the credentials"},
		{Name: "credential", Choices: azure.Credentials, Usage: "how to authenticate (default: auto)"},
		{Name: "bundle", Argument: "NAME", Default: cli.List(nil), Usage: "a vault's secret whose value is a JSON object of keys"},
		cli.DomainFlag,
	}
	execFlags = []cli.Flag{
		{Name: "key", Argument: "KEY[=IDENTIFIER]", Default: cli.List(nil), Usage: "a key; without --format the program runs once for each, with the identifier as its last argument"},
		{Name: "format", Choices: exec.Formats, Usage: "the program prints all keys at once, in this format; --key takes only some of them"},
	}
	// of task from summon, named as in summon
	summonFlags = []cli.Flag{
		{Name: "provider", Alias: "p", Argument: "NAME|PATH", Usage: "the provider that reads !var, where the job runs; a NAME is in " + summon.Folder},
		{Name: "environment", Alias: "e", Argument: "NAME", Usage: "the section to read, with those of common or default"},
		{Name: "define", Alias: "D", Argument: "NAME=VALUE", Default: cli.List(nil), Usage: "replace $NAME; not for secrets, as anyone on the machine can see a command line"},
	}
	fileFlags   = []cli.Flag{{Name: "format", Choices: file.Formats, Usage: "the file's format (default: by its name)"}}
	inlineFlags = []cli.Flag{{Name: "from-file", Argument: "FILE", Usage: "KEY=value lines with the values; - is standard input"}}
)
