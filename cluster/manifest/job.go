package manifest

import (
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// object is what owns a Secret.
type object struct{ kind, name, namespace string }

// job is the plan as a Job of its own.
func (p *plan) job() *batchv1.Job {
	job := &batchv1.Job{
		TypeMeta:   metav1.TypeMeta{APIVersion: "batch/v1", Kind: "Job"},
		ObjectMeta: metav1.ObjectMeta{Name: p.name, Namespace: p.Namespace, Labels: p.labels},
		Spec: batchv1.JobSpec{
			BackoffLimit:     new(p.Retries),
			PodFailurePolicy: failurePolicy(containerName, p.Deadline > 0),
			Template:         corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: p.labels}, Spec: p.podSpec()},
		},
	}
	if p.Deadline > 0 {
		job.Spec.ActiveDeadlineSeconds = seconds(p.Deadline)
	}
	if p.KeepFor > 0 {
		job.Spec.TTLSecondsAfterFinished = new(int32(*seconds(p.KeepFor)))
	}
	if p.Completions > 0 {
		job.Spec.Completions = new(p.Completions)
		job.Spec.CompletionMode = new(batchv1.IndexedCompletion)
	}
	if p.Parallelism > 0 {
		job.Spec.Parallelism = new(p.Parallelism)
	}
	return job
}

// The launcher's own statuses: contract, "Exit status".
const (
	statusUnavailable = 124
	statusRefused     = 125
	statusCannotRun   = 126
	statusNotFound    = 127
)

// failurePolicy says which status is tried again. 124 is: the handler was not
// started. Where a deadline bounds that it does not count against the retries,
// which are the handler's; the waits between grow as for every failed pod. 125
// to 127 would be the same another time, for every index of the Job. A pod that
// the cluster took away is no failure.
func failurePolicy(container string, bounded bool) *batchv1.PodFailurePolicy {
	again := batchv1.PodFailurePolicyActionCount
	if bounded {
		again = batchv1.PodFailurePolicyActionIgnore
	}
	on := func(action batchv1.PodFailurePolicyAction, statuses ...int32) batchv1.PodFailurePolicyRule {
		return batchv1.PodFailurePolicyRule{Action: action, OnExitCodes: &batchv1.PodFailurePolicyOnExitCodesRequirement{
			ContainerName: new(container), Operator: batchv1.PodFailurePolicyOnExitCodesOpIn, Values: statuses}}
	}
	return &batchv1.PodFailurePolicy{Rules: []batchv1.PodFailurePolicyRule{
		{Action: batchv1.PodFailurePolicyActionIgnore, OnPodConditions: []batchv1.PodFailurePolicyOnPodConditionsPattern{
			{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue}}},
		on(batchv1.PodFailurePolicyActionFailJob, statusRefused, statusCannotRun, statusNotFound),
		on(again, statusUnavailable),
	}}
}

// podSpec is the plan as a pod that can do nothing but its work.
func (p *plan) podSpec() corev1.PodSpec {
	volumes, mounts := p.volumes, p.mounts
	if p.ownTemporary() {
		volumes = append(volumes, inMemory(temporaryVolume, resource.MustParse(filesSize)))
		mounts = append(mounts, corev1.VolumeMount{Name: temporaryVolume, MountPath: temporaryDir})
	}
	handler := corev1.Container{
		Name: containerName, Image: p.Image,
		Command: p.command(nil), Args: literals(p.Command),
		Env: p.variables(), VolumeMounts: mounts,
		Resources: corev1.ResourceRequirements{Requests: p.Requests, Limits: p.Limits},
		// The launcher writes its messages there itself; the other policy would
		// copy what the handler logs to where a reader of pods sees it.
		TerminationMessagePolicy: corev1.TerminationMessageReadFile,
		SecurityContext:          hardened(),
	}
	pod := corev1.PodSpec{
		InitContainers: p.init, Containers: []corev1.Container{handler},
		Volumes:            volumes,
		ImagePullSecrets:   p.pullSecrets(),
		RestartPolicy:      corev1.RestartPolicyNever,
		NodeSelector:       p.NodeSelector,
		ServiceAccountName: p.ServiceAccount,
		EnableServiceLinks: new(false), // a handler's own variables are a place where it looks for secrets
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: new(p.User.UID != 0), RunAsUser: new(p.User.UID), RunAsGroup: new(p.User.GID),
			FSGroup:        new(p.User.GID), // it may read what only the owner, root, could
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
	}
	if p.ServiceAccount == "" {
		pod.AutomountServiceAccountToken = new(false)
	}
	if p.Launcher.Grace > ordinaryGrace {
		pod.TerminationGracePeriodSeconds = seconds(p.Launcher.Grace + marginOfGrace)
	}
	return pod
}

// ordinaryGrace is how long a pod has after TERM, less what the launcher takes
// after its own --grace.
const (
	ordinaryGrace = 25 * time.Second
	marginOfGrace = 5 * time.Second
)
