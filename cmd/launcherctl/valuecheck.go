package main

import (
	"cmp"
	"context"
	"time"

	urfave "github.com/urfave/cli/v2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seed45446ece/launcher/cluster"
	"github.com/seed45446ece/launcher/cluster/manifest"
)

// checkTime limits one read of a Secret whose values are checked.
const checkTime = 5 * time.Second

// valueCheck returns a function that checks whether a Secret's value can be a pod's
// variable. A Secret that cannot be read passes: a user who makes Jobs needs no right
// to read any. With --keys the cluster is not asked.
func (p *program) valueCheck(c *urfave.Context) func(ctx context.Context, namespace, secret, key, variable string) error {
	if c.IsSet("keys") {
		return nil
	}
	known := map[string]map[string][]byte{} // by Secret
	reached := true
	return func(ctx context.Context, namespace, secret, key, variable string) error {
		values, asked := known[secret]
		if !asked && reached {
			values, reached = p.readSecret(ctx, c, namespace, secret)
			known[secret] = values
		}
		return manifest.CheckVariable(variable, values[key])
	}
}

// readSecret returns a Secret's values, nil if it cannot be read, and whether the
// cluster answered.
func (p *program) readSecret(ctx context.Context, c *urfave.Context, namespace, name string) (map[string][]byte, bool) {
	target, err := p.connect(c)
	if err != nil {
		return nil, false
	}
	ctx, cancel := context.WithTimeout(cluster.CarryingValues(cluster.Quiet(ctx)), checkTime)
	defer cancel()
	secret, err := target.Core.Secrets(cmp.Or(namespace, target.Namespace)).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		p.report.Detail("the values of Secret %q are not checked: it cannot be read", name)
		return nil, apierrors.ReasonForError(err) != metav1.StatusReasonUnknown
	}
	return secret.Data, true
}
