// Package node plays the controllers of a cluster and its only node for a server of
// clustertest: Jobs and Deployments get pods, and each container is one of runc.
//
// It owns as much of the behaviour of Kubernetes as "make e2e" asks for, such as
// podFailurePolicy, backoff, mounts, restarts and grace periods. It refuses pods that the
// restricted level of pod security refuses. Data flows server -> controllers -> pods ->
// containers -> status.
package node

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seed45446ece/launcher/cluster/clustertest"
)

// Node is the node, and the controllers.
type Node struct {
	*clustertest.Server
	images map[string]string // the root file system of each image
	folder string

	mu      sync.Mutex
	pods    map[string]*pod // by path
	created int             // pods, which have numbers in their names
	told    map[string]bool // events
	all     sync.WaitGroup
}

// every is how often the node looks at the objects.
const every = 100 * time.Millisecond

// again is how long a controller, or the kubelet, waits before it tries again.
const again = time.Second

// Start starts the node, which ends with the test. Each image is a folder.
func Start(t *testing.T, s *clustertest.Server, images map[string]string) *Node {
	t.Helper()
	n := &Node{Server: s, images: images, folder: t.TempDir(), pods: map[string]*pod{}, told: map[string]bool{}}
	for image, root := range images {
		require.DirExists(t, root, image)
	}
	s.Kubelet, s.Logs = true, n.log
	s.Inject(clustertest.On("create", "/pods", admit))
	done := make(chan struct{})
	n.all.Go(func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			n.reconcile()
			select {
			case <-done:
				return
			case <-ticker.C:
			}
		}
	})
	t.Cleanup(func() {
		close(done)
		n.mu.Lock()
		for _, p := range n.pods {
			p.kill()
		}
		n.mu.Unlock()
		n.all.Wait()
	})
	return n
}

// admit refuses a pod as pod security does.
func admit(w http.ResponseWriter, r clustertest.Request) bool {
	p := &corev1.Pod{}
	err := json.Unmarshal([]byte(r.Body), p)
	if err == nil {
		err = Restricted(p.Spec)
	}
	if err != nil {
		clustertest.Refuse(w, http.StatusForbidden, "Forbidden", fmt.Sprintf("pods %q is forbidden: violates PodSecurity \"restricted:latest\": %v", p.Name, err))
	}
	return err != nil
}

// reconcile brings the objects closer to what they ask for.
func (n *Node) reconcile() {
	for _, at := range n.All("jobs") {
		n.reconcileJob(at)
	}
	for _, at := range n.All("deployments") {
		n.reconcileDeployment(at)
	}
	there := map[string]bool{}
	for _, at := range n.All("pods") {
		there[at] = true
		n.reconcilePod(at)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for at, p := range n.pods {
		if !there[at] { // its namespace is gone
			p.kill()
			delete(n.pods, at)
		}
	}
}

// get decodes an object of the server, and reports whether it is there.
func (n *Node) get(at string, into metav1.Object) bool {
	object := n.Object(at)
	if object == nil {
		return false
	}
	text, _ := json.Marshal(object)
	return json.Unmarshal(text, into) == nil
}

// put stores an object of Kubernetes' types.
func (n *Node) put(at string, object any) {
	text, _ := json.Marshal(object)
	var kept map[string]any
	_ = json.Unmarshal(text, &kept)
	n.Put(at, kept)
}

// edit changes an object of Kubernetes' types in one step, unless it is gone.
func edit[T any](n *Node, at string, change func(*T)) {
	n.Edit(at, func(before map[string]any) map[string]any {
		var typed T
		text, _ := json.Marshal(before)
		_ = json.Unmarshal(text, &typed)
		change(&typed)
		text, _ = json.Marshal(typed)
		var after map[string]any
		_ = json.Unmarshal(text, &after)
		return after
	})
}

// podsOf returns the pods that an object owns, in the order of their creation.
func (n *Node) podsOf(owner metav1.Object) []*corev1.Pod {
	var pods []*corev1.Pod
	for _, at := range n.All("pods") {
		p := &corev1.Pod{}
		if n.get(at, p) && len(p.OwnerReferences) > 0 && p.OwnerReferences[0].UID == owner.GetUID() {
			pods = append(pods, p)
		}
	}
	return pods
}

// namespaceOf returns the part of an object's path before its resource, for paths of the
// core group.
func namespaceOf(at string) string {
	_, rest, _ := strings.Cut(at, "/namespaces/")
	namespace, _, _ := strings.Cut(rest, "/")
	return "/api/v1/namespaces/" + namespace
}

// tell makes an event about an object, each only once.
func (n *Node) tell(level, at, kind string, about metav1.Object, reason, message string) {
	key := at + reason + message
	n.mu.Lock()
	first := !n.told[key]
	n.told[key] = true
	name := fmt.Sprintf("%s.%d", about.GetName(), len(n.told))
	n.mu.Unlock()
	if first {
		n.put(namespaceOf(at)+"/events/"+name, corev1.Event{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Event"}, ObjectMeta: metav1.ObjectMeta{Name: name}, Type: level, Reason: reason, Message: message,
			InvolvedObject: corev1.ObjectReference{Kind: kind, Name: about.GetName(), UID: about.GetUID()}})
	}
}

// createPod creates a pod of a template for its owner. What refuses it is an event.
func (n *Node) createPod(at, kind string, owner metav1.Object, template corev1.PodTemplateSpec, change func(*corev1.Pod)) {
	n.mu.Lock()
	n.created++
	name := fmt.Sprintf("%s-%05d", owner.GetName(), n.created)
	n.mu.Unlock()
	p := &corev1.Pod{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, ObjectMeta: *template.ObjectMeta.DeepCopy(), Spec: *template.Spec.DeepCopy()}
	p.Name = name
	p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "batch/v1", Kind: kind, Name: owner.GetName(), UID: owner.GetUID(), Controller: new(true)}}
	if change != nil {
		change(p)
	}
	pods := namespaceOf(at) + "/pods/"
	account := p.Spec.ServiceAccountName
	switch err := Restricted(p.Spec); {
	case account != "" && n.Object(path.Join(namespaceOf(at), "serviceaccounts", account)) == nil:
		n.tell(corev1.EventTypeWarning, at, kind, owner, "FailedCreate", fmt.Sprintf("Error creating: pods %q is forbidden: error looking up service account x/%s: serviceaccount %q not found", name+"-", account, account))
	case err != nil:
		n.tell(corev1.EventTypeWarning, at, kind, owner, "FailedCreate", fmt.Sprintf("Error creating: pods %q is forbidden: violates PodSecurity \"restricted:latest\": %v", name, err))
	default:
		n.put(pods+name, p)
	}
}

// log answers for a container's log.
func (n *Node) log(w http.ResponseWriter, name, container string, r *http.Request) {
	n.mu.Lock()
	p := n.pods[strings.TrimSuffix(r.URL.Path, "/log")]
	n.mu.Unlock()
	if p == nil {
		clustertest.Refuse(w, http.StatusNotFound, "NotFound", name+" not found")
		return
	}
	if container == "" {
		container = p.spec.Containers[0].Name
	}
	_, _ = w.Write(p.logOf(container, r.URL.Query().Get("timestamps") == "true"))
}
