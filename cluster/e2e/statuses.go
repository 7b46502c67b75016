package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// variableSource is a source that every pod can read.
var variableSource = []object{{"kind": "kubernetes", "source": []string{"VARIABLE"}}}

func (s *suite) statusesArea() *area {
	return &area{name: "statuses", checks: []check{
		{"own-status", "the handler's own status, which counts against --retries", ownStatus},
		{"missing-key", "125 for a missing key, at once, with the key in the termination message", missingKey},
		{"not-executable", "126 for a file that is not a program", status(126, "/launcher_context.py")},
		{"not-there", "127 for a command that does not exist", status(127, "/no-such-program")},
		{"start-error", "128 and the runtime's reason, if the launcher is not in the image", startError},
		{"heals", "124 is tried again, and the Job ends well", heals},
		{"deadline", "124 is tried again until the Job's deadline", deadline},
		{"no-account", "125 if the service account is missing, without waiting for the start timeout", noAccount},
		{"no-secret", "125 if a Secret that must be mounted is missing, likewise", noSecret},
		{"no-node", "124 if no node takes the pod within the start timeout", noNode},
		{"signal", "130 by INT before a pod has started, and the Job is gone", interruptEarly},
		{"indexed", "three pods of an indexed Job, each line with its index", indexed},
		{"detached", "run --detach leaves a Job that ends well, and the log is not in the pod's status", detached},
	}}
}

func ownStatus(ctx context.Context, p *probe) error {
	got, err := p.run(ctx, run{sources: variableSource, flags: []string{"--retries", "1"}, handler: getSecret("UNDECLARED")})
	if err == nil {
		err = got.expect(1)
	}
	if err != nil {
		return err
	}
	pods := p.recorder.podsOf(p.id)
	if len(pods) != 2 {
		return fmt.Errorf("%d pods with --retries 1\n%s", len(pods), got.shown())
	}
	return nil
}

func missingKey(ctx context.Context, p *probe) error {
	got, err := p.run(ctx, run{sources: []object{{"kind": "kubernetes", "source": []string{"VARIABLE", "NO_SUCH_KEY"}}},
		flags: []string{"--retries", "3"}, handler: getSecret("VARIABLE")})
	if err == nil {
		err = got.expect(125, `in the pod: launcher: secret "NO_SUCH_KEY"`)
	}
	if err != nil {
		return err
	}
	pods := p.recorder.podsOf(p.id)
	if len(pods) != 1 {
		return fmt.Errorf("%d pods, though 125 is not tried again\n%s", len(pods), got.shown())
	}
	if end := handlerEnd(pods[0]); end == nil || end.ExitCode != 125 || !strings.Contains(end.Message, "NO_SUCH_KEY") {
		return fmt.Errorf("the termination message does not name the key: %v", end)
	}
	return nil
}

// status returns a check of what the launcher ends with for a command.
func status(want int, command string) func(context.Context, *probe) error {
	return func(ctx context.Context, p *probe) error {
		got, err := p.run(ctx, run{sources: variableSource, handler: []string{command}})
		if err != nil {
			return err
		}
		return got.expect(want, "in the pod: launcher: ")
	}
}

func startError(ctx context.Context, p *probe) error {
	got, err := p.run(ctx, run{sources: variableSource, flags: []string{"--launcher", "image", "--launcher-path", "/no-such-launcher"}, handler: getSecret("VARIABLE")})
	if err != nil {
		return err
	}
	return got.expect(128, "/no-such-launcher", "hint: ")
}

// heals has a program that fails until a key is in the project's Secret.
func heals(ctx context.Context, p *probe) error {
	late := mounted("LATE")
	late["optional"] = true
	done := make(chan error, 2)
	go func() {
		done <- until(ctx, endTime, "a pod that ends with 124", func(context.Context) (bool, error) {
			pods := p.recorder.podsOf(p.id)
			return len(pods) > 0 && handlerEnd(pods[0]) != nil, nil
		})
		if ctx.Err() == nil {
			done <- p.ctl(ctx, call{args: secretsCommand("set", project), stdin: "LATE=" + p.canaries.value("LATE") + "\n"}).expect(0)
		}
		close(done)
	}()
	got, err := p.run(ctx, run{sources: []object{late, program("FROM_LATE", "LATE", 125)}, handler: getSecret("FROM_LATE")})
	if err == nil {
		err = got.expect(0)
	}
	if err != nil {
		return err
	}
	err = errors.Join(<-done, <-done, p.printed(got, "LATE"))
	pods := p.recorder.podsOf(p.id)
	if len(pods) < 2 {
		return errors.Join(err, fmt.Errorf("%d pods, so 124 was not tried again", len(pods)))
	}
	if end := handlerEnd(pods[0]); end == nil || end.ExitCode != 124 {
		err = errors.Join(err, fmt.Errorf("the first pod ended by %v", end))
	}
	return err
}

func deadline(ctx context.Context, p *probe) error {
	got, err := p.run(ctx, run{sources: variableSource, flags: []string{"--launcher-flag=--timeout=1ns", "--deadline", "60s"}, handler: getSecret("VARIABLE")})
	if err == nil {
		err = got.expect(124, "deadline")
	}
	if err == nil && len(p.recorder.podsOf(p.id)) < 2 {
		err = fmt.Errorf("124 was not tried again\n%s", got.shown())
	}
	return err
}

// within returns an error if a run waited for longer than it has to.
func (p *probe) within(ctx context.Context, limit time.Duration, r run) (result, error) {
	began := time.Now()
	got, err := p.run(ctx, r)
	if took := time.Since(began); err == nil && took > limit {
		err = fmt.Errorf("it took %s\n%s", took.Round(time.Second), got.shown())
	}
	return got, err
}

func noAccount(ctx context.Context, p *probe) error {
	got, err := p.within(ctx, startTime-time.Minute, run{sources: variableSource, flags: []string{"--service-account", "no-such-account"}, handler: getSecret("VARIABLE")})
	if err != nil {
		return err
	}
	return got.expect(125, "no-such-account", "hint: ")
}

func noSecret(ctx context.Context, p *probe) error {
	vault := object{"kind": "azure_vault", "source": object{"name": "e2e-vault", "k8s_secret": "no-such-secret", "secrets": []string{"A"}}}
	got, err := p.within(ctx, startTime-time.Minute, run{sources: []object{vault}, handler: getSecret("A")})
	if err != nil {
		return err
	}
	return got.expect(125, `secret "no-such-secret" not found`, "hint: ")
}

func noNode(ctx context.Context, p *probe) error {
	got, err := p.run(ctx, run{sources: variableSource, handler: getSecret("VARIABLE"),
		flags: []string{"--node-selector", "e2e.example.org/no-such=node", "--start-timeout", "30s"}})
	if err != nil {
		return err
	}
	return got.expect(124, "no pod has started within 30s", "Unschedulable")
}

func interruptEarly(ctx context.Context, p *probe) error {
	seen, stop := when(ctx, "a pod", func(context.Context) (bool, error) { return len(p.recorder.podsOf(p.id)) > 0, nil })
	defer stop()
	got, err := p.run(ctx, run{sources: variableSource, handler: getSecret("VARIABLE"), flags: []string{"--node-selector", "e2e.example.org/no-such=node"},
		call: call{signal: seen, send: os.Signal(syscall.SIGINT)}})
	if err != nil {
		return err
	}
	return got.expect(130)
}

func indexed(ctx context.Context, p *probe) error {
	got, err := p.run(ctx, run{sources: variableSource, flags: []string{"--completions", "3", "--parallelism", "2"}, handler: getSecret("VARIABLE")})
	if err == nil {
		err = got.expect(0)
	}
	for _, index := range []string{"[0] ", "[1] ", "[2] "} {
		if err == nil && !strings.Contains(got.stdout, index+p.canaries.value("VARIABLE")) {
			err = fmt.Errorf("no line of index %s\n%s", index, got.shown())
		}
	}
	return err
}

func detached(ctx context.Context, p *probe) error {
	got, err := p.run(ctx, run{sources: variableSource, flags: []string{"--detach"}, handler: getSecret("VARIABLE")})
	if err == nil {
		err = got.expect(0)
	}
	name, ok := strings.CutPrefix(strings.TrimSpace(got.stdout), "job.batch/")
	if err == nil && !ok {
		err = fmt.Errorf("it printed no job.batch/NAME\n%s", got.shown())
	}
	if err != nil {
		return err
	}
	defer p.removeJob(ctx, name)
	if err := p.jobEnds(ctx, name); err != nil {
		return err
	}
	return errors.Join(p.logged(ctx, name, "VARIABLE"), until(ctx, startTime, "an end without a message", func(context.Context) (bool, error) {
		end := handlerEnd(p.recorder.podsOf(name)[0])
		return end != nil && end.Message == "", nil
	}))
}

// jobEnds waits until a Job is complete.
func (p *probe) jobEnds(ctx context.Context, name string) error {
	return until(ctx, endTime, "Job "+name+" to be complete", func(ctx context.Context) (bool, error) {
		job, err := p.kube.batch.Jobs(p.kube.namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		for _, c := range job.Status.Conditions {
			if c.Type == batchv1.JobFailed && c.Status == corev1.ConditionTrue {
				return false, permanent{fmt.Errorf("the Job failed: %s: %s", c.Reason, c.Message)}
			}
			if c.Type == batchv1.JobComplete && c.Status == corev1.ConditionTrue {
				return true, nil
			}
		}
		return false, nil
	})
}

func (p *probe) removeJob(ctx context.Context, name string) {
	_ = p.kube.batch.Jobs(p.kube.namespace).Delete(context.WithoutCancel(ctx), name, metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationBackground)})
}
