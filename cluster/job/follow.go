package job

import (
	"context"
	"errors"
	"net/http"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/seed45446ece/launcher/cluster"
)

// object is one of the two kinds that are followed.
type object interface {
	runtime.Object
	metav1.Object
}

// followed is a collection of objects as the cluster changes it.
type followed[T object] struct {
	list  func(context.Context, metav1.ListOptions) (items []T, version string, err error)
	watch func(context.Context, metav1.ListOptions) (watch.Interface, error)
	sees  func(map[string]T) // is given all objects, by name, after each change
	lost  func(error)        // is told once each time that the cluster does not answer
}

// again is how long is waited before the cluster is asked anew.
const again = time.Second

// follow calls sees until ctx ends, which is no error, or until the cluster
// refuses. A watch that ends is begun anew, as every watch does after a while.
func (f followed[T]) follow(ctx context.Context) error {
	told := false
	for ctx.Err() == nil {
		began := time.Now()
		err := f.once(ctx, &told)
		switch {
		case ctx.Err() != nil || err == nil && time.Since(began) > again:
			continue
		case err == nil: // a watch that ends at once, as behind some proxies
		case !cluster.Passing(err) && !apierrors.IsResourceExpired(err) && !apierrors.IsGone(err):
			return err
		case !told && !apierrors.IsResourceExpired(err) && !apierrors.IsGone(err):
			told = true
			f.lost(err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(again):
		}
	}
	return nil
}

// once lists the objects, and watches them until that ends.
func (f followed[T]) once(ctx context.Context, told *bool) error {
	items, version, err := f.list(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	*told = false
	all := make(map[string]T, len(items))
	for _, item := range items {
		all[item.GetName()] = item
	}
	f.sees(all)
	w, err := f.watch(ctx, metav1.ListOptions{ResourceVersion: version})
	if err != nil {
		return err
	}
	defer w.Stop()
	for e := range w.ResultChan() {
		switch e.Type {
		case watch.Error:
			return apierrors.FromObject(e.Object)
		case watch.Bookmark:
			continue
		}
		item, ok := e.Object.(T)
		if !ok {
			return errors.New("the cluster sent an object of another kind")
		}
		if e.Type == watch.Deleted {
			delete(all, item.GetName())
		} else {
			all[item.GetName()] = item
		}
		f.sees(all)
	}
	return nil
}

// followJob sees the Job, and nil once it is gone.
func (j *Job) followJob(ctx context.Context, sees func(*batchv1.Job), lost func(error)) error {
	jobs := j.Cluster.Batch.Jobs(j.Cluster.Namespace)
	only := fields.OneTermEqualSelector("metadata.name", j.Manifest.Name).String()
	return followed[*batchv1.Job]{
		list: func(ctx context.Context, o metav1.ListOptions) ([]*batchv1.Job, string, error) {
			o.FieldSelector = only
			list, err := jobs.List(ctx, o)
			if err != nil {
				return nil, "", err
			}
			return pointers(list.Items), list.ResourceVersion, nil
		},
		watch: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			o.FieldSelector = only
			return jobs.Watch(ctx, o)
		},
		sees: func(all map[string]*batchv1.Job) {
			found := all[j.Manifest.Name]
			if found != nil && found.UID != j.Manifest.UID {
				found = nil // another of its name
			}
			sees(found)
		},
		lost: lost,
	}.follow(ctx)
}

// followPods sees the Job's pods.
func (j *Job) followPods(ctx context.Context, sees func(map[string]*corev1.Pod), lost func(error)) error {
	pods := j.Cluster.Core.Pods(j.Cluster.Namespace)
	of := j.ofJob().LabelSelector
	return followed[*corev1.Pod]{
		list: func(ctx context.Context, o metav1.ListOptions) ([]*corev1.Pod, string, error) {
			o.LabelSelector = of
			list, err := pods.List(ctx, o)
			if err != nil {
				return nil, "", err
			}
			return pointers(list.Items), list.ResourceVersion, nil
		},
		watch: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			o.LabelSelector = of
			return pods.Watch(ctx, o)
		},
		sees: sees, lost: lost,
	}.follow(ctx)
}

// ofJob selects the Job's pods.
func (j *Job) ofJob() metav1.ListOptions {
	return metav1.ListOptions{LabelSelector: batchv1.ControllerUidLabel + "=" + string(j.Manifest.UID)}
}

func pointers[T any](items []T) []*T {
	list := make([]*T, len(items))
	for i := range items {
		list[i] = &items[i]
	}
	return list
}

// gone reports whether a pod or its node is no more to be asked.
func gone(err error) bool {
	return apierrors.IsNotFound(err) || apierrors.ReasonForError(err) == metav1.StatusReasonGone || codeOf(err) == http.StatusBadRequest
}

func codeOf(err error) int32 {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return status.Status().Code
	}
	return 0
}
