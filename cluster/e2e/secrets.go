package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Secrets that the checks read.
const (
	projectSecret = "mlrun-project-secrets-" + project
	otherSecret   = "e2e-other"
)

// binary is a value that no variable holds.
var binary = []byte("\x00\xff\xfe line 1\r\nline 2\n\n")

// secretsArea sets the keys that the other checks read. Its checks run in their order.
func (s *suite) secretsArea() *area {
	return &area{name: "secrets", checks: []check{
		{"set-lines", "set keys by lines on standard input", setLines},
		{"set-file", "set a binary value from a file", setFile},
		{"set-refused", "refuse a value with a NUL byte as a variable", setRefused},
		{"set-at-once", "set by eight commands at once loses nothing", setAtOnce},
		{"list", "list names the keys, and no value", listKeys},
		{"delete", "delete takes all keys or none", deleteKeys},
		{"other", "a Secret of another program", createOther},
	}}
}

// secretsCommand returns the arguments of launcherctl secrets.
func secretsCommand(command, project string, more ...string) []string {
	return append([]string{"secrets", command, "--project", project}, more...)
}

// holds returns an error unless a Secret has the value.
func (p *probe) holds(ctx context.Context, secret, key string, value []byte) error {
	got, err := p.kube.core.Secrets(p.kube.namespace).Get(ctx, secret, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if !bytes.Equal(got.Data[key], value) {
		return fmt.Errorf("key %q of Secret %q has another value, of %d bytes", key, secret, len(got.Data[key]))
	}
	return nil
}

func setLines(ctx context.Context, p *probe) error {
	lines := ""
	for _, key := range []string{"VARIABLE", "MOUNTED", "EXEC"} {
		lines += key + "=" + p.canaries.value(key) + "\n"
	}
	got := p.ctl(ctx, call{args: secretsCommand("set", project), stdin: lines})
	if err := got.expect(0); err != nil {
		return err
	}
	p.recorder.look("the output of secrets set", got.stdout)
	return errors.Join(p.holds(ctx, projectSecret, "VARIABLE", []byte(p.canaries.value("VARIABLE"))),
		p.holds(ctx, projectSecret, "MOUNTED", []byte(p.canaries.value("MOUNTED"))))
}

func setFile(ctx context.Context, p *probe) error {
	path, err := p.write("binary", string(binary))
	if err != nil {
		return err
	}
	if err := p.ctl(ctx, call{args: secretsCommand("set", project, "--mount-only", "--from-file", "BINARY="+path)}).expect(0); err != nil {
		return err
	}
	return errors.Join(p.holds(ctx, projectSecret, "BINARY", binary), p.holds(ctx, projectSecret, "VARIABLE", []byte(p.canaries.value("VARIABLE"))))
}

func setRefused(ctx context.Context, p *probe) error {
	path, err := p.write("binary", string(binary))
	if err != nil {
		return err
	}
	return p.ctl(ctx, call{args: secretsCommand("set", project, "--from-file", "REFUSED="+path)}).expect(125, "--mount-only")
}

func setAtOnce(ctx context.Context, p *probe) error {
	const writers = 8
	errs := make([]error, writers)
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			key := fmt.Sprintf("CONCURRENT_%d", i)
			errs[i] = p.ctl(ctx, call{args: secretsCommand("set", "e2e-at-once"), stdin: key + "=" + p.canaries.value(key) + "\n"}).expect(0)
		})
	}
	all.Wait()
	for i := range writers {
		key := fmt.Sprintf("CONCURRENT_%d", i)
		errs = append(errs, p.holds(ctx, "mlrun-project-secrets-e2e-at-once", key, []byte(p.canaries.value(key))))
	}
	return errors.Join(append(errs, p.removeSecret(ctx, "mlrun-project-secrets-e2e-at-once"))...)
}

func listKeys(ctx context.Context, p *probe) error {
	got := p.ctl(ctx, call{args: secretsCommand("list", project)})
	if err := got.expect(0); err != nil {
		return err
	}
	p.recorder.look("the output of secrets list", got.stdout)
	for _, text := range []string{"VARIABLE", "MLRUN_K8S_SECRET__VARIABLE", "BINARY"} {
		if !strings.Contains(got.stdout, text) {
			return fmt.Errorf("the list lacks %s\n%s", text, got.shown())
		}
	}
	return nil
}

func deleteKeys(ctx context.Context, p *probe) error {
	const name = "e2e-delete"
	defer func() { _ = p.removeSecret(context.WithoutCancel(ctx), "mlrun-project-secrets-"+name) }()
	err := p.ctl(ctx, call{args: secretsCommand("set", name), stdin: "A=1\nB=2\nC=3\n"}).expect(0)
	if err == nil {
		err = p.ctl(ctx, call{args: secretsCommand("delete", name, "A", "NO_SUCH_KEY")}).expect(125, "NO_SUCH_KEY")
	}
	if err == nil {
		err = p.holds(ctx, "mlrun-project-secrets-"+name, "A", []byte("1"))
	}
	if err == nil {
		err = p.ctl(ctx, call{args: secretsCommand("delete", name, "A", "B")}).expect(0)
	}
	if err != nil {
		return err
	}
	got := p.ctl(ctx, call{args: secretsCommand("list", name)})
	if strings.Contains(got.stdout, "\nA ") || !strings.Contains(got.stdout, "\nC ") {
		return fmt.Errorf("key C is not the only one that is left\n%s", got.shown())
	}
	return got.expect(0)
}

func createOther(ctx context.Context, p *probe) error {
	_, err := p.kube.core.Secrets(p.kube.namespace).Create(ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: otherSecret}, Data: map[string][]byte{"password": []byte(p.canaries.value("OTHER"))}}, metav1.CreateOptions{})
	return created(err)
}

func (p *probe) removeSecret(ctx context.Context, name string) error {
	return p.kube.core.Secrets(p.kube.namespace).Delete(ctx, name, metav1.DeleteOptions{})
}
