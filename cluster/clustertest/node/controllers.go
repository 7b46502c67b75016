package node

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// jobState is what the pods of a Job have come to.
type jobState struct {
	active    []*corev1.Pod
	succeeded map[int]bool // indexes
	failures  int32        // that count
	fatal     string       // why the Job fails
	last      time.Time    // of the failures
}

// reconcileJob creates the pods of a Job, and ends it.
func (n *Node) reconcileJob(at string) {
	job := &batchv1.Job{}
	if !n.get(at, job) || len(job.Status.Conditions) > 0 {
		return
	}
	pods := n.podsOf(job)
	if job.DeletionTimestamp != nil {
		if len(pods) == 0 {
			n.Remove(at)
		}
		return
	}
	completions := int(valueOr(job.Spec.Completions, 1))
	state := judge(job, pods)
	limit := job.Spec.ActiveDeadlineSeconds
	switch {
	case state.fatal != "":
		n.endJob(at, batchv1.JobFailed, batchv1.JobReasonPodFailurePolicy, state.fatal)
	case state.failures > valueOr(job.Spec.BackoffLimit, 6):
		n.endJob(at, batchv1.JobFailed, batchv1.JobReasonBackoffLimitExceeded, "Job has reached the specified backoff limit")
	case limit != nil && time.Since(job.CreationTimestamp.Time) > time.Duration(*limit)*time.Second:
		for _, p := range state.active {
			edit(n, namespaceOf(at)+"/pods/"+p.Name, func(p *corev1.Pod) { p.DeletionTimestamp = new(metav1.Now()) })
		}
		n.endJob(at, batchv1.JobFailed, batchv1.JobReasonDeadlineExceeded, "Job was active longer than specified deadline")
	case len(state.succeeded) == completions:
		n.endJob(at, batchv1.JobComplete, "CompletionsReached", "")
	case time.Since(state.last) > again:
		n.fill(at, job, state, completions)
	}
}

func valueOr(value *int32, otherwise int32) int32 {
	if value != nil {
		return *value
	}
	return otherwise
}

// judge applies the podFailurePolicy to the pods.
func judge(job *batchv1.Job, pods []*corev1.Pod) jobState {
	state := jobState{succeeded: map[int]bool{}}
	for _, p := range pods {
		switch {
		case p.Status.Phase == corev1.PodSucceeded:
			state.succeeded[indexOf(p)] = true
		case p.Status.Phase != corev1.PodFailed:
			state.active = append(state.active, p)
		default:
			action, status := policyFor(job, p)
			if action == batchv1.PodFailurePolicyActionFailJob {
				state.fatal = fmt.Sprintf("Container for pod %s failed with exit code %d matching FailJob rule", p.Name, status)
			}
			if action == batchv1.PodFailurePolicyActionCount {
				state.failures++
			}
			for _, c := range p.Status.ContainerStatuses {
				if t := c.State.Terminated; t != nil && t.FinishedAt.After(state.last) {
					state.last = t.FinishedAt.Time
				}
			}
		}
	}
	return state
}

func indexOf(p *corev1.Pod) int {
	index, _ := strconv.Atoi(p.Annotations[batchv1.JobCompletionIndexAnnotation])
	return index
}

// policyFor returns what the Job does about a pod that failed.
func policyFor(job *batchv1.Job, p *corev1.Pod) (batchv1.PodFailurePolicyAction, int32) {
	if job.Spec.PodFailurePolicy != nil {
		for _, rule := range job.Spec.PodFailurePolicy.Rules {
			for _, c := range p.Status.ContainerStatuses {
				on := rule.OnExitCodes
				if on != nil && c.State.Terminated != nil && (on.ContainerName == nil || *on.ContainerName == c.Name) && slices.Contains(on.Values, c.State.Terminated.ExitCode) {
					return rule.Action, c.State.Terminated.ExitCode
				}
			}
		}
	}
	return batchv1.PodFailurePolicyActionCount, 0
}

// fill creates the pods that a Job lacks.
func (n *Node) fill(at string, job *batchv1.Job, state jobState, completions int) {
	busy := map[int]bool{}
	for _, p := range state.active {
		busy[indexOf(p)] = true
	}
	for index := range completions {
		if len(busy) >= int(valueOr(job.Spec.Parallelism, 1)) {
			return
		}
		if busy[index] || state.succeeded[index] {
			continue
		}
		busy[index] = true
		n.createPod(at, "Job", job, job.Spec.Template, func(p *corev1.Pod) {
			setLabel(p, batchv1.ControllerUidLabel, string(job.UID))
			setLabel(p, batchv1.JobNameLabel, job.Name)
			if job.Spec.Completions == nil {
				return
			}
			metav1.SetMetaDataAnnotation(&p.ObjectMeta, batchv1.JobCompletionIndexAnnotation, strconv.Itoa(index))
			for i := range p.Spec.Containers {
				p.Spec.Containers[i].Env = append(p.Spec.Containers[i].Env, corev1.EnvVar{Name: "JOB_COMPLETION_INDEX", Value: strconv.Itoa(index)})
			}
		})
	}
}

func setLabel(p *corev1.Pod, name, value string) { metav1.SetMetaDataLabel(&p.ObjectMeta, name, value) }

func (n *Node) endJob(at string, kind batchv1.JobConditionType, reason, message string) {
	edit(n, at, func(job *batchv1.Job) {
		job.Status.Conditions = []batchv1.JobCondition{{Type: kind, Status: corev1.ConditionTrue, Reason: reason, Message: message}}
	})
}

// reconcileDeployment creates the pods of a Deployment, and says whether they run.
func (n *Node) reconcileDeployment(at string) {
	d := &appsv1.Deployment{}
	if !n.get(at, d) {
		return
	}
	pods, ready := n.podsOf(d), int32(0)
	for range int(valueOr(d.Spec.Replicas, 1)) - len(pods) {
		n.createPod(at, "Deployment", d, d.Spec.Template, nil)
	}
	for _, p := range pods {
		if p.Status.Phase == corev1.PodRunning {
			ready++
		}
	}
	if ready != d.Status.AvailableReplicas {
		edit(n, at, func(d *appsv1.Deployment) { d.Status.AvailableReplicas = ready })
	}
}
