package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// middleAreas returns the areas whose checks run side by side. What takes long is first.
func (s *suite) middleAreas() []*area {
	return []*area{s.intoArea(), s.statusesArea(), s.usersArea(), s.handlerArea(), s.sourcesArea()}
}

// lastAreas returns the areas that look at what the others did.
func (s *suite) lastAreas() []*area {
	return []*area{
		{name: "canaries", checks: []check{{"canaries", "no value in any pod, Job, CronJob, Deployment, event, or message", noValues}}},
		{name: "leftovers", checks: []check{{"leftovers", "nothing is left in the namespace", nothingLeft}}},
	}
}

// noValues first makes a pod with a value in an annotation: the recorder must find that
// one, and no other.
func noValues(ctx context.Context, p *probe) error {
	pod := confinedPod(p.id, p.image, []string{"/launcher", "version"})
	pod.Annotations = map[string]string{"e2e": p.canaries.value("CONTROL")}
	pods := p.kube.core.Pods(p.kube.namespace)
	if _, err := pods.Create(ctx, pod, metav1.CreateOptions{}); created(err) != nil {
		return err
	}
	defer func() {
		_ = pods.Delete(context.WithoutCancel(ctx), p.id, metav1.DeleteOptions{GracePeriodSeconds: new(int64(0))})
	}()
	control := "the value of CONTROL is in pod " + p.id
	err := until(ctx, startTime, "the value that is in a pod on purpose", func(context.Context) (bool, error) {
		hits, _ := p.recorder.state()
		return slices.Contains(hits, control), nil
	})
	if err != nil {
		return err
	}
	hits, seen := p.recorder.state()
	hits = slices.DeleteFunc(hits, func(hit string) bool { return hit == control })
	if len(hits) > 0 {
		return errors.New(strings.Join(hits, "\n"))
	}
	p.say("        looked at the states of objects: %v", seen)
	for _, kind := range []string{"pod", "job", "event"} {
		if seen[kind] == 0 {
			return fmt.Errorf("no state of any %s was seen", kind)
		}
	}
	return nil
}

// state returns what was found so far, and how many states were looked at, by kind.
func (r *recorder) state() ([]string, map[string]int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.hits), maps.Clone(r.seen)
}

// nothingLeft deletes what the checks share, and waits until the namespace is as it was.
func nothingLeft(ctx context.Context, p *probe) error {
	_ = p.removeSecret(ctx, projectSecret)
	_ = p.removeSecret(ctx, otherSecret)
	var left []string
	err := until(ctx, startTime, "an empty namespace", func(ctx context.Context) (bool, error) {
		now, err := p.objects(ctx)
		left = nil
		for name := range now {
			if !p.before[name] {
				left = append(left, name)
			}
		}
		slices.Sort(left)
		return err == nil && len(left) == 0, err
	})
	if err != nil {
		return fmt.Errorf("%w\nleft: %s", err, strings.Join(left, ", "))
	}
	return nil
}

// objects returns the names of all objects of the namespace that a check may create, or a
// controller for it. Events are left out: they stay for an hour. So are ConfigMaps: only the cluster creates them.
func (s *suite) objects(ctx context.Context) (map[string]bool, error) {
	n := s.kube.namespace
	lists := map[string]func() (runtime.Object, error){
		"pod":            func() (runtime.Object, error) { return s.kube.core.Pods(n).List(ctx, metav1.ListOptions{}) },
		"secret":         func() (runtime.Object, error) { return s.kube.core.Secrets(n).List(ctx, metav1.ListOptions{}) },
		"serviceaccount": func() (runtime.Object, error) { return s.kube.core.ServiceAccounts(n).List(ctx, metav1.ListOptions{}) },
		"job":            func() (runtime.Object, error) { return s.kube.batch.Jobs(n).List(ctx, metav1.ListOptions{}) },
		"cronjob":        func() (runtime.Object, error) { return s.kube.batch.CronJobs(n).List(ctx, metav1.ListOptions{}) },
		"deployment":     func() (runtime.Object, error) { return s.kube.apps.Deployments(n).List(ctx, metav1.ListOptions{}) },
		"replicaset":     func() (runtime.Object, error) { return s.kube.apps.ReplicaSets(n).List(ctx, metav1.ListOptions{}) },
		"role":           func() (runtime.Object, error) { return s.kube.rbac.Roles(n).List(ctx, metav1.ListOptions{}) },
		"rolebinding":    func() (runtime.Object, error) { return s.kube.rbac.RoleBindings(n).List(ctx, metav1.ListOptions{}) },
	}
	names := map[string]bool{}
	for kind, list := range lists {
		objects, err := list()
		if err != nil {
			return nil, fmt.Errorf("list each %s: %w", kind, err)
		}
		items, err := meta.ExtractList(objects)
		if err != nil {
			return nil, err
		}
		for _, item := range items {
			name, err := meta.NewAccessor().Name(item)
			if err != nil {
				return nil, err
			}
			names[kind+" "+name] = true
		}
	}
	return names, nil
}
