package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	urfave "github.com/urfave/cli/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/seed45446ece/launcher/cluster/manifest"
	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// podFlags returns the flags that describe a pod.
func (p *program) podFlags() []urfave.Flag {
	list := func(name, usage string) urfave.Flag {
		return &urfave.GenericFlag{Name: name, Value: &cli.List{}, Usage: usage + "; repeatable"}
	}
	return []urfave.Flag{
		&urfave.StringFlag{Name: "name", Usage: "the Job's `NAME` (default: the task's)"},
		&urfave.StringFlag{Name: "namespace", Aliases: []string{"n"}, Usage: "its `NAMESPACE` (default: that of kubectl)"},
		&urfave.StringFlag{Name: "project", Usage: "the `PROJECT` whose Secret has the keys (default: the task's)"},
		&urfave.StringFlag{Name: "keys", Usage: "the project's `KEYS`, A,B, for a task that names none"},
		&urfave.StringFlag{Name: "image", Usage: "the handler's `IMAGE`"},
		&urfave.StringFlag{Name: "handler", Usage: "call one function, `FILE[:FUNCTION]`, in place of a command"},
		&urfave.StringFlag{Name: "launcher", Value: string(manifest.FromInit), Usage: "where the pod has the launcher from, `init|volume|image`: an init container, an image volume (Kubernetes 1.33), or the handler's own image"},
		&urfave.StringFlag{Name: "launcher-image", Usage: "the launcher's `IMAGE`, for init and volume"},
		&urfave.StringFlag{Name: "launcher-path", Value: "/launcher", Usage: "its `PATH` in the handler's image, for image"},
		list("launcher-flag", "a further `FLAG` of launcher run, such as --launcher-flag=--mask"),
		&urfave.StringFlag{Name: "deliver", Usage: "how the context reaches the handler, `stdin|fd|env|files|socket` (default: the launcher's, stdin in a pod)"},
		&urfave.DurationFlag{Name: "grace", DefaultText: "10s, the launcher's", Usage: "after TERM, the `DURATION` before the handler's KILL"},
		list("in-pod", "a `KIND`, env or file, that the launcher reads in the pod and not this program here"),
		&urfave.BoolFlag{Name: "embed-values", Usage: "put the values of inline, env and file sources into the pod's specification, as MLRun does"},
		&urfave.StringFlag{Name: "service-account", Usage: "the pod's service account `NAME`"},
		&urfave.BoolFlag{Name: "workload-identity", Usage: "read vaults as the service account's Azure identity"},
		&urfave.StringFlag{Name: "azure-credentials", Usage: "the `DIR` where a vault's credentials are mounted (default: " + azure.MountDirectory + ")"},
		list("azure-domain", "a further `DOMAIN` of vaults that the task may name by URL"),
		&urfave.StringFlag{Name: "user", Value: "65532", Usage: "the pod's user, `UID[:GID]`"},
		list("requests", "what the handler asks of a node, `NAME=QUANTITY`, such as cpu=500m"),
		list("limits", "what it may use at most, `NAME=QUANTITY`, such as memory=2Gi"),
		list("label", "a `NAME=VALUE` label of the Job and its pods"),
		list("node-selector", "a `NAME=VALUE` label that the node must have"),
		&urfave.StringFlag{Name: "shm-size", Usage: "the `SIZE` of /dev/shm (default: the node's, and 64Mi for --deliver files and socket)"},
		&urfave.IntFlag{Name: "completions", DefaultText: "one pod, without", Usage: "run `N` pods, each with its index in JOB_COMPLETION_INDEX"},
		&urfave.IntFlag{Name: "parallelism", DefaultText: "1", Usage: "at most `N` of them at once"},
		&urfave.IntFlag{Name: "retries", Usage: "start a handler that failed again, `N` times"},
		&urfave.DurationFlag{Name: "deadline", Value: 24 * time.Hour, Usage: "the `DURATION` of the Job, with all that is tried again; 0 for none, and status 124 counts as a retry"},
		&urfave.DurationFlag{Name: "ttl", DefaultText: "never", Usage: "delete the Job this `DURATION` after its end"},
	}
}

// podOptions returns the options of the flags. The error holds every problem.
func (p *program) podOptions(c *urfave.Context) (manifest.Options, error) {
	r := podReader{Context: c}
	o := manifest.Options{
		Name: c.String("name"), Namespace: c.String("namespace"), Project: c.String("project"),
		Image: c.String("image"), Command: c.Args().Slice(), Handler: c.String("handler"),
		Launcher: manifest.Launcher{
			Image: c.String("launcher-image"), From: manifest.From(c.String("launcher")), Path: c.String("launcher-path"),
			Deliver: r.choice("deliver", "stdin", "fd", "env", "files", "socket"), Grace: c.Duration("grace"), Flags: cli.Values(c, "launcher-flag"),
		},
		Keys: p.keyLookup(c), Environ: resolve.Environ(p.environ), Realm: azure.Clouds{Domains: cli.Values(c, "azure-domain")},
		InPod: cli.Values(c, "in-pod"), EmbedValues: c.Bool("embed-values"),
		ServiceAccount: c.String("service-account"), WorkloadIdentity: c.Bool("workload-identity"), AzureCredentials: c.String("azure-credentials"),
		User:     r.user(),
		Requests: r.quantities("requests"), Limits: r.quantities("limits"),
		Labels: r.pairs("label"), NodeSelector: r.pairs("node-selector"),
		Completions: r.count("completions"), Parallelism: r.count("parallelism"), Retries: r.count("retries"),
		Deadline: c.Duration("deadline"), KeepFor: c.Duration("ttl"),
	}
	if size := c.String("shm-size"); size != "" {
		o.SharedMemory = r.quantity("shm-size", size)
	}
	for _, domain := range o.Realm.Domains {
		if err := azure.CheckDomain(domain); err != nil {
			r.refuse("", "--azure-domain: %v", err)
		}
	}
	return o, errors.Join(r.errs...)
}

// podReader reads flags and collects the problems.
type podReader struct {
	*urfave.Context
	errs []error
}

func (r *podReader) refuse(advice, format string, args ...any) {
	r.errs = append(r.errs, cli.Usage(fmt.Sprintf(format, args...), advice))
}

func (r *podReader) choice(flag string, values ...string) string {
	value := r.String(flag)
	if value != "" && !slices.Contains(values, value) {
		r.refuse("", "--%s %s is not one of %s", flag, keyname.Quote(value), strings.Join(values, ", "))
	}
	return value
}

func (r *podReader) count(flag string) int32 {
	n := r.Int(flag)
	if n < 0 || n > 100_000 { // the most pods that an indexed Job can have
		r.refuse("", "--%s is not between 0 and 100000", flag)
		return 0
	}
	return int32(n)
}

func (r *podReader) user() manifest.User {
	uid, gid, both := strings.Cut(r.String("user"), ":")
	if !both {
		gid = uid
	}
	var u manifest.User
	for id, text := range map[*int64]string{&u.UID: uid, &u.GID: gid} {
		n, err := strconv.ParseInt(text, 10, 32) // as the API server has them
		if *id = n; err != nil || n < 0 {
			r.refuse("a user is given by number: id -u NAME says it", "--user %s is not UID[:GID]", keyname.Quote(r.String("user")))
			return u
		}
	}
	return u
}

func (r *podReader) quantity(flag, text string) resource.Quantity {
	q, err := resource.ParseQuantity(text)
	if err != nil || q.Sign() < 0 {
		r.refuse("for instance 500m, 2, 64Mi or 1Gi", "--%s: %s is no quantity", flag, keyname.Quote(text))
	}
	return q
}

func (r *podReader) quantities(flag string) corev1.ResourceList {
	pairs := r.pairs(flag)
	if pairs == nil {
		return nil
	}
	list := corev1.ResourceList{}
	for name, text := range pairs {
		list[corev1.ResourceName(name)] = r.quantity(flag, text)
	}
	return list
}

// pairs reads the NAME=VALUE of a repeatable flag. Commas separate several.
func (r *podReader) pairs(flag string) map[string]string {
	var pairs map[string]string
	for _, text := range cli.Values(r.Context, flag) {
		for pair := range strings.SplitSeq(text, ",") {
			name, value, ok := strings.Cut(pair, "=")
			if !ok || name == "" {
				r.refuse("", "--%s: a part of it is not NAME=VALUE", flag)
				continue
			}
			if pairs == nil {
				pairs = map[string]string{}
			}
			pairs[name] = value
		}
	}
	return pairs
}

// quoteKeys returns the keys in order, for a message.
func quoteKeys(keys []string) string {
	slices.Sort(keys)
	shown := make([]string, len(keys))
	for i, key := range keys {
		shown[i] = keyname.Show(key)
	}
	return strings.Join(shown, ", ")
}
