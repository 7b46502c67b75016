package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

// recorder watches what others can read: pods, Jobs, CronJobs, Deployments and events. It
// keeps the last state of each pod, also of pods that are gone, and looks for values in
// every state of every object.
type recorder struct {
	*kube
	*canaries
	mu     sync.Mutex
	pods   map[string]*corev1.Pod
	order  []string // of the pods' names
	events map[string]*corev1.Event
	seen   map[string]int // states, by kind
	hits   []string
	gone   map[string]time.Time // of the pods: when they were last seen
}

func newRecorder(k *kube, c *canaries) *recorder {
	return &recorder{kube: k, canaries: c, pods: map[string]*corev1.Pod{}, events: map[string]*corev1.Event{}, seen: map[string]int{}, gone: map[string]time.Time{}}
}

// source is one collection that is watched.
type source struct {
	kind  string
	list  func(context.Context, metav1.ListOptions) (runtime.Object, error)
	watch func(context.Context, metav1.ListOptions) (watch.Interface, error)
}

func sourceOf[L runtime.Object](kind string, list func(context.Context, metav1.ListOptions) (L, error), watch func(context.Context, metav1.ListOptions) (watch.Interface, error)) source {
	return source{kind, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) { return list(ctx, o) }, watch}
}

// start watches until ctx ends.
func (r *recorder) start(ctx context.Context) {
	pods, events := r.core.Pods(r.namespace), r.core.Events(r.namespace)
	jobs, crons, deployments := r.batch.Jobs(r.namespace), r.batch.CronJobs(r.namespace), r.apps.Deployments(r.namespace)
	for _, s := range []source{
		sourceOf("pod", pods.List, pods.Watch), sourceOf("event", events.List, events.Watch), sourceOf("job", jobs.List, jobs.Watch),
		sourceOf("cronjob", crons.List, crons.Watch), sourceOf("deployment", deployments.List, deployments.Watch),
	} {
		go func() {
			for ctx.Err() == nil {
				r.follow(ctx, s)
				select {
				case <-ctx.Done():
				case <-time.After(time.Second):
				}
			}
		}()
	}
}

// follow lists and watches one collection until that ends, as every watch does.
func (r *recorder) follow(ctx context.Context, s source) {
	list, err := s.list(ctx, metav1.ListOptions{})
	if err != nil {
		return
	}
	items, err := meta.ExtractList(list)
	if err != nil {
		return
	}
	for _, item := range items {
		r.record(s.kind, item)
	}
	accessor, err := meta.ListAccessor(list)
	if err != nil {
		return
	}
	w, err := s.watch(ctx, metav1.ListOptions{ResourceVersion: accessor.GetResourceVersion()})
	if err != nil {
		return
	}
	defer w.Stop()
	for e := range w.ResultChan() {
		if e.Type == watch.Added || e.Type == watch.Modified || e.Type == watch.Deleted {
			r.record(s.kind, e.Object)
		}
	}
}

func (r *recorder) record(kind string, object runtime.Object) {
	text, _ := json.Marshal(object) // types of the API have no way to fail
	r.mu.Lock()
	r.seen[kind]++
	switch o := object.(type) {
	case *corev1.Pod:
		if r.pods[o.Name] == nil {
			r.order = append(r.order, o.Name)
		}
		r.pods[o.Name], r.gone[o.Name] = o, time.Now()
	case *corev1.Event:
		r.events[o.Name] = o
	}
	r.mu.Unlock()
	name, _ := meta.NewAccessor().Name(object)
	r.look(kind+" "+name, string(text))
}

// look notes the values that a text holds and must not.
func (r *recorder) look(where, text string) {
	for _, label := range r.found(text) {
		r.mu.Lock()
		if hit := fmt.Sprintf("the value of %s is in %s", label, where); !slices.Contains(r.hits, hit) {
			r.hits = append(r.hits, hit)
		}
		r.mu.Unlock()
	}
}

// podsOf returns the pods whose name starts with prefix, the first first, also those
// that are gone.
func (r *recorder) podsOf(prefix string) []*corev1.Pod {
	r.mu.Lock()
	defer r.mu.Unlock()
	var pods []*corev1.Pod
	for _, name := range r.order {
		if strings.HasPrefix(name, prefix) {
			pods = append(pods, r.pods[name])
		}
	}
	return pods
}

// eventsOf returns the events about the objects whose name starts with prefix.
func (r *recorder) eventsOf(prefix string) []*corev1.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	var events []*corev1.Event
	for _, e := range r.events {
		if strings.HasPrefix(e.InvolvedObject.Name, prefix) {
			events = append(events, e)
		}
	}
	slices.SortFunc(events, func(a, b *corev1.Event) int { return a.CreationTimestamp.Compare(b.CreationTimestamp.Time) })
	return events
}

// handlerEnd returns how the handler's container of a pod ended, nil if it has not.
func handlerEnd(pod *corev1.Pod) *corev1.ContainerStateTerminated {
	for _, status := range pod.Status.ContainerStatuses {
		if status.State.Terminated != nil {
			return status.State.Terminated
		}
	}
	return nil
}
