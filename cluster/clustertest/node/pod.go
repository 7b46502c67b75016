package node

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// pod is a pod on the node.
type pod struct {
	*Node
	at     string // its path
	folder string
	spec   corev1.PodSpec
	stop   chan struct{} // closed when the containers are to get TERM
	dead   chan struct{} // closed when they are to get KILL

	stopOnce, killOnce sync.Once
	logs               map[string]*logFile // by container; with the node's lock
}

func (p *pod) end()  { p.stopOnce.Do(func() { close(p.stop) }) }
func (p *pod) kill() { p.end(); p.killOnce.Do(func() { close(p.dead) }) }

// reconcilePod starts a pod that is new, and ends one that is deleted.
func (n *Node) reconcilePod(at string) {
	object := &corev1.Pod{}
	if !n.get(at, object) {
		return
	}
	n.mu.Lock()
	p := n.pods[at]
	if p == nil {
		p = &pod{Node: n, at: at, folder: filepath.Join(n.folder, strings.ReplaceAll(at, "/", "_")), spec: object.Spec,
			stop: make(chan struct{}), dead: make(chan struct{}), logs: map[string]*logFile{}}
		n.pods[at] = p
		n.all.Go(p.run)
	}
	n.mu.Unlock()
	if object.DeletionTimestamp != nil {
		p.end()
	} else {
		p.refreshMounts()
	}
}

func (p *pod) change(do func(*corev1.Pod)) { edit(p.Node, p.at, do) }

// run is the life of a pod. A pod that was deleted is taken away at its end.
func (p *pod) run() {
	p.phase(corev1.PodPending)
	if p.schedule() && p.mount() && p.runInit() {
		for p.runOnce() {
		}
	}
	<-p.stop
	p.Remove(p.at)
	_ = os.RemoveAll(p.folder)
}

func (p *pod) phase(phase corev1.PodPhase) {
	p.change(func(o *corev1.Pod) { o.Status.Phase = phase })
}

// stopped reports whether the pod is to end, within a time.
func (p *pod) stopped(within time.Duration) bool {
	select {
	case <-p.stop:
		return true
	case <-time.After(within):
		return false
	}
}

// event makes an event about the pod.
func (p *pod) event(level, reason, message string) {
	object := &corev1.Pod{}
	if p.get(p.at, object) {
		p.tell(level, p.at, "Pod", object, reason, message)
	}
}

// schedule reports whether the node takes the pod. It has no labels.
func (p *pod) schedule() bool {
	if len(p.spec.NodeSelector) == 0 {
		p.event(corev1.EventTypeNormal, "Scheduled", "Successfully assigned it to the node")
		return true
	}
	p.change(func(o *corev1.Pod) {
		o.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable",
			Message: "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector"}}
	})
	return false
}

// mount waits until the volumes can be mounted.
func (p *pod) mount() bool {
	for !p.stopped(0) {
		err := p.prepareMounts()
		if err == nil {
			return true
		}
		p.event(corev1.EventTypeWarning, "FailedMount", err.Error())
		if p.stopped(again) {
			return false
		}
	}
	return false
}

// runInit runs the init containers, and reports whether the others may start.
func (p *pod) runInit() bool {
	for _, c := range p.spec.InitContainers {
		end := p.runContainer(c, func() {})
		p.change(func(o *corev1.Pod) {
			o.Status.InitContainerStatuses = append(o.Status.InitContainerStatuses, corev1.ContainerStatus{Name: c.Name, State: corev1.ContainerState{Terminated: end}})
			if end.ExitCode != 0 {
				o.Status.Phase = corev1.PodFailed
			}
		})
		if end.ExitCode != 0 {
			return false
		}
	}
	return true
}

// runOnce runs the first container, and reports whether it is to run again.
func (p *pod) runOnce() bool {
	c := p.spec.Containers[0]
	set := func(phase corev1.PodPhase, state corev1.ContainerState) {
		p.change(func(o *corev1.Pod) {
			restarts := int32(0)
			if old := o.Status.ContainerStatuses; len(old) > 0 {
				restarts = old[0].RestartCount
				if state.Running != nil {
					restarts++
				}
			}
			o.Status.Phase = phase
			o.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: c.Name, RestartCount: restarts, State: state}}
		})
	}
	end := p.runContainer(c, func() {
		set(corev1.PodRunning, corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Now()}})
	})
	if p.spec.RestartPolicy == corev1.RestartPolicyAlways && !p.stopped(0) {
		set(corev1.PodRunning, corev1.ContainerState{Terminated: end})
		return !p.stopped(again)
	}
	phase := corev1.PodSucceeded
	if end.ExitCode != 0 {
		phase = corev1.PodFailed
	}
	set(phase, corev1.ContainerState{Terminated: end})
	return false
}

// logFile is what a container has written, with the time of each line.
type logFile struct {
	lines [][]byte
	times []time.Time
}

// logWriter writes the output of a container.
type logWriter struct {
	*pod
	*logFile
}

func (w logWriter) Write(text []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for line := range bytes.Lines(text) {
		last := len(w.lines) - 1
		if last >= 0 && !bytes.HasSuffix(w.lines[last], []byte("\n")) {
			w.lines[last] = append(w.lines[last], line...)
			continue
		}
		w.lines, w.times = append(w.lines, slices.Clone(line)), append(w.times, time.Now().UTC())
	}
	return len(text), nil
}

// logOf returns a container's log.
func (p *pod) logOf(container string, timestamps bool) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	file := p.logs[container]
	if file == nil {
		return nil
	}
	var text bytes.Buffer
	for i, line := range file.lines {
		if timestamps {
			fmt.Fprintf(&text, "%s ", file.times[i].Format("2006-01-02T15:04:05.000000000Z"))
		}
		text.Write(line)
	}
	return text.Bytes()
}
