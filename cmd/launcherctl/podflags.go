package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	urfave "github.com/urfave/cli/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/seed45446ece/launcher/cluster/manifest"
	"github.com/seed45446ece/launcher/internal/cli"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// podOptions returns the options of the flags. The error holds every problem.
func (p *program) podOptions(c *urfave.Context) (manifest.Options, error) {
	r := podReader{c, []error{cli.CheckChoices(c)}}
	o := manifest.Options{
		Name: c.String("name"), Namespace: c.String("namespace"), Project: c.String("project"),
		Image: c.String("image"), Command: c.Args().Slice(), Handler: c.String("handler"),
		Launcher: manifest.Launcher{
			Image: c.String("launcher-image"), From: manifest.From(c.String("launcher")), Path: c.String("launcher-path"),
			Deliver: c.String("deliver"), Grace: c.Duration("grace"), Flags: cli.Values(c, "launcher-flag"),
		},
		Keys: p.keyLookup(c), KeysNamed: c.IsSet("keys"), CheckValue: p.valueCheck(c), Environ: resolve.Environ(p.environ), Realm: azure.Clouds{Domains: cli.Values(c, "azure-domain")},
		InPod: cli.Values(c, "in-pod"), EmbedValues: c.Bool("embed-values"),
		ServiceAccount: c.String("service-account"), WorkloadIdentity: c.Bool("workload-identity"), AzureCredentials: c.String("azure-credentials"),
		Env: r.variables(), Volumes: r.volumes(), PullSecrets: cli.Values(c, "image-pull-secret"),
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
	for _, flag := range []string{"template", "container"} {
		if c.IsSet(flag) && c.String("into") == "" {
			r.refuse("use --into FILE", "--%s is for a manifest", flag)
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

func (r *podReader) count(flag string) int32 {
	n := r.Int(flag)
	if n < 0 || n > 100_000 { // the most pods that an indexed Job can have
		r.refuse("", "--%s is not between 0 and 100000", flag)
		return 0
	}
	return int32(n)
}

func (r *podReader) user() manifest.User {
	uid, gid, err := cli.ParseUser(r.String("user"), math.MaxInt32) // as the API server has them
	r.errs = append(r.errs, err)
	return manifest.User{UID: uid, GID: gid}
}

func (r *podReader) quantity(flag, text string) resource.Quantity {
	q, err := resource.ParseQuantity(text)
	if err != nil || q.Sign() < 0 {
		r.refuse("write, for instance, 500m, 2, 64Mi or 1Gi", "--%s: %s is not a quantity", flag, keyname.Quote(text))
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

// variables reads --env. Unlike pairs, a value may have commas.
func (r *podReader) variables() []manifest.Variable {
	var all []manifest.Variable
	for _, text := range cli.Values(r.Context, "env") {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			r.refuse("write --env KEY=VALUE, or --env KEY= for an empty value", "--env %s is not KEY=VALUE", keyname.Show(text))
			continue
		}
		all = append(all, manifest.Variable{Name: name, Value: value})
	}
	return all
}

// volumes reads --volume.
func (r *podReader) volumes() []manifest.Volume {
	var all []manifest.Volume
	for _, text := range cli.Values(r.Context, "volume") {
		v, err := manifest.ParseVolume(text)
		if err != nil {
			r.errs = append(r.errs, err)
			continue
		}
		all = append(all, v)
	}
	return all
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
