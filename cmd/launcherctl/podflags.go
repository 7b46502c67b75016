package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/seed45446ece/launcher/cluster/manifest"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// given is a repeatable flag's values as they are given.
type given []string

func (g *given) Set(value string) error { *g = append(*g, value); return nil }
func (g *given) String() string         { return "" }

func many(c *cli.Context, flag string) []string {
	if g, ok := c.Generic(flag).(*given); ok {
		return *g
	}
	return nil
}

// podFlags is the table of what a pod is made of.
func (p *program) podFlags() []cli.Flag {
	list := func(name, usage string) cli.Flag {
		return &cli.GenericFlag{Name: name, Value: &given{}, Usage: usage + "; repeatable"}
	}
	return []cli.Flag{
		&cli.StringFlag{Name: "name", Usage: "the Job's `NAME` (default: the task's)"},
		&cli.StringFlag{Name: "namespace", Aliases: []string{"n"}, Usage: "its `NAMESPACE` (default: that of kubectl)"},
		&cli.StringFlag{Name: "project", Usage: "the `PROJECT` whose Secret has the keys (default: the task's)"},
		&cli.StringFlag{Name: "keys", Usage: "the project's `KEYS`, A,B, for a task that names none"},
		&cli.StringFlag{Name: "image", Usage: "the handler's `IMAGE`"},
		&cli.StringFlag{Name: "handler", Usage: "call one function, `FILE[:FUNCTION]`, in place of a command"},
		&cli.StringFlag{Name: "launcher", Value: string(manifest.FromInit), Usage: "where the pod has the launcher from, `init|volume|image`: an init container, an image volume (Kubernetes 1.33), or the handler's own image"},
		&cli.StringFlag{Name: "launcher-image", Usage: "the launcher's `IMAGE`, for init and volume"},
		&cli.StringFlag{Name: "launcher-path", Value: "/launcher", Usage: "its `PATH` in the handler's image, for image"},
		list("launcher-flag", "a further `FLAG` of launcher run, such as --launcher-flag=--mask"),
		&cli.StringFlag{Name: "deliver", Usage: "how the context reaches the handler, `stdin|fd|env|files|socket` (default: stdin)"},
		&cli.DurationFlag{Name: "grace", DefaultText: "10s, the launcher's", Usage: "after TERM, the `DURATION` before the handler's KILL"},
		list("in-pod", "a `KIND`, env or file, that the launcher reads in the pod and not this program here"),
		&cli.BoolFlag{Name: "embed-values", Usage: "put the values of inline, env and file sources into the pod's specification, as MLRun does"},
		&cli.StringFlag{Name: "service-account", Usage: "the pod's service account `NAME`"},
		&cli.BoolFlag{Name: "workload-identity", Usage: "read vaults as the service account's Azure identity"},
		&cli.StringFlag{Name: "azure-credentials", Usage: "the `DIR` where a vault's credentials are mounted (default: /var/run/launcher/azure_vault)"},
		list("azure-domain", "a further `DOMAIN` of vaults that the task may name by URL"),
		&cli.StringFlag{Name: "user", Value: "65532", Usage: "the pod's user, `UID[:GID]`"},
		list("requests", "what the handler asks of a node, `NAME=QUANTITY`, such as cpu=500m"),
		list("limits", "what it may use at most, `NAME=QUANTITY`, such as memory=2Gi"),
		list("label", "a `NAME=VALUE` label of the Job and its pods"),
		list("node-selector", "a `NAME=VALUE` label that the node must have"),
		&cli.StringFlag{Name: "shm-size", Usage: "the `SIZE` of /dev/shm (default: the node's, and 64Mi for --deliver files and socket)"},
		&cli.IntFlag{Name: "completions", DefaultText: "one pod, without", Usage: "run `N` pods, each with its index in JOB_COMPLETION_INDEX"},
		&cli.IntFlag{Name: "parallelism", DefaultText: "1", Usage: "at most `N` of them at once"},
		&cli.IntFlag{Name: "retries", Usage: "start a handler that failed again, `N` times"},
		&cli.DurationFlag{Name: "deadline", Value: 24 * time.Hour, Usage: "the `DURATION` of the Job, with all that is tried again; 0 for none, and status 124 counts as a retry"},
		&cli.DurationFlag{Name: "ttl", DefaultText: "never", Usage: "delete the Job this `DURATION` after its end"},
	}
}

// podOptions is the pod of the flags. All that is wrong is in the error.
func (p *program) podOptions(c *cli.Context) (manifest.Options, error) {
	r := podReader{Context: c}
	o := manifest.Options{
		Name: c.String("name"), Namespace: c.String("namespace"), Project: c.String("project"),
		Image: c.String("image"), Command: c.Args().Slice(), Handler: c.String("handler"),
		Launcher: manifest.Launcher{
			Image: c.String("launcher-image"), From: manifest.From(c.String("launcher")), Path: c.String("launcher-path"),
			Deliver: r.among("deliver", "stdin", "fd", "env", "files", "socket"), Grace: c.Duration("grace"), Flags: many(c, "launcher-flag"),
		},
		Keys: p.keysOf(c), Environ: resolve.Environ(p.environ), Realm: azure.Clouds{Domains: many(c, "azure-domain")},
		InPod: many(c, "in-pod"), EmbedValues: c.Bool("embed-values"),
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
	return o, errors.Join(r.wrong...)
}

// podReader reads flags, and collects what is wrong with them.
type podReader struct {
	*cli.Context
	wrong []error
}

func (r *podReader) refuse(advice, format string, args ...any) {
	r.wrong = append(r.wrong, errUsage{fmt.Sprintf(format, args...), advice})
}

func (r *podReader) among(flag string, values ...string) string {
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

// pairs is a repeatable flag's NAME=VALUE, several of them with commas between.
func (r *podReader) pairs(flag string) map[string]string {
	var pairs map[string]string
	for _, text := range many(r.Context, flag) {
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

func names(keys []string) string {
	slices.Sort(keys)
	shown := make([]string, len(keys))
	for i, key := range keys {
		shown[i] = keyname.Show(key)
	}
	return strings.Join(shown, ", ")
}
