package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seed45446ece/launcher/cluster"
	"github.com/seed45446ece/launcher/resolve"
)

// settle is how long a reason that looks permanent has to last: a kubelet that has
// not heard of a Secret yet gives the same one. A short --start-timeout shortens it.
const settle = 15 * time.Second

// eventsEvery is how long to wait between two reads of the events.
const eventsEvery = 2 * time.Second

// settleTime returns the time that a permanent reason has to last.
func (w *waiting) settleTime() time.Duration {
	if w.StartTimeout > 0 {
		return min(settle, w.StartTimeout/4)
	}
	return settle
}

// readEvents reads the namespace's warnings until ctx ends. Without the right to read
// them, only the pods' status says what is wrong; the wait's own context then serves to
// ask which right is missing.
func (w *waiting) readEvents(ctx, wait context.Context) {
	every := eventsEvery
	if w.StartTimeout > 0 {
		every = min(every, w.StartTimeout/20)
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(every):
		}
		list, err := w.Cluster.Core.Events(w.Cluster.Namespace).List(ctx, metav1.ListOptions{FieldSelector: "type=Warning"})
		switch {
		case apierrors.IsForbidden(err):
			w.logs.fail(w.explain(wait, "read the events of", err))
			return
		case err == nil:
			send(ctx, w.changes.events, list.Items)
		}
	}
}

// look notes whether a pod has started, and warns of what keeps the others from it.
func (w *waiting) look() {
	for _, name := range slices.Sorted(maps.Keys(w.pods)) {
		started, _ := started(w.pods[name], w.Container)
		w.begun = w.begun || started
	}
	if w.begun {
		w.stopEvents()
	}
	for _, o := range w.obstacles() {
		if w.signal == 0 {
			w.warn(errors.New(o.text))
		}
	}
	o := w.permanent()
	switch {
	case o == nil:
	case o.certain:
		w.changes.settling = closed()
	case w.changes.settling == nil:
		w.changes.settling = timer(w.settleTime())
	}
}

// closed returns a channel that can be received from at once.
func closed() <-chan time.Time {
	c := make(chan time.Time)
	close(c)
	return c
}

// obstacles returns what keeps pods from starting, the pods' own reasons first.
func (w *waiting) obstacles() []obstacle {
	var found []obstacle
	for _, name := range slices.Sorted(maps.Keys(w.pods)) {
		if o := ofStatus(w.pods[name]); o.text != "" {
			found = append(found, o)
		}
	}
	for _, e := range w.events {
		if !w.begun && w.concerns(e) {
			found = append(found, ofEvent(e))
		}
	}
	for i := range found {
		found[i].text = withoutValues(found[i].text, w.Manifest.Spec.Template.Spec)
		if w.embedded { // the reason may hold the pod's variables in any form
			found[i].text = fmt.Sprintf("%s: run kubectl -n %s get events to see why", found[i].what, w.Cluster.Namespace)
		}
	}
	return found
}

// concerns reports whether an event is about what this Job waits for now.
func (w *waiting) concerns(e corev1.Event) bool {
	object := e.InvolvedObject
	if object.Kind == "Job" {
		return object.UID == w.Manifest.UID && len(w.pods) == 0 && e.Reason == "FailedCreate"
	}
	pod := w.pods[object.Name]
	if object.Kind != "Pod" || pod == nil || pod.UID != object.UID || pod.Status.Phase != corev1.PodPending || slices.Contains(inStatus, e.Reason) {
		return false
	}
	if w.Values != nil && strings.Contains(e.Message, fmt.Sprintf("secret %q not found", w.Values.Name)) {
		return false // it is there by now
	}
	mounted := slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReadyToStartContainers && c.Status == corev1.ConditionTrue
	})
	return !mounted
}

// inStatus lists the events whose reason is in the pod's status too, or that are about
// a container that has started.
var inStatus = []string{"Failed", "BackOff", "FailedScheduling", "InspectFailed", "Unhealthy", "Preempted"}

// permanent returns what will not pass by itself, nil if nothing is known.
func (w *waiting) permanent() *obstacle {
	if w.begun {
		return nil
	}
	for _, o := range w.obstacles() {
		if o.permanent {
			return &o
		}
	}
	return nil
}

// stuck is the end of a Job that does not start, with what the cluster says.
func (w *waiting) stuck(what string) error {
	o := w.permanent()
	text := fmt.Sprintf("job %s: %s", w.name(), what)
	if o != nil {
		return &cluster.Error{What: text + ": " + o.text, Advice: cmp.Or(o.advice, "correct the cause and run it again")}
	}
	if all := w.obstacles(); len(all) > 0 {
		text += ": " + all[len(all)-1].text
	}
	return resolve.Unavailable(text)
}
