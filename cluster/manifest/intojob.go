package manifest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubernetesyaml "sigs.k8s.io/yaml"

	"github.com/seed45446ece/launcher/cluster/yamledit"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// IntoJob does what Into does for the one Job of a manifest, or the one CronJob, and
// returns the Job that can be created. It refuses a Job that cannot be followed.
func IntoJob(ctx context.Context, base Base, task *document.Node, o Options) (Manifest, error) {
	base.onlyJobs = true
	m, err := Into(ctx, base, task, o)
	if err != nil {
		return Manifest{}, err
	}
	job, err := m.decodeJob()
	if err != nil {
		why := strings.TrimPrefix(err.Error(), "error unmarshaling JSON: while decoding JSON: json: ")
		return Manifest{}, &Error{fmt.Sprintf("%s: %s", base.Origin, why), "correct the manifest: kubectl create --dry-run=server says more"}
	}
	if o.Name != "" {
		job.Name = o.Name
	}
	if o.KeepFor > 0 && job.Spec.TTLSecondsAfterFinished == nil {
		job.Spec.TTLSecondsAfterFinished = new(int32(*seconds(o.KeepFor)))
	}
	m.Job = job
	return m.Manifest, checkFollowed(base.Origin, job)
}

// isJob reports whether an object is a Job, or makes Jobs.
func isJob(root *yaml.Node) bool {
	kind := yamledit.Text(root, "kind")
	return yamledit.Text(root, "apiVersion") == batchv1.SchemeGroupVersion.String() && (kind == "Job" || kind == "CronJob")
}

// decodeJob returns the Job of the manifest's text, read as kubectl reads it.
func (m Merged) decodeJob() (*batchv1.Job, error) {
	file, err := yamledit.Load("the manifest", m.Text)
	if err != nil {
		return nil, err
	}
	root := file.Documents[m.index].Root
	text := documentText(m.Text, root.Line)
	if yamledit.Text(root, "kind") == "Job" {
		job := &batchv1.Job{}
		if err := kubernetesyaml.UnmarshalStrict(text, job); err != nil {
			return nil, err
		}
		forgetCluster(job)
		return job, nil
	}
	cron := batchv1.CronJob{}
	if err := kubernetesyaml.UnmarshalStrict(text, &cron); err != nil {
		return nil, err
	}
	job := &batchv1.Job{
		TypeMeta: metav1.TypeMeta{APIVersion: batchv1.SchemeGroupVersion.String(), Kind: "Job"},
		ObjectMeta: metav1.ObjectMeta{Name: cron.Name, GenerateName: cron.GenerateName, Namespace: cron.Namespace,
			Labels: cron.Spec.JobTemplate.Labels, Annotations: cron.Spec.JobTemplate.Annotations},
		Spec: cron.Spec.JobTemplate.Spec,
	}
	metav1.SetMetaDataAnnotation(&job.ObjectMeta, "cronjob.kubernetes.io/instantiate", "manual") // as kubectl create job --from does
	forgetCluster(job)
	return job, nil
}

// documentText returns the YAML document that starts on a line, counted from 1. No
// document has a line that starts with a marker.
func documentText(text []byte, line int) []byte {
	lines := bytes.SplitAfter(text, []byte("\n"))[line-1:]
	out := bytes.Clone(bytes.TrimPrefix(lines[0], []byte("---")))
	for _, next := range lines[1:] {
		if bytes.HasPrefix(next, []byte("---")) || bytes.HasPrefix(next, []byte("...")) {
			break
		}
		out = append(out, next...)
	}
	return out
}

// controllerLabels are the labels that a cluster puts on a Job's pods.
var controllerLabels = []string{batchv1.ControllerUidLabel, batchv1.JobNameLabel, "controller-uid", "job-name"}

// forgetCluster removes what only a cluster writes, so that the output of kubectl get
// is a manifest too.
func forgetCluster(job *batchv1.Job) {
	job.ObjectMeta = metav1.ObjectMeta{Name: job.Name, GenerateName: job.GenerateName, Namespace: job.Namespace,
		Labels: job.Labels, Annotations: job.Annotations, Finalizers: job.Finalizers}
	if job.Name == "" {
		job.Name = strings.TrimRight(job.GenerateName, "-.")
	}
	job.Finalizers = slices.DeleteFunc(job.Finalizers, func(f string) bool {
		return f == metav1.FinalizerDeleteDependents || f == metav1.FinalizerOrphanDependents
	})
	job.Status = batchv1.JobStatus{}
	if job.Spec.ManualSelector != nil && *job.Spec.ManualSelector {
		return
	}
	job.Spec.Selector = nil
	for _, label := range controllerLabels {
		delete(job.Labels, label)
		delete(job.Spec.Template.Labels, label)
	}
}

// checkFollowed refuses a Job whose logs and status cannot be followed.
func checkFollowed(origin string, job *batchv1.Job) error {
	spec := job.Spec
	switch policy := spec.Template.Spec.RestartPolicy; {
	case policy != corev1.RestartPolicyNever:
		return &Error{fmt.Sprintf("%s: restartPolicy %s cannot be followed: the kubelet starts the handler again in the same pod", origin, keyname.Quote(string(policy))),
			"set restartPolicy: Never, and the Job's backoffLimit for the number of retries"}
	case spec.Suspend != nil && *spec.Suspend:
		return &Error{origin + ": the Job is suspended, and nothing would start it", "remove suspend: true"}
	case spec.ManualSelector != nil && *spec.ManualSelector:
		return &Error{origin + ": a Job with manualSelector cannot be followed: its pods are not found by its UID", "remove manualSelector and selector"}
	}
	return nil
}

// warnOfOthers warns of the objects of a file that are not created.
func (p *plan) warnOfOthers(origin string, file *yamledit.File, chosen *yamledit.Document) {
	for _, d := range file.Documents {
		if kind := yamledit.Text(d.Root, "kind"); d != chosen && kind != "" {
			p.warn("create the others with kubectl apply", "%s: %s %q is not created: run creates only the Job",
				origin, keyname.Plain(kind), yamledit.Text(d.Root, "metadata", "name"))
		}
	}
}
