package main_test

import (
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/seed45446ece/launcher/cluster/clustertest"
)

// cronJob is a file with more than one object. Its handler is the second container.
const cronJob = `apiVersion: v1
kind: ConfigMap
metadata: {name: app}
--- # nightly
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly, namespace: ml}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    metadata:
      labels: {team: a}
      annotations: {cost: "1"}
    spec:
      template:
        spec:
          restartPolicy: Never
          volumes:
          - {name: files, secret: {secretName: mine, defaultMode: 0440}}
          containers:
          - {name: side, image: proxy:1, command: [proxy]}
          - {name: handler, image: train:1, command: [python], args: [train.py]}
`

// intoTask has a value of its own and a key of the project.
const intoTask = "metadata: {name: train, project: fraud}\nspec:\n  secret_sources:\n  - {kind: inline, source: {INLINE: " + canary + "}}\n  - {kind: kubernetes, source: [DB_PASSWORD]}\n"

// into starts run --into of a manifest.
func (c *controlled) into(text string, args ...string) *program {
	c.Helper()
	flags := []string{"run", "--task", write(c.T, "task.yaml", intoTask), "--launcher-image", "launcher", "--into", write(c.T, "job.yaml", text)}
	p := &program{T: c.T, Cmd: prepared(c.T, c.Kubeconfig(c.T), append(flags, args...)...)}
	p.Stdout, p.Stderr = &p.out, &p.err
	require.NoError(c, p.Start())
	c.Cleanup(func() { _ = p.Process.Kill() })
	return p
}

// TestRunIntoRunsTheUsersJob has its logs and its status, and deletes it.
func TestRunIntoRunsTheUsersJob(t *testing.T) {
	for name, text := range map[string]string{"a Job": ownJob, "CRLF": strings.ReplaceAll(ownJob, "\n", "\r\n"), "JSON": asJSON(t, ownJob)} {
		t.Run(name, func(t *testing.T) {
			c := controller(t)
			p := c.into(text)
			c.started()
			require.Regexp(t, `^nightly-[a-z0-9]{5}$`, c.name)
			spec := c.Object(c.job)["spec"].(map[string]any)
			require.EqualValues(t, 3600, spec["ttlSecondsAfterFinished"])
			require.NotContains(t, spec, "activeDeadlineSeconds", "the manifest has none")
			require.Contains(t, fmt.Sprint(spec), "[/launcher-bin/launcher run -- sh -c]")
			require.Contains(t, fmt.Sprint(spec), "# $$(TASK) stays what it was\necho")
			c.writes("-a", "one")
			c.of("main", "-a", "Running", running())
			c.of("main", "-a", "Failed", terminated(7, ""))
			c.ends("Failed", "BackoffLimitExceeded")
			p.ends(7)
			require.Equal(t, "one\n", p.out.String())
			c.nothingIsLeft()
		})
	}
}

// of puts a pod into a state, whose container has another name.
func (c *controlled) of(container, suffix, phase string, state map[string]any) {
	c.pod(suffix, phase, state)
	path := clustertest.Path("", "pods", c.name+suffix)
	object := c.Object(path)
	object["spec"] = map[string]any{"containers": []any{map[string]any{"name": container}}}
	statuses := []any{map[string]any{"name": "side", "state": map[string]any{"terminated": map[string]any{"exitCode": 143, "finishedAt": "2026-01-31T12:00:30Z"}}}}
	if phase == "Running" {
		statuses = nil
	}
	object["status"] = map[string]any{"phase": phase, "containerStatuses": append(statuses, map[string]any{"name": container, "state": state})}
	c.Put(path, object)
}

// TestRunIntoRunsACronJobOnce as kubectl create job --from does. The status is that of
// the container of --container, though another ended later.
func TestRunIntoRunsACronJobOnce(t *testing.T) {
	c := controller(t)
	p := c.into(cronJob, "--container", "handler", "--env", "A=1", "--volume", "pvc/data:/data", "--image-pull-secret", "pull", "--service-account", "trainer")
	c.started()
	object := c.Object(c.job)
	meta := object["metadata"].(map[string]any)
	require.Equal(t, map[string]any{"team": "a"}, meta["labels"])
	require.Equal(t, "manual", meta["annotations"].(map[string]any)["cronjob.kubernetes.io/instantiate"])
	require.Equal(t, "1", meta["annotations"].(map[string]any)["cost"])
	pod := object["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)
	require.EqualValues(t, 0o440, pod["volumes"].([]any)[0].(map[string]any)["secret"].(map[string]any)["defaultMode"])
	require.Equal(t, "trainer", pod["serviceAccountName"])
	require.Contains(t, fmt.Sprint(pod), "claimName:data")
	require.Contains(t, fmt.Sprint(pod), "imagePullSecrets:[map[name:pull]]")
	c.of("handler", "-a", "Failed", terminated(7, ""))
	c.ends("Failed", "BackoffLimitExceeded")
	p.ends(7)
	require.Contains(t, p.err.String(), `ConfigMap "app" is not created: run creates only the Job`)
	c.nothingIsLeft()
}

// TestRunIntoRefusesWhatItCannotFollow and creates nothing.
func TestRunIntoRefusesWhatItCannotFollow(t *testing.T) {
	two := ownJob + "---\n" + strings.Replace(ownJob, "name: nightly", "name: weekly", 1)
	for name, c := range map[string]struct {
		text, want string
		flags      []string
	}{
		"empty":             {"", "it contains no Job\nhint: give a Job or CronJob of batch/v1, in a separate document", nil},
		"comments":          {"# nothing\n---\n", "it contains no Job", nil},
		"a Deployment":      {strings.NewReplacer("kind: Job", "kind: Deployment", "batch/v1", "apps/v1").Replace(ownJob), "it contains no Job", nil},
		"an old CronJob":    {strings.Replace(cronJob, "batch/v1", "batch/v1beta1", 1), "it contains no Job", nil},
		"a List":            {"apiVersion: v1\nkind: List\nitems:\n- " + strings.ReplaceAll(strings.TrimPrefix(ownJob, "# nightly\n"), "\n", "\n  "), "it contains no Job", nil},
		"a name of nothing": {"kind: Pod\n", "it contains no Job", []string{"--template", "x"}},
		"two Jobs":          {two, "several of its objects have pods: nightly, weekly\nhint: use --template NAME", nil},
		"no such Job":       {two, "pod template \"daily\" does not exist\nhint: use one of nightly, weekly", []string{"--template", "daily"}},
		"no such container": {cronJob, "its containers are side, handler", nil},
		"restarts":          {strings.Replace(ownJob, "Never", "OnFailure", 1), `restartPolicy "OnFailure" cannot be followed`, nil},
		"no restart policy": {strings.Replace(ownJob, "      restartPolicy: Never\n", "", 1), "restartPolicy \"\" cannot be followed", nil},
		"suspended":         {strings.Replace(ownJob, "spec:\n", "spec:\n  suspend: true\n", 1), "the Job is suspended", nil},
		"its own selector":  {strings.Replace(ownJob, "spec:\n", "spec:\n  manualSelector: true\n", 1), "a Job with manualSelector cannot be followed", nil},
		"an unknown field":  {strings.Replace(ownJob, "spec:\n", "spec:\n  backofLimit: 1\n", 1), `job.yaml: unknown field "backofLimit"`, nil},
		"a wrong type":      {strings.Replace(ownJob, "spec:\n", "spec:\n  backoffLimit: "+canary+"\n", 1), "cannot unmarshal string into Go struct field", nil},
		"huge":              {ownJob + strings.Repeat("# "+strings.Repeat("x", 1000)+"\n", 5000), "MiB", nil},
		"not YAML":          {"kind: [Job\n", "not valid YAML", nil},
		"another namespace": {cronJob, `the manifest is for namespace "ml", not "day"`, []string{"-n", "day"}},
		"a flag of ours":    {ownJob, "--retries cannot be used with --into: the manifest decides it", []string{"--retries", "1", "--user", "0"}},
	} {
		t.Run(name, func(t *testing.T) {
			k := controller(t)
			p := k.into(c.text, c.flags...)
			p.ends(125)
			require.Contains(t, p.err.String(), c.want)
			require.False(t, k.asked("create", "/jobs"))
		})
	}
}

// TestRunIntoRunsTheChosenJob of two, from standard input, and what kubectl get prints.
func TestRunIntoRunsTheChosenJob(t *testing.T) {
	exported := strings.NewReplacer("metadata: {name: nightly}", `metadata: {name: weekly, uid: old, resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z", labels: {job-name: weekly, team: a}}
status: {failed: 1}`, "spec:\n  template:\n", "spec:\n  selector: {matchLabels: {batch.kubernetes.io/controller-uid: old}}\n  template:\n    metadata: {labels: {controller-uid: old, app: x}}\n").Replace(ownJob)
	c := controller(t)
	p := &program{T: t, Cmd: prepared(t, c.Kubeconfig(t), "run", "--detach", "--task", write(t, "task.yaml", intoTask), "--launcher-image", "launcher",
		"--into", "-", "--template", "weekly", "--name", "mine")}
	p.Stdin, p.Stdout, p.Stderr = strings.NewReader(ownJob+"---\n"+exported), &p.out, &p.err
	require.NoError(t, p.Start())
	p.ends(0)
	require.Equal(t, "job.batch/mine\n", p.out.String())
	object := c.Object(jobs + "/mine")
	require.Equal(t, map[string]any{"team": "a"}, object["metadata"].(map[string]any)["labels"])
	require.NotEqual(t, "old", object["metadata"].(map[string]any)["uid"])
	spec := object["spec"].(map[string]any)
	require.NotContains(t, spec, "selector")
	require.NotContains(t, spec, "ttlSecondsAfterFinished", "--detach")
	require.Equal(t, map[string]any{"app": "x"}, spec["template"].(map[string]any)["metadata"].(map[string]any)["labels"])
	secret := c.Object(clustertest.Path("", "secrets", "mine-values"))
	require.NotNil(t, secret)

	p = c.into(ownJob, "--name", "mine")
	p.ends(125)
	require.Contains(t, p.err.String(), `job "mine" already exists in namespace "ml"`)
	require.Equal(t, []string{jobs + "/mine"}, c.Paths(jobs), "it is another run's")
}

// TestRunIntoThatIsInterruptedLeavesNothing ends it while the Secret is created.
func TestRunIntoThatIsInterruptedLeavesNothing(t *testing.T) {
	c := controller(t)
	came := make(chan struct{})
	c.Inject(clustertest.On("create", "/secrets", clustertest.Times(1, held(came))))
	p := c.into(ownJob)
	<-came
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	p.ends(143)
	c.nothingIsLeft()
}

// TestRunIntoTellsWhyPodSecurityRefuses the pods of a manifest, and deletes the Job.
func TestRunIntoTellsWhyPodSecurityRefuses(t *testing.T) {
	c := controller(t)
	p := c.into(ownJob, "--start-timeout", "20s")
	c.started()
	c.warning(c.job, "FailedCreate", `Error creating: pods "n-" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true (pod or container "main" must set securityContext.runAsNonRoot=true)`)
	p.ends(125)
	require.Contains(t, p.err.String(), `container "main" must set securityContext.runAsNonRoot=true`)
	require.Contains(t, p.err.String(), "hint: correct the pod's securityContext")
	c.nothingIsLeft()
}

// TestRunIntoIsRefusedByTheServer shows the reason, and leaves nothing.
func TestRunIntoIsRefusedByTheServer(t *testing.T) {
	c := controller(t)
	c.Inject(clustertest.On("create", "/jobs", clustertest.Failing(http.StatusUnprocessableEntity, "Invalid", "spec.template.spec.containers[0].image: Required value")))
	p := c.into(ownJob)
	p.ends(125)
	require.Contains(t, p.err.String(), "containers[0].image: Required value")
	c.nothingIsLeft()
}

// asJSON returns a manifest as kubectl get -o json prints it.
func asJSON(t *testing.T, text string) string {
	t.Helper()
	encoded, err := yaml.YAMLToJSON([]byte(text))
	require.NoError(t, err)
	return string(encoded)
}
