package job

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"syscall"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/seed45446ece/launcher/cluster"
)

// Wait is how a Job is waited for.
type Wait struct {
	Logs         io.Writer        // gets the logs of all pods, whole lines
	Warn         func(error)      // is told what goes wrong and is not the end
	Progress     func(string)     // is told how far it is, each time that changes
	Signals      <-chan os.Signal // the first stops the Job, the second the waiting
	StartTimeout time.Duration    // the longest until a pod has started; 0 for ever
}

// waiting is one wait. Its fields are its loop's alone.
type waiting struct {
	*Job
	Wait
	job     *batchv1.Job // nil once it is gone
	begun   bool         // a container has started
	left    bool         // the pods are not waited for
	pods    map[string]*corev1.Pod
	logs    logs
	said    map[string]bool // warnings
	last    string          // progress
	signal  syscall.Signal  // that stops the Job, 0 for none
	events  []corev1.Event  // warnings about the Job and its pods, until one has started
	changes changes

	stopEvents context.CancelFunc
	embedded   bool // the pod's specification holds values
}

// changes is what the loop of a wait is told.
type changes struct {
	jobs     chan *batchv1.Job // nil for one that is gone
	pods     chan map[string]*corev1.Pod
	lost     chan error // the cluster does not answer for now
	failures chan error // the cluster refuses
	events   chan []corev1.Event
	starting <-chan time.Time // a pod ought to have started
	leaving  <-chan time.Time // the pods of a Job that is gone ought to be too
	settling <-chan time.Time // one that looks as if it never will has had its time
}

// Wait waits for the Job's end. The Job is not taken away by it.
func (j *Job) Wait(ctx context.Context, how Wait) (Outcome, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := &waiting{Job: j, Wait: how, job: j.Manifest, pods: map[string]*corev1.Pod{}, said: map[string]bool{}, logs: newLogs(j, how.Logs), embedded: cluster.CarriesValues(ctx)}
	w.watch(ctx)
	for {
		if err := w.next(ctx); err != nil {
			return w.end(err)
		}
		w.progress()
		if w.over() {
			w.logs.finish(ctx, w.Warn, how.Signals)
			o := w.outcome()
			o.Pod = w.logs.podSpec()
			o.Why = withoutValues(o.Why, j.Manifest.Spec.Template.Spec)
			return o, nil
		}
	}
}

// over reports whether there is nothing more to wait for. Of a Job that was
// stopped the last that its pods did is their status: they are seen to go.
func (w *waiting) over() bool {
	if w.job == nil && w.signal != 0 && len(w.pods) > 0 {
		if w.changes.leaving == nil {
			w.changes.leaving = timer(settle)
		}
		return w.left
	}
	return w.job == nil || finished(w.job) != nil || w.tooOften() != nil
}

// watch begins to watch the Job and its pods.
func (w *waiting) watch(ctx context.Context) {
	w.changes = changes{jobs: make(chan *batchv1.Job), pods: make(chan map[string]*corev1.Pod), lost: make(chan error), failures: make(chan error, 3), events: make(chan []corev1.Event), starting: timer(w.StartTimeout)}
	lost := func(err error) { send(ctx, w.changes.lost, err) }
	eventsContext, stop := context.WithCancel(ctx)
	w.stopEvents = stop
	go w.readEvents(eventsContext, ctx)
	go func() {
		err := w.followJob(ctx, func(job *batchv1.Job) { send(ctx, w.changes.jobs, job) }, lost)
		w.changes.failures <- w.explain(ctx, "watch", err)
	}()
	go func() {
		err := w.followPods(ctx, func(all map[string]*corev1.Pod) { send(ctx, w.changes.pods, maps.Clone(all)) }, lost)
		w.changes.failures <- w.explain(ctx, "watch the pods of", err)
	}()
}

// errLeft ends a wait whose Job goes on ending.
var errLeft = errors.New("stopped waiting")

// next sees to one change. An error ends the wait.
func (w *waiting) next(ctx context.Context) error {
	select {
	case w.job = <-w.changes.jobs:
	case w.pods = <-w.changes.pods:
		w.logs.follow(ctx, w.pods)
		w.look()
	case w.events = <-w.changes.events:
		w.look()
	case err := <-w.logs.failures:
		w.warn(err)
	case err := <-w.changes.lost:
		w.warn(w.explain(ctx, "watch", err))
	case err := <-w.changes.failures:
		return err
	case s := <-w.Signals:
		return w.stop(ctx, s)
	case <-w.changes.starting:
		if !w.begun && w.signal == 0 {
			return w.stuck("no pod has started within " + w.StartTimeout.String())
		}
	case <-w.changes.leaving:
		w.left = true
	case <-w.changes.settling:
		w.changes.settling = nil
		if w.permanent() != nil && w.signal == 0 {
			return w.stuck("it cannot start")
		}
	}
	return nil
}

// notStopped is why a Job could not be deleted after a signal.
type notStopped struct{ error }

// end is the outcome of a wait that broke off.
func (w *waiting) end(err error) (Outcome, error) {
	if stop, ok := errors.AsType[notStopped](err); ok {
		return Outcome{Left: true}, stop.error
	}
	if errors.Is(err, errLeft) {
		why := fmt.Sprintf("stopped waiting for job %s: run kubectl -n %s get job %s to see whether it ended", w.name(), w.Cluster.Namespace, w.name())
		return Outcome{Status: 128 + int(w.signal), Why: why, Left: true}, nil
	}
	return Outcome{}, err
}

// timer ends never where it is not set.
func timer(d time.Duration) <-chan time.Time {
	if d <= 0 {
		return nil
	}
	return time.After(d)
}

func send[T any](ctx context.Context, to chan<- T, what T) {
	select {
	case to <- what:
	case <-ctx.Done():
	}
}

// warn says the same only once.
func (w *waiting) warn(err error) {
	if err != nil && !w.said[err.Error()] {
		w.said[err.Error()] = true
		w.Warn(err)
	}
}

// stop is what a signal does: the first has the cluster end the Job, whose pods
// get TERM; the second ends the waiting for that.
func (w *waiting) stop(ctx context.Context, s os.Signal) error {
	if w.signal != 0 {
		return errLeft
	}
	w.signal, _ = s.(syscall.Signal)
	w.warn(fmt.Errorf("job %s: its pods are sent TERM; a second signal stops waiting", w.name()))
	go func() {
		if err := w.Stop(ctx); err != nil {
			w.changes.failures <- notStopped{err}
		}
	}()
	return nil
}

// outcome returns the outcome of a Job that has ended or is gone.
func (w *waiting) outcome() Outcome {
	switch {
	case w.signal != 0:
		return w.stopped()
	case w.job == nil:
		return Outcome{Status: unavailable, Why: fmt.Sprintf("job %s was deleted by someone else", w.name())}
	case finished(w.job) == nil:
		return Outcome{Status: unavailable, Goes: true,
			Why:    fmt.Sprintf("pod %s: status 124 is the handler's own, and its --retries are used up", w.tooOften().Name),
			Advice: "use another status, such as with timeout --preserve-status: the cluster takes 124 for the launcher's and retries until --deadline"}
	}
	return outcome(finished(w.job), w.logs.all, w.Container)
}

// tooOften returns the last pod whose handler ended with a 124 of its own, once that
// was more often than --retries; else nil. The cluster cannot tell it from the
// launcher's 124, which it does not count.
func (w *waiting) tooOften() *corev1.Pod {
	var of *corev1.Pod
	var last *corev1.ContainerStateTerminated
	var times int32
	for _, pod := range w.logs.all {
		t := ranTo(pod, w.Container)
		if t == nil || !handlersOwn(t) {
			continue
		}
		times++
		if last == nil || later(pod, t, of, last) {
			of, last = pod, t
		}
	}
	if retries := w.Manifest.Spec.BackoffLimit; retries != nil && times > *retries {
		return of
	}
	return nil
}

// stopped returns the outcome of a Job that a signal stopped: the handler's own
// status if it was seen, else 128+n for the signal.
func (w *waiting) stopped() Outcome {
	var of *corev1.Pod
	var last *corev1.ContainerStateTerminated
	ran := false
	for _, pod := range w.logs.all {
		t := ranTo(pod, w.Container)
		ran = ran || t != nil
		if t != nil && t.ExitCode != 0 && (last == nil || later(pod, t, of, last)) {
			of, last = pod, t
		}
	}
	switch {
	case last != nil:
		return ofPod(of, last)
	case ran: // each that ended did so with 0
		return Outcome{}
	}
	return Outcome{Status: 128 + int(w.signal)}
}

// progress tells how far the Job is, in a line.
func (w *waiting) progress() {
	running, ended, bad := 0, 0, 0
	for _, pod := range w.pods {
		switch {
		case pod.Status.Phase == corev1.PodSucceeded:
			ended++
		case pod.Status.Phase == corev1.PodFailed:
			bad++
		case pod.Status.Phase == corev1.PodRunning:
			running++
		}
	}
	text := fmt.Sprintf("job %s: ", w.name())
	switch waiting := len(w.pods) - running - ended - bad; {
	case w.signal != 0:
		text += "ending"
	case len(w.pods) == 0:
		text += "waiting for a pod"
	default:
		text += fmt.Sprintf("%d waiting, %d running, %d done, %d failed", waiting, running, ended, bad)
	}
	if text != w.last {
		w.last = text
		w.Progress(text)
	}
}
