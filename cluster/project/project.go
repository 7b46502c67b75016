// Package project is a project's Kubernetes Secret, mlrun-project-secrets-P:
// its keys are listed, set and deleted, and no value of it is ever returned.
//
// It owns the Secret's name and form, which are MLRun's, and what becomes of
// two writers at once: each changes its own keys alone, by a patch of them, so
// that neither takes back what the other has written. It refuses MLRun's
// internal keys. Data flows keys and values -> cluster.
package project

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
	core "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/seed45446ece/launcher/cluster"
	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/keyname"
	"github.com/seed45446ece/launcher/resolve/kubernetes"
)

// SecretName is the name of a project's Secret, as MLRun has it.
func SecretName(project string) string { return "mlrun-project-secrets-" + project }

// CheckName refuses what cannot be the name of a project: MLRun's are DNS
// labels, RFC 1123.
func CheckName(project string) error {
	if wrong := validation.IsDNS1123Label(project); len(wrong) > 0 {
		return &cluster.Error{What: fmt.Sprintf("%s is not a valid project name", keyname.Quote(project)),
			Advice: "use up to 63 lower-case letters, digits and hyphens, without a hyphen at either end"}
	}
	return nil
}

// CheckKey refuses a key that a Secret cannot have, and MLRun's own.
func CheckKey(key string) error {
	if kubernetes.Internal(key) {
		return &cluster.Error{What: fmt.Sprintf("key %s is internal to MLRun", keyname.Show(key)), Advice: "choose a key that does not start with mlrun."}
	}
	return keyname.Check(key)
}

// CheckKeys is all that CheckKey refuses, and keys of one pod's variable.
func CheckKeys(keys []string) error {
	var wrong []error
	for _, key := range keys {
		if err := CheckKey(key); err != nil {
			wrong = append(wrong, err)
		}
	}
	return errors.Join(wrong...)
}

// Variable is the variable that has a key in a job's pod.
func Variable(key string) string { return keyname.MLRunPrefix + strings.ToUpper(key) }

// Project is one project's Secret in one namespace.
type Project struct {
	Name    string
	Cluster *cluster.Cluster
}

func (p Project) secrets() core.SecretInterface { return p.Cluster.Core.Secrets(p.Cluster.Namespace) }

// access returns the rights that a command needs.
func (p Project) access(command string) []cluster.Access {
	return cluster.AccessOf(command, SecretName(p.Name))
}

// Keys is the user's keys, sorted: none where there is no Secret yet.
func (p Project) Keys(ctx context.Context) ([]string, error) {
	ctx = cluster.CarryingValues(ctx) // the answer does
	secret, err := p.get(ctx)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, p.Cluster.Explain(ctx, "list the keys of project "+p.Name, err, p.access(cluster.ListSecrets)...)
	}
	keys := userKeys(secret)
	if wrong := slices.ContainsFunc(keys, func(key string) bool { return keyname.Check(key) != nil }); wrong {
		return nil, &cluster.Error{What: "list the keys of project " + p.Name + ": the cluster answered with an invalid key"}
	}
	return keys, nil
}

func userKeys(secret *corev1.Secret) []string {
	return slices.Sorted(func(yield func(string) bool) {
		for key := range maps.Keys(secret.Data) {
			if !kubernetes.Internal(key) && !yield(key) {
				return
			}
		}
	})
}

func (p Project) get(ctx context.Context) (*corev1.Secret, error) {
	var secret *corev1.Secret
	err := cluster.Retry(ctx, func(ctx context.Context) (err error) {
		secret, err = p.secrets().Get(ctx, SecretName(p.Name), metav1.GetOptions{})
		return err
	})
	return secret, err
}

// Set gives the keys their values and makes the Secret where there is none. It
// neither reads the Secret nor needs to be let: whoever may patch it can set.
func (p Project) Set(ctx context.Context, values map[string]resolve.Value) error {
	if err := CheckKeys(slices.Sorted(maps.Keys(values))); err != nil {
		return err
	}
	data := make(map[string][]byte, len(values))
	for key, value := range values {
		if data[key] = value.Reveal(); data[key] == nil {
			data[key] = []byte{} // null would take the key away
		}
	}
	body, err := json.Marshal(map[string]any{"data": data})
	if err != nil {
		return errors.New("encode the Secret") // the encoder's own text may hold what it encodes
	}
	ctx = cluster.CarryingValues(ctx)
	err = cluster.Retry(ctx, func(ctx context.Context) error {
		_, err := p.secrets().Patch(ctx, SecretName(p.Name), types.MergePatchType, body, metav1.PatchOptions{})
		if !apierrors.IsNotFound(err) {
			return err
		}
		_, err = p.secrets().Create(ctx, p.fresh(data), metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) {
			return cluster.ErrRaced
		}
		return err
	})
	if apierrors.IsNotFound(err) {
		return &cluster.Error{What: fmt.Sprintf("namespace %q does not exist", p.Cluster.Namespace), Advice: "choose another with --namespace"}
	}
	return p.Cluster.Explain(ctx, "set keys of project "+p.Name, err, p.access(cluster.SetSecrets)...)
}

// fresh is the Secret of a project that has none yet.
func (p Project) fresh(data map[string][]byte) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: SecretName(p.Name), Namespace: p.Cluster.Namespace},
		Type:       corev1.SecretTypeOpaque, Data: data,
	}
}

// Delete deletes the keys, all or none: one that does not exist is an error.
// The Secret itself stays, empty, as others may have put labels on it.
func (p Project) Delete(ctx context.Context, keys []string) error {
	if err := CheckKeys(keys); err != nil {
		return err
	}
	ctx = cluster.CarryingValues(ctx) // the answer does
	what := "delete keys of project " + p.Name
	perhaps := false // an earlier try may have been done, though its answer was lost
	err := cluster.Retry(ctx, func(ctx context.Context) error {
		secret, err := p.secrets().Get(ctx, SecretName(p.Name), metav1.GetOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			return err
		}
		if absent := without(secret, keys); len(absent) > 0 && !perhaps {
			return p.absent(absent)
		} else if len(absent) == len(keys) {
			return nil
		}
		body, err := removal(secret, keys)
		if err != nil {
			return err
		}
		_, err = p.secrets().Patch(ctx, SecretName(p.Name), types.MergePatchType, body, metav1.PatchOptions{})
		perhaps = perhaps || cluster.Ambiguous(err)
		return err
	})
	return p.Cluster.Explain(ctx, what, err, p.access(cluster.DeleteSecrets)...)
}

// removal is a patch that takes keys away from the Secret as it was read: the
// server answers 409 where it has changed since.
func removal(secret *corev1.Secret, keys []string) ([]byte, error) {
	data := make(map[string]any, len(keys))
	for _, key := range keys {
		data[key] = nil
	}
	return json.Marshal(map[string]any{"metadata": map[string]string{"resourceVersion": secret.ResourceVersion}, "data": data})
}

func without(secret *corev1.Secret, keys []string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool {
		if secret == nil {
			return false
		}
		_, has := secret.Data[key]
		return has
	})
}

func (p Project) absent(keys []string) error {
	var wrong []error
	for _, key := range keys {
		wrong = append(wrong, &cluster.Error{What: fmt.Sprintf("project %s has no key %q; nothing was deleted", p.Name, key)})
	}
	return errors.Join(wrong...)
}

// Ambiguous is a warning for each two keys that are one variable in a pod,
// whose name has the key in upper case; nil where there are none.
func Ambiguous(keys []string) error {
	var wrong []error
	first := map[string]string{}
	for _, key := range keys {
		variable := Variable(key)
		if other, twice := first[variable]; twice {
			wrong = append(wrong, fmt.Errorf("keys %q and %q have the same variable in a pod, %s", other, key, variable))
			continue
		}
		first[variable] = key
	}
	return errors.Join(wrong...)
}
