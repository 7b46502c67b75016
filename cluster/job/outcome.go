package job

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// Outcome is how a Job ended, as one status: the handler's, 128+n where signal
// n ended it, or one of the launcher's own.
type Outcome struct {
	Status int
	Why    string   // "" where the status says it all
	Lines  []string // the launcher's own messages, from the pod
	Advice string
	Left   bool            // the Job has been told to end, and was not waited for
	Goes   bool            // the Job goes on unless it is deleted
	Pod    *corev1.PodSpec // as the cluster has it; nil if no pod was seen
}

// The launcher's own statuses.
const (
	unavailable = 124
	refused     = 125
	cannotRun   = 126
	notFound    = 127
)

// finished is the condition by which a Job has ended, nil before.
func finished(job *batchv1.Job) *batchv1.JobCondition {
	for i := range job.Status.Conditions {
		c := &job.Status.Conditions[i]
		if c.Status == corev1.ConditionTrue && (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) {
			return c
		}
	}
	return nil
}

// outcome returns the outcome of a Job that has ended. The status comes from the
// last pod that failed by itself, not from one that was ended for it.
func outcome(c *batchv1.JobCondition, pods map[string]*corev1.Pod, container string) Outcome {
	if c.Type == batchv1.JobComplete {
		return Outcome{}
	}
	if c.Reason == batchv1.JobReasonDeadlineExceeded {
		return Outcome{Status: unavailable, Why: "the Job's deadline has passed: " + c.Message, Advice: "raise --deadline, which covers all pods and retries of the Job"}
	}
	pod, state := failed(pods, container, false)
	if state == nil {
		pod, state = failed(pods, container, true)
	}
	if state == nil {
		return Outcome{Status: refused, Why: fmt.Sprintf("%s: %s", c.Reason, c.Message)}
	}
	return ofPod(pod, state)
}

// failed returns the last container that ended with a status other than 0, and its
// pod. In one pod, the handler's container comes before the others. Deleted pods count
// only if they are asked for.
func failed(pods map[string]*corev1.Pod, container string, deleted bool) (*corev1.Pod, *corev1.ContainerStateTerminated) {
	var of *corev1.Pod
	var last *corev1.ContainerStateTerminated
	for _, pod := range pods {
		if pod.DeletionTimestamp != nil && !deleted {
			continue
		}
		if t := failedIn(pod, container); t != nil && (last == nil || later(pod, t, of, last)) {
			of, last = pod, t
		}
	}
	return of, last
}

// failedIn returns the end of the handler's container if it failed, else of the last of
// the others that failed.
func failedIn(pod *corev1.Pod, container string) *corev1.ContainerStateTerminated {
	var last *corev1.ContainerStateTerminated
	for _, status := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		t := status.State.Terminated
		switch {
		case t == nil || t.ExitCode == 0:
		case status.Name == container:
			return t
		case last == nil || later(pod, t, pod, last):
			last = t
		}
	}
	return last
}

// handlersOwn reports whether the handler itself ended with 124, as timeout(1) does. The launcher writes why it ends with 124.
func handlersOwn(t *corev1.ContainerStateTerminated) bool {
	return t.ExitCode == unavailable && !slices.ContainsFunc(strings.Split(t.Message, "\n"), func(line string) bool {
		message, text := strings.CutPrefix(line, "launcher: ")
		return text && !strings.HasPrefix(message, "warning: ") || strings.HasPrefix(line, `{"level":"error",`)
	})
}

// ranTo returns how a container ended, nil if it has not, or if its process never ran. The
// kubelet says 137 of one that was deleted before its start.
func ranTo(pod *corev1.Pod, container string) *corev1.ContainerStateTerminated {
	for _, status := range pod.Status.ContainerStatuses {
		if t := status.State.Terminated; t != nil && status.Name == container &&
			t.Reason != "ContainerStatusUnknown" && !slices.Contains(neverRan, t.Reason) {
			return t
		}
	}
	return nil
}

// later orders the ends of two containers, by name where they are at the same
// second.
func later(a *corev1.Pod, x *corev1.ContainerStateTerminated, b *corev1.Pod, y *corev1.ContainerStateTerminated) bool {
	return cmp.Or(x.FinishedAt.Compare(y.FinishedAt.Time), a.CreationTimestamp.Compare(b.CreationTimestamp.Time), strings.Compare(a.Name, b.Name)) > 0
}

// neverRan lists the reasons of containers whose process was not started.
var neverRan = []string{"StartError", "ContainerCannotRun"}

// ofPod explains the end of one pod.
func ofPod(pod *corev1.Pod, t *corev1.ContainerStateTerminated) Outcome {
	o := Outcome{Status: int(t.ExitCode)}
	switch {
	case t.Reason == "OOMKilled":
		o.Why, o.Advice = fmt.Sprintf("pod %s ran out of memory", pod.Name), "give it more with --limits memory=SIZE"
	case slices.Contains(neverRan, t.Reason):
		o.Why = fmt.Sprintf("pod %s: the container was not started: %s: %s", pod.Name, t.Reason, t.Message)
		if strings.Contains(t.Message, "no such file or directory") {
			o.Advice = "check that the image has the command, and the launcher at --launcher-path"
		}
	case pod.Status.Reason != "":
		o.Why = fmt.Sprintf("pod %s: %s: %s", pod.Name, pod.Status.Reason, pod.Status.Message)
	case t.ExitCode >= unavailable && t.ExitCode <= notFound:
		if o.Lines = own(t.Message); len(o.Lines) > 0 {
			o.Why = fmt.Sprintf("pod %s: status %d is the launcher's: %s", pod.Name, t.ExitCode, meaning[int(t.ExitCode)])
		}
	}
	return o
}

// meaning is what the launcher's statuses say.
var meaning = map[int]string{
	unavailable: "temporary failure to resolve the secrets; retrying may help",
	refused:     "permanent failure; retrying will not help",
	cannotRun:   "the command cannot be run",
	notFound:    "the command does not exist",
}

// own is the launcher's lines of a termination message. A handler may write
// others there.
func own(message string) []string {
	var lines []string
	for line := range strings.Lines(message) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "launcher: ") || len(lines) > 0 && strings.HasPrefix(line, "hint: ") {
			lines = append(lines, line)
		}
	}
	return lines
}

// started reports whether a container of the pod runs or ran.
func started(pod *corev1.Pod, container string) (started, ended bool) {
	for _, status := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if status.Name == container {
			return status.State.Running != nil || status.State.Terminated != nil, status.State.Terminated != nil
		}
	}
	return false, false
}
