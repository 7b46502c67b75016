package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// area is a row of the table at the end.
type area struct {
	name      string
	checks    []check
	untested  string // why there are no checks
	passed    int
	failed    []string
	notTested []string
}

// check is one thing that is tested. It returns untested if this cluster cannot show it.
type check struct {
	id, name string
	run      func(context.Context, *probe) error
}

// untested says why a check shows nothing on this cluster.
type untested string

func (u untested) Error() string { return string(u) }

// report prints lines as the checks end, and the table.
type report struct {
	out   io.Writer
	began time.Time
	mu    sync.Mutex
}

func (r *report) say(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, _ = fmt.Fprintf(r.out, "[%4.0f s] %s\n", time.Since(r.began).Seconds(), fmt.Sprintf(format, args...))
}

// do runs one check, prints its line, and counts it.
func (s *suite) do(ctx context.Context, a *area, c check) {
	began := time.Now()
	err := ctx.Err()
	if err == nil {
		err = s.try(ctx, c)
	}
	took := time.Since(began).Seconds()
	why, skipped := errors.AsType[untested](err)
	s.mu.Lock()
	switch {
	case err == nil:
		a.passed++
	case ctx.Err() != nil:
		a.notTested = append(a.notTested, c.name+": interrupted")
	case skipped:
		a.notTested = append(a.notTested, c.name+": "+string(why))
	default:
		a.failed = append(a.failed, c.name)
	}
	s.mu.Unlock()
	switch {
	case err == nil:
		s.say("ok      %s: %s (%.0f s)", a.name, c.name, took)
	case ctx.Err() != nil:
	case skipped:
		s.say("not     %s: %s: %s", a.name, c.name, why)
	default:
		s.say("FAILED  %s: %s (%.0f s)\n%s", a.name, c.name, took, indent(s.canaries.redact(err.Error()+"\n"+s.describe(c.id))))
	}
}

// try runs one check. A panic is its error: the namespace must be deleted all the same.
func (s *suite) try(ctx context.Context, c check) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	return c.run(ctx, &probe{s, c.id})
}

func indent(text string) string {
	return "         " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n         ")
}

// describe returns what the cluster has said of the pods of a check.
func (s *suite) describe(id string) string {
	var text strings.Builder
	for _, pod := range s.recorder.podsOf(id) {
		fmt.Fprintf(&text, "pod %s: %s %s %s, node %q\n", pod.Name, pod.Status.Phase, pod.Status.Reason, pod.Status.Message, pod.Spec.NodeName)
		for _, status := range append(append([]corev1.ContainerStatus(nil), pod.Status.InitContainerStatuses...), pod.Status.ContainerStatuses...) {
			fmt.Fprintf(&text, "  container %s: restarts %d, state %s\n", status.Name, status.RestartCount, stateOf(status.State))
		}
		text.WriteString(s.tail(pod))
	}
	for _, e := range s.recorder.eventsOf(id) {
		fmt.Fprintf(&text, "event %s %s: %s: %s\n", e.InvolvedObject.Kind, e.InvolvedObject.Name, e.Reason, e.Message)
	}
	return text.String()
}

func stateOf(s corev1.ContainerState) string {
	switch {
	case s.Waiting != nil:
		return "waiting: " + s.Waiting.Reason + ": " + s.Waiting.Message
	case s.Terminated != nil:
		return fmt.Sprintf("terminated: %d %s: %s", s.Terminated.ExitCode, s.Terminated.Reason, s.Terminated.Message)
	case s.Running != nil:
		return "running"
	}
	return "unknown"
}

// tail returns the last lines of a pod's logs, "" if they are gone.
func (s *suite) tail(pod *corev1.Pod) string {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var text strings.Builder
	for _, c := range append(append([]corev1.Container(nil), pod.Spec.InitContainers...), pod.Spec.Containers...) {
		log, err := s.kube.core.Pods(s.kube.namespace).GetLogs(pod.Name, &corev1.PodLogOptions{Container: c.Name, TailLines: new(int64(20))}).DoRaw(ctx)
		if err == nil && len(log) > 0 {
			fmt.Fprintf(&text, "  log of %s: %s\n", c.Name, shorten(string(log)))
		}
	}
	return text.String()
}

// table prints what was tested, and what was not and why. It reports whether nothing
// failed.
func (s *suite) table() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	passed := true
	w := tabwriter.NewWriter(s.out, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "\nTESTED\tPASSED\tFAILED\tNOT TESTED")
	for _, a := range s.all {
		passed = passed && len(a.failed) == 0
		_, _ = fmt.Fprintf(w, "%s\t%d\t%d\t%d\n", a.name, a.passed, len(a.failed), max(len(a.notTested), min(1, len(a.untested))))
	}
	_ = w.Flush()
	for _, a := range s.all {
		for _, name := range a.failed {
			_, _ = fmt.Fprintf(s.out, "FAILED: %s: %s\n", a.name, name)
		}
	}
	_, _ = fmt.Fprintln(s.out, "\nNot tested, and why:")
	for _, a := range s.all {
		if a.untested != "" {
			_, _ = fmt.Fprintf(s.out, "- %s: %s\n", a.name, a.untested)
		}
		for _, why := range a.notTested {
			_, _ = fmt.Fprintf(s.out, "- %s: %s\n", a.name, why)
		}
	}
	for _, why := range slices.Concat(s.notes, never) {
		_, _ = fmt.Fprintf(s.out, "- %s\n", why)
	}
	return passed
}

// never lists what no run of these tests shows.
var never = []string{
	"azure_vault: a cluster has no vault; make test reads a fake one",
	"workload identity: only AKS has it",
	"etcd and the audit log: the API does not show them",
	"a node that fails, an eviction, a restart of the API server or the kubelet: these would disturb the cluster",
	"StatefulSet, DaemonSet, Argo Workflow, PyTorchJob, MPIJob, SparkApplication: their pods are made by the same code as those of Job and Deployment",
	"--launcher volume: it needs the ImageVolume feature and a runtime that mounts images with exec",
}
