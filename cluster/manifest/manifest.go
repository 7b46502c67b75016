// Package manifest makes the Kubernetes objects by which a task's handler runs
// in a pod with the launcher as its entrypoint: a Job of its own, or what an
// existing manifest gains.
//
// It owns what such a pod has: the references to keys, never their values; the
// volumes; the launcher's own file; the security context; which exit status is
// tried again. It calls no cluster: who asks for a project's keys is given to
// it. Data flows document.Node, Options -> Job, Secret; or -> the text of a
// manifest.
package manifest

import (
	"context"
	"errors"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/azure"
	"github.com/seed45446ece/launcher/resolve/document"
)

// Options is what a pod is made of besides its task.
type Options struct {
	Name      string // of the Job; "" for the task's
	Namespace string
	Project   string // "" for the task's
	Labels    map[string]string

	Image   string
	Command []string // of the handler; or
	Handler string   // FILE[:FUNCTION]

	Launcher Launcher

	// Keys lists the keys of a project's Secret, for a task that names none. The
	// namespace is that of the pod, "" where nothing says which.
	Keys keyLookup

	// KeysNamed says that the user named these keys. Into then does not take those
	// that the manifest refers to.
	KeysNamed bool

	// CheckValue returns why a key's value cannot be the variable, nil if it can or
	// is not known. It may be nil.
	CheckValue func(ctx context.Context, namespace, secret, key, variable string) error

	Environ     resolve.Environ // of env sources
	Realm       azure.Clouds
	InPod       []string // kinds among env and file that the launcher reads in the pod
	EmbedValues bool     // values into the pod's specification, as MLRun does

	Env         []Variable // of the handler
	Volumes     []Volume   // of the handler
	PullSecrets []string   // Secrets with the credentials of the images' registry

	ServiceAccount   string
	accountNamed     bool // the manifest names a service account
	WorkloadIdentity bool
	AzureCredentials string // directory; "" for one of the launcher's own

	User         User
	Requests     corev1.ResourceList
	Limits       corev1.ResourceList
	NodeSelector map[string]string
	SharedMemory resource.Quantity // the size of /dev/shm; 0 for the node's default, which is too little for some files

	Completions, Parallelism int32         // 0 for one pod
	Retries                  int32         // of a handler that failed
	Deadline                 time.Duration // of the Job, with all that is tried again; 0 for none
	KeepFor                  time.Duration // the Job, after its end; 0 for ever
}

// Launcher is where the pod has the launcher from, and how it is told to run.
type Launcher struct {
	Image   string
	From    From
	Path    string        // in the handler's own image, where it is FromHandlerImage
	Deliver string        // "" for the launcher's default
	Grace   time.Duration // 0 for the launcher's default
	Flags   []string      // further flags of launcher run
}

// From says how the launcher gets into the handler's container.
type From string

// The ways. An image volume needs Kubernetes 1.35, or 1.31 with its gate.
const (
	FromInit         From = "init"   // an init container copies it
	FromVolume       From = "volume" // the launcher's image is a volume
	FromHandlerImage From = "image"  // it is there already
)

// Ways lists them, in the order of messages.
var Ways = []string{string(FromInit), string(FromVolume), string(FromHandlerImage)}

// User is the user and group of the pod's containers.
type User struct{ UID, GID int64 }

// Manifest is a Job, and what it needs besides.
type Manifest struct {
	Job       *batchv1.Job
	Container string // the handler's

	// Values holds the values of inline, env and file sources, nil where there
	// are none. It is to have the Job as its owner, once that has its UID: Own
	// says so.
	Values   *corev1.Secret
	Warnings []error

	owner object
}

// Error is what cannot be made into a pod, with what to do about it.
type Error struct{ Message, Advice string }

func (e *Error) Error() string { return e.Message }

// Hint is the advice.
func (e *Error) Hint() string { return e.Advice }

// New is the Job of a task. The error holds all problems of the task and of the
// options.
func New(ctx context.Context, task *document.Node, o Options) (Manifest, error) {
	p, err := newPlan(ctx, task, o)
	var wrong []error
	if o.Image == "" {
		wrong = append(wrong, &Error{"the handler's image is missing", "use --image IMAGE"})
	}
	if len(o.Command) == 0 && o.Handler == "" {
		wrong = append(wrong, &Error{"the handler's command is missing: a pod's command replaces its image's", "give -- COMMAND [ARG...], or --handler FILE:FUNCTION"})
	}
	if err = errors.Join(append(wrong, err)...); err != nil {
		return Manifest{}, err
	}
	return Manifest{Job: p.job(), Container: containerName, Values: p.values, Warnings: p.warnings, owner: object{"Job", p.name, p.Namespace}}, nil
}
