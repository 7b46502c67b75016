package job

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ending is how a pod's container ended.
type ending struct {
	pod     string
	status  int32
	at      int // seconds
	reason  string
	message string
	deleted bool
}

func podsOf(endings ...ending) map[string]*corev1.Pod {
	pods := map[string]*corev1.Pod{}
	for _, e := range endings {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: e.pod}}
		if e.deleted {
			pod.DeletionTimestamp = &metav1.Time{Time: time.Unix(0, 0)}
		}
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
			ExitCode: e.status, Reason: e.reason, Message: e.message, FinishedAt: metav1.Unix(int64(e.at), 0),
		}}}}
		pods[e.pod] = pod
	}
	return pods
}

func TestTheStatusIsThatOfThePodThatFailedLast(t *testing.T) {
	failed := &batchv1.JobCondition{Type: batchv1.JobFailed, Reason: "BackoffLimitExceeded", Message: "too many"}
	for name, c := range map[string]struct {
		condition *batchv1.JobCondition
		pods      map[string]*corev1.Pod
		status    int
		why       string
	}{
		"complete":              {&batchv1.JobCondition{Type: batchv1.JobComplete}, podsOf(ending{pod: "a", status: 3}), 0, ""},
		"the only one":          {failed, podsOf(ending{pod: "a", status: 42}), 42, ""},
		"the last":              {failed, podsOf(ending{pod: "a", status: 1, at: 2}, ending{pod: "b", status: 2, at: 1}), 1, ""},
		"the same second":       {failed, podsOf(ending{pod: "a", status: 1}, ending{pod: "b", status: 2}), 2, ""},
		"one was ended for it":  {failed, podsOf(ending{pod: "a", status: 7, at: 1}, ending{pod: "b", status: 143, at: 2, deleted: true}), 7, ""},
		"all were ended":        {failed, podsOf(ending{pod: "a", status: 143, deleted: true}), 143, ""},
		"none failed":           {failed, podsOf(ending{pod: "a", status: 0}), 125, "BackoffLimitExceeded: too many"},
		"no pod":                {failed, nil, 125, "BackoffLimitExceeded: too many"},
		"the deadline":          {&batchv1.JobCondition{Type: batchv1.JobFailed, Reason: batchv1.JobReasonDeadlineExceeded, Message: "late"}, podsOf(ending{pod: "a", status: 143}), 124, "the Job's deadline has passed: late"},
		"out of memory":         {failed, podsOf(ending{pod: "a", status: 137, reason: "OOMKilled"}), 137, "pod a ran out of memory"},
		"not started":           {failed, podsOf(ending{pod: "a", status: 128, reason: "StartError", message: "exec: /x: permission denied"}), 128, "pod a: the container was not started: StartError: exec: /x: permission denied"},
		"a handler's own 125":   {failed, podsOf(ending{pod: "a", status: 125, message: "mine"}), 125, ""},
		"the launcher's 124":    {failed, podsOf(ending{pod: "a", status: 124, message: "x\nlauncher: y\nhint: z\n"}), 124, "pod a: status 124 is the launcher's: " + meaning[124]},
		"another's hint before": {failed, podsOf(ending{pod: "a", status: 126, message: "hint: z\nlauncher: y"}), 126, "pod a: status 126 is the launcher's: " + meaning[126]},
	} {
		got := outcome(c.condition, c.pods, "main")
		require.Equal(t, c.status, got.Status, name)
		require.Equal(t, c.why, got.Why, name)
		for _, line := range got.Lines {
			require.Regexp(t, "^(launcher: y|hint: z)$", line, name)
		}
	}
}

// TestFinishedIsAConditionThatHolds and not one that held, or that comes before
// the end.
func TestFinishedIsAConditionThatHolds(t *testing.T) {
	job := &batchv1.Job{}
	require.Nil(t, finished(job))
	job.Status.Conditions = []batchv1.JobCondition{
		{Type: batchv1.JobSuspended, Status: corev1.ConditionTrue}, {Type: batchv1.JobFailed, Status: corev1.ConditionFalse}, {Type: batchv1.JobFailureTarget, Status: corev1.ConditionTrue},
	}
	require.Nil(t, finished(job))
	job.Status.Conditions = append(job.Status.Conditions, batchv1.JobCondition{Type: batchv1.JobComplete, Status: corev1.ConditionTrue})
	require.Equal(t, batchv1.JobComplete, finished(job).Type)
}

func TestThePodsStatusSaysWhyItDoesNotStart(t *testing.T) {
	waiting := func(reason string) corev1.PodStatus {
		return corev1.PodStatus{Phase: corev1.PodPending, ContainerStatuses: []corev1.ContainerStatus{
			{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: "why"}}},
		}}
	}
	running := waiting("ErrImagePull")
	running.Phase = corev1.PodRunning
	for _, c := range []struct {
		status    corev1.PodStatus
		reason    string
		permanent bool
	}{
		{waiting("ErrImagePull"), "pod p: ErrImagePull: why", false},
		{waiting("InvalidImageName"), "pod p: InvalidImageName: why", true},
		{waiting("CreateContainerConfigError"), "pod p: CreateContainerConfigError: why", true},
		{waiting("ContainerCreating"), "", false},
		{running, "", false},
		{corev1.PodStatus{Phase: corev1.PodPending}, "", false},
		{corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{
			{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "no node"},
		}}, "pod p: Unschedulable: no node", false},
	} {
		o := ofStatus(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p"}, Status: c.status})
		require.Equal(t, c.reason, o.text)
		require.Equal(t, c.permanent, o.permanent, o.text)
	}
}
