package job

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"sync"
	"syscall"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/seed45446ece/launcher/resolve/keyname"
)

// logs is the logs of a Job's pods: one stream a container that has started.
type logs struct {
	*Job
	to       *lines
	prefixed bool
	failures chan error

	mu      *sync.Mutex
	all     map[string]*corev1.Pod   // every pod as it was last seen, also those that are gone
	there   map[string]bool          // those that are not gone
	streams map[string]chan struct{} // by pod and container: is sent to at a change
	over    bool                     // all of them have ended
	last    map[string]string        // by container and prefix: the pod whose log began last
	running *sync.WaitGroup
}

func newLogs(j *Job, out io.Writer) logs {
	spec := j.Manifest.Spec
	many := spec.Completions != nil && *spec.Completions > 1 || spec.Parallelism != nil && *spec.Parallelism > 1
	return logs{
		Job: j, to: &lines{out: out}, prefixed: many, failures: make(chan error, 16), mu: &sync.Mutex{},
		all: map[string]*corev1.Pod{}, there: map[string]bool{}, streams: map[string]chan struct{}{}, last: map[string]string{}, running: &sync.WaitGroup{},
	}
}

// follow begins the log of each container that has started since.
func (l *logs) follow(ctx context.Context, pods map[string]*corev1.Pod) {
	l.mu.Lock()
	defer l.mu.Unlock()
	maps.Copy(l.all, pods)
	clear(l.there)
	for name := range pods {
		l.there[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(pods)) {
		for _, container := range l.containers(pods[name]) {
			if _, known := l.streams[name+"/"+container]; known {
				continue
			}
			if started, _ := started(pods[name], container); started {
				l.begin(ctx, pods[name], container)
			}
		}
	}
	for _, changed := range l.streams {
		select {
		case changed <- struct{}{}:
		default: // it has yet to look at the last one
		}
	}
}

// containers is those whose logs are a Job's: its own, not what a cluster adds
// to its pods, and of the init containers those that failed.
func (l *logs) containers(pod *corev1.Pod) []string {
	var names []string
	for _, status := range pod.Status.InitContainerStatuses {
		if t := status.State.Terminated; t != nil && t.ExitCode != 0 {
			names = append(names, status.Name)
		}
	}
	for _, c := range l.Manifest.Spec.Template.Spec.Containers {
		names = append(names, c.Name)
	}
	return names
}

func (l *logs) begin(ctx context.Context, pod *corev1.Pod, container string) {
	place := container + l.prefix(pod)
	if before := l.last[place]; before != "" && before != pod.Name {
		l.fail(fmt.Errorf("pod %s replaces pod %s, and its log starts again", pod.Name, before))
	}
	l.last[place] = pod.Name
	changed := make(chan struct{}, 1)
	l.streams[pod.Name+"/"+container] = changed
	s := &stream{Job: l.Job, pod: pod.Name, container: container, prefix: l.prefix(pod), to: l.to, changed: changed, warn: l.fail,
		ended: func() bool { return l.ended(pod.Name, container) }}
	l.running.Go(func() {
		if err := s.run(ctx); err != nil {
			l.fail(err)
		}
	})
}

func (l *logs) fail(err error) {
	select {
	case l.failures <- err:
	default: // others failed likewise
	}
}

// podSpec returns the specification of one of the pods, nil if none was seen.
func (l *logs) podSpec() *corev1.PodSpec {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, pod := range l.all {
		return &pod.Spec
	}
	return nil
}

// ended reports whether a container has ended; one whose pod is gone has.
func (l *logs) ended(pod, container string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ended := started(l.all[pod], container)
	return ended || !l.there[pod] || l.over
}

// prefix tells the pods of a Job apart, by their index where they have one.
func (l *logs) prefix(pod *corev1.Pod) string {
	if !l.prefixed {
		return ""
	}
	if index := pod.Annotations[batchv1.JobCompletionIndexAnnotation]; index != "" {
		return "[" + keyname.Plain(index) + "] "
	}
	return "[" + keyname.Plain(pod.Name) + "] "
}

// finish returns when the logs of a Job that has ended are read, those of pods
// that were not seen until now among them, or at a signal.
func (l *logs) finish(ctx context.Context, warn func(error), signals <-chan os.Signal) {
	list, err := l.Cluster.Core.Pods(l.Cluster.Namespace).List(ctx, l.ofJob())
	if err == nil && len(list.Items) > 0 { // else what was seen before is what there is
		pods := map[string]*corev1.Pod{}
		for _, pod := range pointers(list.Items) {
			pods[pod.Name] = pod
		}
		l.follow(ctx, pods)
	}
	l.mu.Lock()
	l.over = true
	l.mu.Unlock()
	all := make(chan struct{})
	go func() { l.running.Wait(); close(all) }()
	for {
		select {
		case err := <-l.failures:
			warn(err)
		case <-all:
			if err := l.to.failed; err != nil && !errors.Is(err, syscall.EPIPE) { // whose signal was seen to
				warn(fmt.Errorf("write the logs: %w", err))
			}
			return
		case <-signals:
			return
		}
	}
}
