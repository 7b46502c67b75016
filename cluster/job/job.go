// Package job runs one Job on a cluster as if it were a process here: it is
// made, waited for, its pods' logs are handed on, and it is taken away again
// with all that came with it.
//
// It owns the order of those steps, what a signal means, and which status
// stands for a Job of many pods. It refuses to leave anything behind that it
// made: what the Job needs besides is owned by it, and so ends with it. Data
// flows Job, Secret -> cluster -> logs, Outcome.
package job

import (
	"context"
	"errors"
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/seed45446ece/launcher/cluster"
)

// Job is one Job of one cluster.
type Job struct {
	Cluster  *cluster.Cluster
	Manifest *batchv1.Job   // as it was sent, with the UID and time of its creation
	Values   *corev1.Secret // what the Job is to own, nil for nothing

	Detached  bool   // it is created, and not waited for
	Container string // the handler's, whose start, status and results count

	run string // marks what this run has made
}

// runAnnotation says which run has made a Job: an answer that was lost is then
// told from a Job of somebody else.
const runAnnotation = "launcherctl/run"

// maxName returns the longest name of a Job. A pod's host name is the Job's name and
// the pod's index, and a DNS label.
func maxName(job *batchv1.Job) int {
	if job.Spec.Completions == nil {
		return validation.DNS1123LabelMaxLength
	}
	return validation.DNS1123LabelMaxLength - len(fmt.Sprintf("-%d", *job.Spec.Completions-1))
}

// New is a Job that does not exist yet. With unique, its name and its Secret's
// are made unlike those of any other run.
func New(c *cluster.Cluster, job *batchv1.Job, values *corev1.Secret, unique bool) *Job {
	j := &Job{Cluster: c, Manifest: job.DeepCopy(), run: string(uuid.NewUUID())}
	if values != nil {
		j.Values = values.DeepCopy()
	}
	if j.Manifest.Name == "" {
		j.Manifest.Name, unique = "launcher", true
	}
	if unique {
		suffix := "-" + rand.String(5)
		j.Manifest.Name = j.Manifest.Name[:min(len(j.Manifest.Name), maxName(j.Manifest)-len(suffix))] + suffix
		j.renameValues(suffix)
	}
	j.Manifest.GenerateName = ""
	metav1.SetMetaDataAnnotation(&j.Manifest.ObjectMeta, runAnnotation, j.run)
	return j
}

func (j *Job) name() string { return j.Manifest.Name }

// renameValues gives the Secret another name, and the pod's volumes too.
func (j *Job) renameValues(suffix string) {
	if j.Values == nil {
		return
	}
	before := j.Values.Name
	j.Values.Name += suffix
	volumes := j.Manifest.Spec.Template.Spec.Volumes
	for i := range volumes {
		if s := volumes[i].Secret; s != nil && s.SecretName == before {
			s.SecretName = j.Values.Name
		}
	}
}

// access returns the rights that a run needs.
func (j *Job) access() []cluster.Access {
	command := cluster.Run
	if j.Detached {
		command = cluster.RunDetached
	}
	access := cluster.AccessOf(command, "")
	for i := range access {
		access[i].Spare = access[i].Resource == "secrets" && j.Values == nil
	}
	return access
}

func (j *Job) explain(ctx context.Context, what string, err error) error {
	return j.Cluster.Explain(ctx, what+" job "+j.Manifest.Name, err, j.access()...)
}

// Create makes the Job, and then the Secret that it owns: the kubelet starts no pod
// before its Secret is there. A Secret without an owner, or a suspended Job with a
// Secret, would stay for ever if this program were killed between two steps. What was
// made is deleted if a step fails.
func (j *Job) Create(ctx context.Context) error {
	made, err := j.createJob(ctx)
	if err != nil {
		return errors.Join(err, j.removeOurs(context.WithoutCancel(ctx)))
	}
	j.Manifest.UID, j.Manifest.CreationTimestamp = made.UID, made.CreationTimestamp
	if j.Manifest.Spec.BackoffLimit == nil {
		j.Manifest.Spec.BackoffLimit = made.Spec.BackoffLimit // the cluster's default
	}
	err = checkImageVolumes(j.Manifest, made)
	if err == nil && j.Values != nil {
		err = j.createValues(ctx)
	}
	if err != nil {
		return errors.Join(err, j.Remove(context.WithoutCancel(ctx)))
	}
	return nil
}

// checkImageVolumes returns an error if the cluster dropped the image of a volume. It does
// so without a word if its ImageVolume feature is off, and makes an empty directory.
func checkImageVolumes(sent, made *batchv1.Job) error {
	kept := map[string]bool{}
	for _, v := range made.Spec.Template.Spec.Volumes {
		kept[v.Name] = v.Image != nil
	}
	for _, v := range sent.Spec.Template.Spec.Volumes {
		if v.Image != nil && !kept[v.Name] {
			return &cluster.Error{What: fmt.Sprintf("create job %s: the cluster dropped the image of volume %q: its ImageVolume feature is off", sent.Name, v.Name),
				Advice: "omit --launcher volume, or turn on the feature gate, which is on by default from Kubernetes 1.35"}
		}
	}
	return nil
}

func (j *Job) createJob(ctx context.Context) (*batchv1.Job, error) {
	jobs := j.Cluster.Batch.Jobs(j.Cluster.Namespace)
	var made *batchv1.Job
	err := cluster.Retry(ctx, func(ctx context.Context) (err error) {
		made, err = jobs.Create(ctx, j.Manifest, metav1.CreateOptions{})
		if !apierrors.IsAlreadyExists(err) {
			return err
		}
		there, wrong := jobs.Get(ctx, j.name(), metav1.GetOptions{})
		if wrong != nil {
			return wrong
		}
		if there.Annotations[runAnnotation] != j.run {
			return &cluster.Error{What: fmt.Sprintf("job %q already exists in namespace %q", j.Manifest.Name, j.Cluster.Namespace), Advice: "choose another --name, omit it, or delete the job"}
		}
		made = there // an earlier try's, whose answer was lost
		return nil
	})
	if apierrors.IsNotFound(err) {
		return nil, &cluster.Error{What: fmt.Sprintf("namespace %q does not exist", j.Cluster.Namespace), Advice: "choose another with --namespace"}
	}
	return made, j.explain(ctx, "create", err)
}

// removeOurs takes the Job away where it was made though no answer said so.
func (j *Job) removeOurs(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, cleanUpTime)
	defer cancel()
	there, err := j.Cluster.Batch.Jobs(j.Cluster.Namespace).Get(ctx, j.name(), metav1.GetOptions{})
	if err != nil || there.Annotations[runAnnotation] != j.run {
		return nil // what is unreached is said already
	}
	j.Manifest.UID = there.UID
	return j.Remove(ctx)
}

// createValues makes the Secret that the Job owns.
func (j *Job) createValues(ctx context.Context) error {
	j.Values.OwnerReferences = []metav1.OwnerReference{{APIVersion: batchv1.SchemeGroupVersion.String(), Kind: "Job", Name: j.Manifest.Name, UID: j.Manifest.UID}}
	j.Values.Namespace = ""
	ctx = cluster.CarryingValues(ctx)
	perhaps := false // an earlier try may have been done, though its answer was lost
	err := cluster.Retry(ctx, func(ctx context.Context) error {
		_, err := j.Cluster.Core.Secrets(j.Cluster.Namespace).Create(ctx, j.Values, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) && perhaps {
			return nil
		}
		perhaps = perhaps || cluster.Ambiguous(err)
		return err
	})
	if apierrors.IsAlreadyExists(err) {
		return &cluster.Error{What: fmt.Sprintf("secret %q already exists in namespace %q", j.Values.Name, j.Cluster.Namespace), Advice: "choose another --name, or omit it"}
	}
	return j.explain(ctx, "create the values of", err)
}

// cleanUpTime is how long is waited for a cluster to take something away.
const cleanUpTime = 30 * time.Second

// Remove takes the Job away, and by that what it owns. That it is gone already
// is well.
func (j *Job) Remove(ctx context.Context) error {
	return j.delete(ctx, metav1.DeletePropagationBackground)
}

// Stop ends the Job: its pods get TERM, and KILL after their grace period. They
// are gone before it is.
func (j *Job) Stop(ctx context.Context) error {
	return j.delete(ctx, metav1.DeletePropagationForeground)
}

func (j *Job) delete(ctx context.Context, how metav1.DeletionPropagation) error {
	ctx, cancel := context.WithTimeout(ctx, cleanUpTime)
	defer cancel()
	err := cluster.Retry(ctx, func(ctx context.Context) error {
		err := j.Cluster.Batch.Jobs(j.Cluster.Namespace).Delete(ctx, j.name(), metav1.DeleteOptions{
			PropagationPolicy: &how, Preconditions: &metav1.Preconditions{UID: &j.Manifest.UID}, // not another of its name
		})
		if apierrors.IsNotFound(err) || apierrors.IsConflict(err) { // there is none, or another by now
			return nil
		}
		return err
	})
	if err == nil {
		return nil
	}
	return withAdvice(j.explain(ctx, "delete", err), fmt.Sprintf("delete it with kubectl -n %s delete job %s", j.Cluster.Namespace, j.Manifest.Name))
}

// withAdvice is an error with something else to do about it.
func withAdvice(err error, advice string) error {
	var e *cluster.Error
	if errors.As(err, &e) && e.Rules == "" {
		e.Advice = advice
	}
	return err
}
