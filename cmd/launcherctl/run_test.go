package main_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/cluster/clustertest"
)

// controlled is a server whose Jobs' pods the test plays.
type controlled struct {
	*testing.T
	*clustertest.Server
	job, name string // of the Job once it was seen
	uid       any
	mu        sync.Mutex
	log       map[string]string // by pod: what a container has written, in the form of the kubelet
}

func controller(t *testing.T) *controlled {
	c := &controlled{T: t, Server: clustertest.New(t), log: map[string]string{}}
	c.Logs = func(w http.ResponseWriter, pod, _ string, _ *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		_, _ = w.Write([]byte(c.log[pod]))
	}
	return c
}

// until waits for the cluster to come to a state.
func (c *controlled) until(what string, is func() bool) {
	c.Helper()
	deadline := time.After(patience)
	for {
		changed := c.Changed()
		if is() {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			require.Fail(c, "waited in vain for "+what)
		}
	}
}

var jobs = clustertest.Path("batch", "jobs", "")

// started waits for a Job, and for the Secret that its pods mount.
func (c *controlled) started() {
	c.Helper()
	c.until("a job", func() bool {
		paths := c.Paths(jobs)
		if len(paths) == 0 {
			return false
		}
		c.job = paths[0]
		object := c.Object(c.job)
		c.name = object["metadata"].(map[string]any)["name"].(string)
		c.uid = object["metadata"].(map[string]any)["uid"]
		return !strings.Contains(fmt.Sprint(object["spec"]), "launcher-values") || len(c.Paths(clustertest.Path("", "secrets", ""))) > 0
	})
}

// pod puts one of the Job's pods into a state: of its one container, in JSON's
// form.
func (c *controlled) pod(suffix, phase string, state map[string]any, annotations ...string) {
	name := c.name + suffix
	path := clustertest.Path("", "pods", name)
	meta := map[string]any{"name": name, "labels": map[string]any{"batch.kubernetes.io/controller-uid": c.uid}, "creationTimestamp": "2026-01-31T12:00:00Z",
		"ownerReferences": []any{map[string]any{"uid": c.uid, "kind": "Job", "name": c.name, "apiVersion": "batch/v1"}}}
	if old := c.Object(path); old != nil {
		meta = old["metadata"].(map[string]any)
	}
	if len(annotations) == 2 {
		meta["annotations"] = map[string]any{annotations[0]: annotations[1]}
	}
	c.Put(path, map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": map[string]any{"containers": []any{map[string]any{"name": "handler"}}},
		"status": map[string]any{"phase": phase, "containerStatuses": []any{map[string]any{"name": "handler", "state": state}}}})
}

func running() map[string]any { return map[string]any{"running": map[string]any{}} }

func terminated(status int, message string) map[string]any {
	return map[string]any{"terminated": map[string]any{"exitCode": status, "message": message, "finishedAt": "2026-01-31T12:00:09Z"}}
}

func waiting(reason, message string) map[string]any {
	return map[string]any{"waiting": map[string]any{"reason": reason, "message": message}}
}

// ends puts the Job into its last state.
func (c *controlled) ends(condition, reason string) {
	object := c.Object(c.job)
	object["status"] = map[string]any{"conditions": []any{map[string]any{"type": condition, "status": "True", "reason": reason, "message": "as it is"}}}
	c.Put(c.job, object)
}

// writes adds lines to a pod's log, each a second after the other.
func (c *controlled) writes(suffix string, lines ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	pod := c.name + suffix
	for _, line := range lines {
		n := strings.Count(c.log[pod], "\n")
		c.log[pod] += fmt.Sprintf("2026-01-31T12:00:%02d.%09dZ %s\n", n%60, n, line)
	}
}

// running is a program that is running.
type program struct {
	*testing.T
	*exec.Cmd
	out, err bytes.Buffer
}

// inBackground starts run of a task with one inline value.
func (c *controlled) inBackground(args ...string) *program {
	c.Helper()
	p := c.run(args...)
	p.Stdout = &p.out
	require.NoError(c, p.Start())
	c.Cleanup(func() { _ = p.Process.Kill() })
	return p
}

// run is that program before its start, whose standard output goes nowhere yet.
func (c *controlled) run(args ...string) *program {
	c.Helper()
	task := write(c.T, "task.yaml", "metadata: {name: train, project: fraud}\nspec:\n  secret_sources:\n  - {kind: inline, source: {INLINE: '"+canary+"'}}\n  - {kind: kubernetes, source: [DB_PASSWORD]}\n")
	flags := []string{"run", "--verbose", "--task", task, "--image", "python", "--launcher-image", "launcher"}
	p := &program{T: c.T, Cmd: prepared(c.T, c.Kubeconfig(c.T), append(append(flags, args...), "--", "true")...)}
	p.Stderr = &p.err
	return p
}

// ends waits for the program's end.
func (p *program) ends(status int) {
	p.T.Helper()
	timer := time.AfterFunc(patience, func() { _ = p.Process.Kill() })
	_ = p.Wait() // what it ended with is below
	timer.Stop()
	require.Equal(p.T, status, ended(p.Cmd), p.err.String())
	requireNoForm(p.T, p.out.String()+p.err.String(), canary, clustertest.Token)
}

// nothingIsLeft checks that all that was made is gone, and that nothing but the
// Job's own Secret ever held a value.
func (c *controlled) nothingIsLeft() {
	c.Helper()
	require.Empty(c, c.Paths(jobs))
	require.Empty(c, c.Paths(clustertest.Path("", "secrets", "")))
	c.noValueInASpecification()
}

func (c *controlled) noValueInASpecification() {
	c.Helper()
	for _, r := range c.Requests() {
		if !strings.HasSuffix(r.Path, "/secrets") {
			requireNoForm(c.T, r.Path+r.Query+r.Body, canary)
		}
	}
}

func TestRunEndsAsItsHandlerDoes(t *testing.T) {
	for _, status := range []int{0, 7, 143} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			c := controller(t)
			p := c.inBackground()
			c.started()
			c.pod("-a", "Pending", waiting("ContainerCreating", ""))
			c.writes("-a", "one", "", " two ", "three")
			c.pod("-a", "Running", running())
			c.pod("-a", "Succeeded", terminated(status, ""))
			if status == 0 {
				c.ends("Complete", "")
			} else {
				c.pod("-a", "Failed", terminated(status, ""))
				c.ends("Failed", "BackoffLimitExceeded")
			}
			p.ends(status)
			require.Equal(t, "one\n\n two \nthree\n", p.out.String())
			c.nothingIsLeft()
		})
	}
}

// TestTheValuesAreTheJobs checks that the Job owns the Secret from its first moment.
func TestTheValuesAreTheJobs(t *testing.T) {
	c := controller(t)
	p := c.inBackground("--keep")
	c.started()
	secrets := c.Paths(clustertest.Path("", "secrets", ""))
	require.Len(t, secrets, 1)
	secret := c.Object(secrets[0])
	owner := secret["metadata"].(map[string]any)["ownerReferences"].([]any)[0].(map[string]any)
	require.Equal(t, c.uid, owner["uid"])
	var order []string
	for _, r := range c.Requests() {
		if r.Verb == "create" || r.Verb == "patch" {
			order = append(order, r.Verb+" "+strings.TrimPrefix(r.Path[strings.LastIndex(r.Path, "/ml/")+4:], "/"))
		}
	}
	require.Equal(t, []string{"create jobs", "create secrets"}, order)
	require.Regexp(t, `^train-[a-z0-9]{5}$`, c.name)
	require.Contains(t, fmt.Sprint(c.Object(c.job)["spec"]), "secretName:"+secret["metadata"].(map[string]any)["name"].(string))
	c.pod("-a", "Succeeded", terminated(0, ""))
	c.ends("Complete", "")
	p.ends(0)
	require.NotEmpty(t, c.Paths(jobs), "--keep")
	c.noValueInASpecification()
}

func TestTheLaunchersStatusIsExplained(t *testing.T) {
	c := controller(t)
	p := c.inBackground()
	c.started()
	c.pod("-a", "Failed", terminated(125, "a handler's word\nlauncher: secret \"DB_PASSWORD\": kubernetes: variable X is not set\nhint: add the key\n"))
	c.ends("Failed", "PodFailurePolicy")
	p.ends(125)
	require.Contains(t, p.err.String(), "launcherctl: pod "+c.name+"-a: status 125 is the launcher's: permanent failure; retrying will not help\n"+
		"launcherctl: in the pod: launcher: secret \"DB_PASSWORD\": kubernetes: variable X is not set\nlauncherctl: in the pod: hint: add the key\n")
	require.NotContains(t, p.err.String(), "handler's word")
	c.nothingIsLeft()
}

// TestAJobOfManyPods has its lines told apart, and the status of the pod by
// which it failed, not of those that were ended for it.
func TestAJobOfManyPods(t *testing.T) {
	c := controller(t)
	p := c.inBackground("--completions", "3", "--parallelism", "3")
	c.started()
	for i := range 3 {
		c.writes(fmt.Sprintf("-%d", i), fmt.Sprintf("from %d", i))
		c.pod(fmt.Sprintf("-%d", i), "Running", running(), "batch.kubernetes.io/job-completion-index", fmt.Sprint(i))
	}
	c.pod("-1", "Failed", terminated(9, ""))
	ended := c.Object(clustertest.Path("", "pods", c.name+"-2"))
	ended["metadata"].(map[string]any)["deletionTimestamp"] = "2026-01-31T12:00:10Z"
	c.Put(clustertest.Path("", "pods", c.name+"-2"), ended)
	c.pod("-2", "Failed", map[string]any{"terminated": map[string]any{"exitCode": 143, "finishedAt": "2026-01-31T12:00:20Z"}})
	c.pod("-0", "Succeeded", terminated(0, ""))
	c.ends("Failed", "BackoffLimitExceeded")
	p.ends(9)
	require.ElementsMatch(t, []string{"[0] from 0", "[1] from 1", "[2] from 2"}, strings.Split(strings.TrimSpace(p.out.String()), "\n"))
	c.nothingIsLeft()
}

func TestDetachPrintsTheJobAndLeavesIt(t *testing.T) {
	c := controller(t)
	p := c.inBackground("--detach", "--name", "mine")
	p.ends(0)
	require.Equal(t, "job.batch/mine\n", p.out.String())
	require.Equal(t, []string{jobs + "/mine"}, c.Paths(jobs))
	c.noValueInASpecification()

	p = c.inBackground("--name", "mine")
	p.ends(125)
	require.Contains(t, p.err.String(), `job "mine" already exists in namespace "ml"`)
	require.Equal(t, []string{jobs + "/mine"}, c.Paths(jobs), "it is another run's")
}
