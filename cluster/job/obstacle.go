package job

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// obstacle is why a pod cannot start.
type obstacle struct {
	what      string // the object and the reason
	text      string // the same with the cluster's message
	permanent bool   // it does not pass by itself
	certain   bool   // it is permanent from its first moment
	advice    string
}

func newObstacle(kind, name, reason, message string) obstacle {
	what := fmt.Sprintf("%s %s: %s", strings.ToLower(kind), name, reason)
	return obstacle{what: what, text: what + ": " + message}
}

// ofStatus returns why a pod does not start by its own status, nothing if that says no
// reason.
func ofStatus(pod *corev1.Pod) obstacle {
	if pod.Status.Phase != corev1.PodPending {
		return obstacle{}
	}
	for _, status := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		w := status.State.Waiting
		if w == nil || w.Reason == "ContainerCreating" || w.Reason == "PodInitializing" || w.Reason == "" {
			continue
		}
		o := newObstacle("pod", pod.Name, w.Reason, w.Message)
		switch w.Reason {
		case "InvalidImageName":
			o.permanent, o.certain, o.advice = true, true, "correct --image or --launcher-image"
		case "ErrImageNeverPull":
			o.permanent, o.advice = true, "load the image into the cluster's nodes"
		case "CreateContainerConfigError":
			o.permanent, o.advice = true, "add the key to the Secret that the pod refers to"
		}
		return o
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Message != "" {
			o := newObstacle("pod", pod.Name, c.Reason, c.Message)
			o.permanent = claimMissing.MatchString(c.Message)
			return o
		}
	}
	return obstacle{}
}

var claimMissing = regexp.MustCompile(`persistentvolumeclaim "[^"]*" not found`)

// ofEvent returns what a warning says.
func ofEvent(e corev1.Event) obstacle {
	o := newObstacle(e.InvolvedObject.Kind, e.InvolvedObject.Name, e.Reason, e.Message)
	if strings.Contains(e.Message, "exceeded quota: ") {
		o.permanent = neverFits(e.Message)
		o.advice = "lower --requests and --limits, or raise the quota"
		return o
	}
	for _, c := range permanentCauses {
		if e.Reason == c.reason && c.message.MatchString(e.Message) {
			o.permanent, o.advice = true, c.advice
			return o
		}
	}
	return o
}

// permanentCauses lists the warnings about what does not pass by itself.
var permanentCauses = []struct {
	reason  string
	message *regexp.Regexp
	advice  string
}{
	{"FailedCreate", regexp.MustCompile(`error looking up service account`), "create the service account, or give another --service-account"},
	{"FailedCreate", regexp.MustCompile(`failed quota: .*must specify`), "give --requests and --limits for what the quota counts"},
	{"FailedCreate", regexp.MustCompile(`violates PodSecurity`), "correct the pod's securityContext or --user, or use another namespace: the pod security level refuses the pod"},
	{"FailedCreate", regexp.MustCompile(` is forbidden: | is invalid: |denied the request`), "correct what the cluster's message names"},
	{"FailedMount", regexp.MustCompile(`(secret|configmap) "[^"]*" not found`), "create it, or correct its name in the task"},
	{"FailedMount", regexp.MustCompile(`references non-existent secret key`), "add the key to the Secret"},
}

// quotaNumbers finds what a pod asks of a quota, and what that allows.
var quotaNumbers = regexp.MustCompile(`requested: (\S+), used: \S+, limited: (\S+)`)

// neverFits reports whether a pod asks for more than a quota allows in all. Other pods
// that end are of no help then.
func neverFits(message string) bool {
	found := quotaNumbers.FindStringSubmatch(message)
	if found == nil {
		return false
	}
	limits := quantities(found[2])
	for name, asked := range quantities(found[1]) {
		if limit, ok := limits[name]; ok && asked.Cmp(limit) > 0 {
			return true
		}
	}
	return false
}

// quantities reads NAME=QUANTITY, separated by commas.
func quantities(text string) map[string]resource.Quantity {
	all := map[string]resource.Quantity{}
	for pair := range strings.SplitSeq(text, ",") {
		name, quantity, _ := strings.Cut(pair, "=")
		if q, err := resource.ParseQuantity(quantity); err == nil {
			all[name] = q
		}
	}
	return all
}

// withoutValues cuts a message off where it shows a variable of the pod. A runtime
// quotes NAME=VALUE if it cannot start a container with it.
func withoutValues(message string, pod corev1.PodSpec) string {
	end := len(message)
	for _, container := range slices.Concat(pod.InitContainers, pod.Containers) {
		for _, v := range container.Env {
			shown := regexp.MustCompile(`(^|[^A-Za-z0-9_.-])` + regexp.QuoteMeta(v.Name) + `=`)
			if at := shown.FindStringIndex(message); at != nil {
				end = min(end, at[1])
			}
		}
	}
	if end < len(message) {
		return message[:end] + "(its value is not shown)"
	}
	return message
}
