package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// managedBy marks the namespaces of these tests.
const managedBy = "launcher-e2e"

// prepare makes sure that the cluster can be tested: it answers, the user may do what
// the checks do, the namespace is there, and the images run.
func (s *suite) prepare(ctx context.Context) error {
	version := ""
	err := until(ctx, 30*time.Second, "the API server at "+s.kube.config.Host, func(ctx context.Context) (yes bool, err error) {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		version, err = s.kube.version(ctx)
		return err == nil, err
	})
	if err != nil {
		return err
	}
	s.say("cluster %s, Kubernetes %s, namespace %s", s.kube.config.Host, version, s.kube.namespace)
	s.warnOfLeftovers(ctx)
	if nodes, err := s.kube.core.Nodes().List(ctx, metav1.ListOptions{}); err == nil && len(nodes.Items) == 1 {
		s.notes = append(s.notes, "pods on several nodes: this cluster has one")
	}
	if err := s.checkPermissions(ctx); err != nil {
		return err
	}
	if err := s.createNamespace(ctx); err != nil {
		return err
	}
	s.recorder.start(ctx)
	images := []struct{ id, image, variable string }{{"image", s.image, "LAUNCHER_IMAGE"}, {"handler-image", s.handlerImage, "LAUNCHER_E2E_HANDLER_IMAGE"}}
	for _, i := range images {
		if i.image == "" {
			continue
		}
		began := time.Now()
		if err := s.tryImage(ctx, i.id, i.image); err != nil {
			return fmt.Errorf("%s: %w\n%s", i.variable, err, s.describe(i.id))
		}
		s.say("ok      image %s runs (%.0f s)", i.image, time.Since(began).Seconds())
	}
	s.before, err = s.objects(ctx)
	return err
}

// warnOfLeftovers names the namespaces of runs that were killed.
func (s *suite) warnOfLeftovers(ctx context.Context) {
	list, err := s.kube.core.Namespaces().List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/managed-by=" + managedBy})
	if err != nil {
		return // the user may not list namespaces
	}
	for _, n := range list.Items {
		s.say("warning: namespace %s is left from an earlier run, or another run uses it: kubectl delete namespace %s", n.Name, n.Name)
	}
}

// needs lists what the checks do: verbs and resources.
var needs = []struct{ verbs, group, resource string }{
	{"create delete get list watch", "", "pods"},
	{"get", "", "pods/log"},
	{"list watch", "", "events"},
	{"create delete get list patch", "", "secrets"},
	{"create delete get list", "", "serviceaccounts"},
	{"create", "", "serviceaccounts/token"},
	{"create delete get list watch", "batch", "jobs"},
	{"create delete get list watch", "batch", "cronjobs"},
	{"create delete get list watch update", "apps", "deployments"},
	{"list", "apps", "replicasets"},
	{"create delete list", "rbac.authorization.k8s.io", "roles"},
	{"create delete list", "rbac.authorization.k8s.io", "rolebindings"},
}

// checkPermissions names everything that the user may not do.
func (s *suite) checkPermissions(ctx context.Context) error {
	var denied []string
	ask := func(namespace, verb, group, resource string) error {
		resource, subresource, _ := strings.Cut(resource, "/")
		review, err := s.kube.may.SelfSubjectAccessReviews().Create(ctx, &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
			ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: namespace, Verb: verb, Group: group, Resource: resource, Subresource: subresource}}}, metav1.CreateOptions{})
		if err == nil && !review.Status.Allowed {
			denied = append(denied, strings.TrimSuffix(verb+" "+resource+"/"+subresource, "/"))
		}
		return err
	}
	var errs []error
	for _, verb := range []string{"create", "get", "delete"} {
		errs = append(errs, ask("", verb, "", "namespaces"))
	}
	for _, n := range needs {
		for verb := range strings.FieldsSeq(n.verbs) {
			errs = append(errs, ask(s.kube.namespace, verb, n.group, n.resource))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("ask for permissions: %w", err)
	}
	if len(denied) > 0 {
		return fmt.Errorf("this user may not: %s. The tests need an administrator of the cluster", strings.Join(denied, ", "))
	}
	return nil
}

// createNamespace creates the namespace, with the strictest pod security, and waits for
// what the cluster puts into it.
func (s *suite) createNamespace(ctx context.Context) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.kube.namespace, Labels: map[string]string{
		"app.kubernetes.io/managed-by":               managedBy,
		"pod-security.kubernetes.io/enforce":         "restricted",
		"pod-security.kubernetes.io/enforce-version": "latest",
	}}}
	s.made = true // also if the answer is lost
	if _, err := s.kube.core.Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); created(err) != nil {
		s.made = !apierrors.IsForbidden(err) && !apierrors.IsInvalid(err)
		return fmt.Errorf("create namespace: %w", err)
	}
	return until(ctx, time.Minute, "the service account default", func(ctx context.Context) (bool, error) {
		_, err := s.kube.core.ServiceAccounts(s.kube.namespace).Get(ctx, "default", metav1.GetOptions{})
		return err == nil, err
	})
}

// tryImage runs a pod of an image, and says how to load the image if no node has it.
func (s *suite) tryImage(ctx context.Context, id, image string) error {
	command := []string{"/launcher", "version"}
	if image == s.handlerImage {
		command = []string{"/handler", "status", "0"}
	}
	pods := s.kube.core.Pods(s.kube.namespace)
	if _, err := pods.Create(ctx, confinedPod(id, image, command), metav1.CreateOptions{}); created(err) != nil {
		return fmt.Errorf("create a pod: %w", err)
	}
	defer func() {
		_ = pods.Delete(context.WithoutCancel(ctx), id, metav1.DeleteOptions{GracePeriodSeconds: new(int64(0))})
	}()
	err := until(ctx, startTime, "a pod of image "+image, func(ctx context.Context) (bool, error) {
		pod, err := pods.Get(ctx, id, metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		for _, status := range pod.Status.ContainerStatuses {
			if w := status.State.Waiting; w != nil && slices.Contains(noImage, w.Reason) {
				return false, permanent{fmt.Errorf("the node cannot get the image: %s: %s\n%s", w.Reason, w.Message, strings.ReplaceAll(howToLoad, "IMAGE", image))}
			}
		}
		end := handlerEnd(pod)
		if end != nil && end.ExitCode != 0 {
			return false, permanent{fmt.Errorf("%v ended with %d %s: %s", command, end.ExitCode, end.Reason, end.Message)}
		}
		return end != nil, nil
	})
	if err != nil {
		return err
	}
	return until(ctx, time.Minute, "the log of a pod: the API server has to reach the node", func(ctx context.Context) (bool, error) {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		log, err := pods.GetLogs(id, &corev1.PodLogOptions{}).DoRaw(ctx)
		if err == nil && len(log) > 0 {
			s.say("        in the image: %s", strings.TrimSpace(string(log)))
		}
		return err == nil, err
	})
}

// noImage lists the reasons of a kubelet that has no image.
var noImage = []string{"ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"}

const howToLoad = `hint: load it into the cluster, in one of these ways:
  kind load docker-image IMAGE                       # --name CLUSTER, if it is not "kind"
  minikube image load IMAGE
  docker save IMAGE | sudo k3s ctr images import -
  docker push IMAGE                                  # with the registry in its name
If it is loaded, compare the name with the output of crictl images on a node`

// confinedPod returns a pod that the restricted level of pod security allows.
func confinedPod(name, image string, command []string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PodSpec{
			RestartPolicy: corev1.RestartPolicyNever, AutomountServiceAccountToken: new(false),
			SecurityContext: &corev1.PodSecurityContext{RunAsNonRoot: new(true), RunAsUser: new(int64(65532)), RunAsGroup: new(int64(65532)),
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}},
			Containers: []corev1.Container{{Name: "main", Image: image, Command: command,
				SecurityContext: &corev1.SecurityContext{AllowPrivilegeEscalation: new(false), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}}}},
		},
	}
}

// clean deletes the namespace, and waits until it is gone. It works after an interrupt.
func (s *suite) clean() error {
	if !s.made {
		return nil
	}
	ctx, began := context.Background(), time.Now()
	s.say("deleting namespace %s", s.kube.namespace)
	namespaces := s.kube.core.Namespaces()
	err := until(ctx, endTime, "namespace "+s.kube.namespace+" to be gone", func(ctx context.Context) (bool, error) {
		err := namespaces.Delete(ctx, s.kube.namespace, metav1.DeleteOptions{})
		if err == nil || apierrors.IsConflict(err) { // it is still being deleted
			_, err = namespaces.Get(ctx, s.kube.namespace, metav1.GetOptions{})
		}
		if apierrors.IsNotFound(err) {
			return true, nil
		}
		return false, err
	})
	if err != nil {
		return fmt.Errorf("%w: kubectl delete namespace %s", err, s.kube.namespace)
	}
	s.say("namespace %s is gone (%.0f s)", s.kube.namespace, time.Since(began).Seconds())
	return nil
}
