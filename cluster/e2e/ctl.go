package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Times that a slow cluster keeps.
const (
	startTime = 3 * time.Minute // for a pod to start
	endTime   = 6 * time.Minute // for one command, or one pod, to end
)

// probe is one check at its work.
type probe struct {
	*suite
	id string // starts the names of all that it creates
}

// result is what became of one run of launcherctl.
type result struct {
	stdout, stderr string
	status         int
}

// call is one run of launcherctl.
type call struct {
	args       []string // without the namespace
	stdin      string
	env        []string
	kubeconfig string          // "" for the user's
	signal     <-chan struct{} // the program is sent a signal once it closes; may be nil
	send       os.Signal       // that signal
}

// ctl runs launcherctl in the namespace. Its messages must hold no value.
func (p *probe) ctl(ctx context.Context, c call) result {
	ctx, cancel := context.WithTimeout(ctx, endTime)
	defer cancel()
	at := slices.IndexFunc(c.args, func(arg string) bool { return strings.HasPrefix(arg, "--") }) // all of ours have a flag
	args := slices.Insert(slices.Clone(c.args), at, "--namespace", p.kube.namespace)
	if c.kubeconfig != "" {
		args = slices.Insert(args, at, "--kubeconfig", c.kubeconfig)
	}
	cmd := exec.CommandContext(ctx, p.launcherctl, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = time.Minute
	cmd.Env = append(os.Environ(), c.env...)
	cmd.Stdin = strings.NewReader(c.stdin)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Start()
	if err == nil {
		done := make(chan struct{})
		if c.signal != nil {
			go func() {
				select {
				case <-c.signal:
					_ = cmd.Process.Signal(c.send)
				case <-done:
				}
			}()
		}
		err = cmd.Wait()
		close(done)
	}
	r := result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
	if ended := (*exec.ExitError)(nil); err != nil && !errors.As(err, &ended) {
		r.stderr += "\ne2e: " + err.Error()
	}
	p.recorder.look("the messages of launcherctl "+strings.Join(c.args[:min(2, len(c.args))], " ")+", "+p.id, r.stderr)
	return r
}

// expect returns an error with what was printed unless the status is as expected.
func (r result) expect(status int, messages ...string) error {
	if r.status != status {
		return fmt.Errorf("status %d, expected %d\n%s", r.status, status, r.shown())
	}
	for _, m := range messages {
		if !strings.Contains(r.stderr, m) {
			return fmt.Errorf("the messages lack %q\n%s", m, r.shown())
		}
	}
	return nil
}

// shown is what was printed, for a message that is redacted.
func (r result) shown() string {
	return "stdout: " + shorten(r.stdout) + "\nstderr: " + shorten(r.stderr)
}

// shorten leaves out the middle of a long text.
func shorten(text string) string {
	const most = 3000
	if len(text) > most {
		return text[:most/2] + "\n[...]\n" + text[len(text)-most/2:]
	}
	return text
}

// object is a part of a task.
type object = map[string]any

// task writes a task of the project, with the sources, and returns its path.
func (p *probe) task(sources ...object) (string, error) {
	text, err := json.Marshal(object{"metadata": object{"name": p.id, "project": project}, "spec": object{"secret_sources": sources}})
	if err != nil {
		return "", err
	}
	return p.write("task.json", string(text))
}

// write writes a file of the check.
func (p *probe) write(name, text string) (string, error) {
	path := filepath.Join(p.folder, p.id+"-"+name)
	return path, os.WriteFile(path, []byte(text), 0o600)
}

// run is launcherctl run of a task with the sources.
type run struct {
	sources []object
	image   string // "" for the launcher's
	flags   []string
	handler []string
	call
}

func (p *probe) run(ctx context.Context, r run) (result, error) {
	path, err := p.task(r.sources...)
	if err != nil {
		return result{}, err
	}
	if r.image == "" {
		r.image = p.image
	}
	r.args = slices.Concat([]string{"run", "--task", path, "--image", r.image, "--launcher-image", p.image, "--start-timeout", startTime.String()},
		r.flags, []string{"--"}, r.handler)
	return p.ctl(ctx, r.call), nil
}

// getSecret is the handler that the launcher's image has.
func getSecret(key string) []string { return []string{"/launcher", "get-secret", key} }
