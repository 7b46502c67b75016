package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

func (s *suite) intoArea() *area {
	return &area{name: "manifest --into", checks: []check{
		{"into-job", "a Job, twice, with a value in --values-file", intoJob},
		{"into-cronjob", "a CronJob, twice, and a Job made from it", intoCronJob},
		{"into-deployment", "a Deployment, twice: available, and TERM reaches the handler", intoDeployment},
		{"rotation", "a mounted Secret that changes: the next start of the container has the new value", rotation},
	}}
}

// podTemplate is a pod of a user's manifest, which the restricted level of pod
// security allows. It is indented for a template's spec.
const podTemplate = `
      securityContext: {runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, fsGroup: 65532, seccompProfile: {type: RuntimeDefault}}
      automountServiceAccountToken: false
      restartPolicy: RESTART
      containers:
      - name: main # the handler
        image: IMAGE
        command: COMMAND
        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
        env:
        - {name: OWN, value: stays}
`

// manifestOf returns a manifest with the pod template in it.
func (p *probe) manifestOf(head, restart string, command ...string) string {
	quoted := make([]string, len(command))
	for i, word := range command {
		quoted[i] = fmt.Sprintf("%q", word)
	}
	body := strings.NewReplacer("RESTART", restart, "IMAGE", p.image, "COMMAND", "["+strings.Join(quoted, ", ")+"]").Replace(podTemplate)
	return strings.ReplaceAll(head, "NAME", p.id) + body
}

// into adds the launcher to a manifest, and does so a second time, which must change
// nothing. It decodes the result strictly.
func (p *probe) into(ctx context.Context, manifest string, object any, sources []object, flags ...string) error {
	task, err := p.task(sources...)
	if err != nil {
		return err
	}
	var texts []string
	for range 2 {
		path, err := p.write("base.yaml", manifest)
		if err != nil {
			return err
		}
		got := p.ctl(ctx, call{args: append([]string{"manifest", "--task", task, "--into", path, "--launcher-image", p.image}, flags...)})
		if err := got.expect(0); err != nil {
			return err
		}
		p.recorder.look("the output of manifest --into", got.stdout)
		manifest = got.stdout
		texts = append(texts, manifest)
	}
	if texts[0] != texts[1] {
		return fmt.Errorf("a second --into changes the manifest:\n%s\n---\n%s", texts[0], texts[1])
	}
	return yaml.UnmarshalStrict([]byte(manifest), object)
}

// logged waits until the log of a pod is the value.
func (p *probe) logged(ctx context.Context, prefix, label string) error {
	return until(ctx, startTime, "the log of "+prefix+" with the value of "+label, func(ctx context.Context) (bool, error) {
		for _, pod := range p.recorder.podsOf(prefix) {
			log, err := p.kube.core.Pods(p.kube.namespace).GetLogs(pod.Name, &corev1.PodLogOptions{Container: pod.Spec.Containers[0].Name}).DoRaw(ctx)
			if err != nil {
				return false, err
			}
			if hasLine(string(log), p.canaries.value(label)) {
				return true, nil
			}
		}
		return false, nil
	})
}

func intoJob(ctx context.Context, p *probe) error {
	var job batchv1.Job
	sources := append([]object{{"kind": "inline", "source": object{"INTO_INLINE": p.canaries.value("INTO")}}}, variableSource...)
	values := p.folder + "/" + p.id + "-values.yaml"
	base := p.manifestOf("apiVersion: batch/v1\nkind: Job\nmetadata: {name: NAME}\nspec:\n  backoffLimit: 0\n  template:\n    spec:", "Never", getSecret("INTO_INLINE")...)
	if err := p.into(ctx, base, &job, sources, "--values-file", values); err != nil {
		return err
	}
	if job.Spec.PodFailurePolicy == nil {
		return errors.New("the Job has no podFailurePolicy")
	}
	text, err := os.ReadFile(values)
	if err != nil {
		return err
	}
	var secret corev1.Secret
	if err := yaml.UnmarshalStrict(text, &secret); err != nil {
		return err
	}
	secret.Namespace = ""
	if _, err := p.kube.core.Secrets(p.kube.namespace).Create(ctx, &secret, metav1.CreateOptions{}); created(err) != nil {
		return err
	}
	defer func() { _ = p.removeSecret(context.WithoutCancel(ctx), secret.Name) }()
	return p.completes(ctx, &job, "INTO")
}

// completes creates a Job, waits for its end, and compares its log with a value.
func (p *probe) completes(ctx context.Context, job *batchv1.Job, label string) error {
	job.Namespace = ""
	if _, err := p.kube.batch.Jobs(p.kube.namespace).Create(ctx, job, metav1.CreateOptions{}); created(err) != nil {
		return err
	}
	defer p.removeJob(ctx, job.Name)
	if err := p.jobEnds(ctx, job.Name); err != nil {
		return err
	}
	return p.logged(ctx, job.Name, label)
}

func intoCronJob(ctx context.Context, p *probe) error {
	var cron batchv1.CronJob
	head := "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: NAME}\nspec:\n  schedule: '0 0 1 1 *'\n  suspend: true\n  jobTemplate:\n   spec:\n    backoffLimit: 0\n    template:\n     spec:"
	if err := p.into(ctx, p.manifestOf(head, "Never", getSecret("VARIABLE")...), &cron, variableSource); err != nil {
		return err
	}
	crons := p.kube.batch.CronJobs(p.kube.namespace)
	cron.Namespace = ""
	if _, err := crons.Create(ctx, &cron, metav1.CreateOptions{}); created(err) != nil {
		return err
	}
	defer func() { _ = crons.Delete(context.WithoutCancel(ctx), cron.Name, metav1.DeleteOptions{}) }()
	kept, err := crons.Get(ctx, cron.Name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	// As kubectl create job --from does.
	return p.completes(ctx, &batchv1.Job{ObjectMeta: metav1.ObjectMeta{
		Name: p.id + "-manual", Labels: kept.Spec.JobTemplate.Labels, Annotations: map[string]string{"cronjob.kubernetes.io/instantiate": "manual"},
		OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(kept, batchv1.SchemeGroupVersion.WithKind("CronJob"))},
	}, Spec: kept.Spec.JobTemplate.Spec}, "VARIABLE")
}

// endless is a handler that runs until it gets TERM: launcher explain, which reads
// standard input. The container has stdin: true, so that there is one. A second launcher
// run would look like the result of an earlier --into.
var endless = []string{"/launcher", "explain", "--timeout", "1h", "--secrets", "file=/dev/stdin"}

func intoDeployment(ctx context.Context, p *probe) error {
	var d appsv1.Deployment
	head := "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: NAME}\nspec:\n  replicas: 1\n  selector: {matchLabels: {e2e: NAME}}\n  template:\n    metadata: {labels: {e2e: NAME}}\n    spec:"
	base := strings.Replace(p.manifestOf(head, "Always", endless...), "        env:", "        stdin: true\n        env:", 1)
	if err := p.into(ctx, base, &d, variableSource, "--deliver", "fd"); err != nil {
		return err
	}
	deployments := p.kube.apps.Deployments(p.kube.namespace)
	d.Namespace = ""
	if _, err := deployments.Create(ctx, &d, metav1.CreateOptions{}); created(err) != nil {
		return err
	}
	remove := func() {
		_ = deployments.Delete(context.WithoutCancel(ctx), d.Name, metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationBackground)})
	}
	defer remove()
	err := until(ctx, startTime, "the Deployment to be available", func(ctx context.Context) (bool, error) {
		kept, err := deployments.Get(ctx, d.Name, metav1.GetOptions{})
		return err == nil && kept.Status.AvailableReplicas == 1 && kept.Status.ObservedGeneration == kept.Generation, err
	})
	if err != nil {
		return err
	}
	pods := p.recorder.podsOf(p.id)
	if len(pods) != 1 || pods[0].Status.ContainerStatuses[0].RestartCount > 0 {
		return fmt.Errorf("%d pods, or a restart, for one replica", len(pods))
	}
	remove()
	return p.endsByTERM(ctx, pods[0].Name)
}

// endsByTERM waits for the end of a pod that is being deleted, and returns an error
// unless its handler ended by TERM, before the kubelet sends KILL.
func (p *probe) endsByTERM(ctx context.Context, name string) error {
	err := until(ctx, startTime, "pod "+name+" to be gone", func(ctx context.Context) (bool, error) {
		_, err := p.kube.core.Pods(p.kube.namespace).Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return true, nil
		}
		return false, err
	})
	if err != nil {
		return err
	}
	end := handlerEnd(p.recorder.podsOf(name)[0])
	switch {
	case end == nil:
		return untested("this cluster removes the pod without its last status")
	case end.ExitCode != 143:
		return fmt.Errorf("the container ended with %d %s, not 143: %s", end.ExitCode, end.Reason, end.Message)
	}
	return nil
}

// rotation runs a pod whose container prints the value, ends, and is started again by
// the kubelet, until it prints the new one.
func rotation(ctx context.Context, p *probe) error {
	const rotated = "e2e-rotation"
	set := func(label string) error {
		return p.ctl(ctx, call{args: secretsCommand("set", rotated), stdin: "ROTATED=" + p.canaries.value(label) + "\n"}).expect(0)
	}
	defer func() { _ = p.removeSecret(context.WithoutCancel(ctx), "mlrun-project-secrets-"+rotated) }()
	if err := set("BEFORE"); err != nil {
		return err
	}
	var pod corev1.Pod
	body := strings.ReplaceAll(p.manifestOf("apiVersion: v1\nkind: Pod\nmetadata: {name: NAME}\nspec:", "Always", getSecret("ROTATED")...), "\n      ", "\n  ")
	if err := p.into(ctx, body, &pod, []object{mounted("ROTATED")}, "--project", rotated); err != nil {
		return err
	}
	pods := p.kube.core.Pods(p.kube.namespace)
	pod.Namespace = ""
	if _, err := pods.Create(ctx, &pod, metav1.CreateOptions{}); created(err) != nil {
		return err
	}
	defer func() { _ = pods.Delete(context.WithoutCancel(ctx), pod.Name, metav1.DeleteOptions{}) }()
	if err := p.logged(ctx, pod.Name, "BEFORE"); err != nil {
		return err
	}
	if err := set("AFTER"); err != nil {
		return err
	}
	return until(ctx, 2*endTime, "the new value", func(ctx context.Context) (bool, error) {
		log, err := pods.GetLogs(pod.Name, &corev1.PodLogOptions{Container: "main"}).DoRaw(ctx)
		return err == nil && hasLine(string(log), p.canaries.value("AFTER")), nil
	})
}
