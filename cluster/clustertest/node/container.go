package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type object = map[string]any

// runContainer runs one container to its end.
func (p *pod) runContainer(c corev1.Container, started func()) *corev1.ContainerStateTerminated {
	end := &corev1.ContainerStateTerminated{StartedAt: metav1.Now(), Reason: "Error"}
	defer func() { end.FinishedAt = metav1.Now() }()
	bundle := filepath.Join(p.folder, "bundle-"+c.Name)
	message := filepath.Join(bundle, "message")
	err := errors.Join(os.RemoveAll(bundle), os.MkdirAll(bundle, 0o755), os.WriteFile(message, nil, 0o600), os.Chmod(message, 0o666), p.writeConfig(c, bundle))
	if err != nil {
		end.ExitCode, end.Reason, end.Message = 128, "StartError", err.Error()
		return end
	}
	end.ExitCode = int32(p.execute(c, bundle, started))
	text, _ := os.ReadFile(message)
	end.Message = string(text[:min(len(text), 4096)])
	log, _ := os.ReadFile(filepath.Join(bundle, "log"))
	switch memory := c.Resources.Limits.Memory(); {
	case strings.Contains(string(log), `"level":"error"`):
		end.ExitCode, end.Reason, end.Message = 128, "StartError", "failed to create containerd task: "+string(log)
	case end.ExitCode == 137 && !memory.IsZero() && !p.stopped(0):
		end.Reason = "OOMKilled"
	case end.ExitCode == 0:
		end.Reason = "Completed"
	}
	return end
}

// execute runs runc, and returns the exit status of the container.
func (p *pod) execute(c corev1.Container, bundle string, started func()) int {
	id := fmt.Sprintf("e2e-%d-%s-%s", os.Getpid(), filepath.Base(p.at), c.Name)
	file := &logFile{}
	p.mu.Lock()
	p.logs[c.Name] = file
	p.mu.Unlock()
	runc := func(args ...string) *exec.Cmd {
		return exec.Command("runc", append([]string{"--root", filepath.Join(p.Node.folder, "runc"), "--log", filepath.Join(bundle, "log"), "--log-format", "json"}, args...)...)
	}
	cmd := runc("run", "--bundle", bundle, id)
	cmd.Stdout, cmd.Stderr = logWriter{p, file}, logWriter{p, file}
	if c.Stdin {
		reader, writer, err := os.Pipe()
		if err != nil {
			return 128
		}
		defer func() { _, _ = reader.Close(), writer.Close() }()
		cmd.Stdin = reader
	}
	if err := cmd.Start(); err != nil {
		_, _ = io.WriteString(cmd.Stderr, err.Error())
		return 128
	}
	started()
	ended := make(chan struct{})
	go p.signal(cmd, ended, func() { _ = runc("kill", id, "KILL").Run() })
	_ = cmd.Wait() // the status is below
	close(ended)
	return cmd.ProcessState.ExitCode()
}

// signal sends TERM when the pod is to end, and KILL after its grace period.
func (p *pod) signal(cmd *exec.Cmd, ended chan struct{}, kill func()) {
	grace := 30 * time.Second
	if s := p.spec.TerminationGracePeriodSeconds; s != nil {
		grace = time.Duration(*s) * time.Second
	}
	select {
	case <-ended:
		return
	case <-p.stop:
		_ = cmd.Process.Signal(syscall.SIGTERM)
	}
	select {
	case <-ended:
	case <-time.After(grace):
		kill()
	case <-p.dead:
		kill()
	}
}

// writeConfig writes the configuration of runc for a container.
// https://github.com/opencontainers/runtime-spec/blob/main/config.md
func (p *pod) writeConfig(c corev1.Container, bundle string) error {
	environ, err := p.environ(c)
	root := p.images[c.Image]
	if root == "" {
		err = errors.Join(err, fmt.Errorf("image %q does not exist", c.Image))
	}
	if err != nil {
		return err
	}
	var args []string
	env := []string{"PATH=/bin", "KUBERNETES_SERVICE_HOST=192.0.2.1", "KUBERNETES_SERVICE_PORT=443"}
	for _, word := range slices.Concat(c.Command, c.Args) {
		args = append(args, expand(word, environ))
	}
	for _, e := range environ {
		env = append(env, e[0]+"="+e[1])
	}
	context := p.spec.SecurityContext
	user := either(c.SecurityContext.RunAsUser, context.RunAsUser)
	limits := object{}
	if memory := c.Resources.Limits.Memory(); !memory.IsZero() {
		limits["memory"] = object{"limit": memory.Value(), "swap": memory.Value()}
	}
	group := either(c.SecurityContext.RunAsGroup, context.RunAsGroup)
	text, _ := json.Marshal(object{"ociVersion": "1.0.2",
		"process": object{"user": object{"uid": *user, "gid": *group, "additionalGids": []int64{*either(context.FSGroup, group)}}, "args": args, "env": env, "cwd": "/",
			"noNewPrivileges": true, "capabilities": object{}},
		"root":   object{"path": root, "readonly": true},
		"mounts": p.mounts(c, bundle),
		"linux":  object{"namespaces": []object{{"type": "pid"}, {"type": "mount"}, {"type": "ipc"}, {"type": "uts"}, {"type": "network"}}, "resources": limits}})
	return os.WriteFile(filepath.Join(bundle, "config.json"), text, 0o600)
}

func (p *pod) mounts(c corev1.Container, bundle string) []object {
	all := []object{
		{"destination": "/proc", "type": "proc", "source": "proc"},
		{"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": []string{"nosuid", "mode=755"}},
		{"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": []string{"nosuid", "noexec", "nodev", "mode=1777"}},
		{"destination": "/dev/termination-log", "type": "bind", "source": filepath.Join(bundle, "message"), "options": []string{"bind", "rw"}},
	}
	for _, m := range c.VolumeMounts {
		access := "rw"
		if m.ReadOnly {
			access = "ro"
		}
		mount := object{"destination": m.MountPath, "type": "bind", "source": p.volume(m.Name), "options": []string{"bind", access}}
		if p.inMemory(m.Name) && !m.ReadOnly && c.Name == p.spec.Containers[0].Name { // of one container
			mount = object{"destination": m.MountPath, "type": "tmpfs", "source": "tmpfs", "options": []string{"nosuid", "nodev", "mode=1777"}}
		}
		all = append(all, mount)
	}
	return all
}

// environ returns the variables of a container, in their order.
func (p *pod) environ(c corev1.Container) ([][2]string, error) {
	var all [][2]string
	for _, v := range c.Env {
		value := expand(v.Value, all)
		if v.ValueFrom != nil && v.ValueFrom.SecretKeyRef != nil {
			ref := v.ValueFrom.SecretKeyRef
			secret := &corev1.Secret{}
			p.get(namespaceOf(p.at)+"/secrets/"+ref.Name, secret)
			text, ok := secret.Data[ref.Key]
			if !ok && ref.Optional != nil && *ref.Optional {
				continue
			}
			if !ok {
				return nil, fmt.Errorf("couldn't find key %s in Secret %s", ref.Key, ref.Name)
			}
			value = string(text)
		}
		all = append(all, [2]string{v.Name, value})
	}
	return all, nil
}

// expand replaces $(NAME) as the kubelet does: $$ is one $, and an unknown name stays.
func expand(text string, environ [][2]string) string {
	var out strings.Builder
	for text != "" {
		before, after, found := strings.Cut(text, "$")
		out.WriteString(before)
		name, rest, closed := strings.Cut(strings.TrimPrefix(after, "("), ")")
		switch {
		case !found:
			return out.String()
		case strings.HasPrefix(after, "$"):
			out.WriteByte('$')
			text = after[1:]
			continue
		case strings.HasPrefix(after, "(") && closed:
			value := "$(" + name + ")"
			for _, e := range environ {
				if e[0] == name {
					value = e[1]
				}
			}
			out.WriteString(value)
			text = rest
			continue
		}
		out.WriteByte('$')
		text = after
	}
	return out.String()
}
