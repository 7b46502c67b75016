package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// usersArea has a user without any right for each command. The user gets the rules that
// the refusal prints, and no others.
func (s *suite) usersArea() *area {
	a := &area{name: "restricted users"}
	for _, c := range []struct {
		id, name string
		call     func(context.Context, *probe) (call, error)
	}{
		{"user-set", "secrets set", func(context.Context, *probe) (call, error) {
			return call{args: secretsCommand("set", "e2e-user-set"), stdin: "A=1\n"}, nil
		}},
		{"user-list", "secrets list", func(context.Context, *probe) (call, error) { return call{args: secretsCommand("list", project)}, nil }},
		{"user-delete", "secrets delete", func(ctx context.Context, p *probe) (call, error) {
			return call{args: secretsCommand("delete", "e2e-user-delete", "A")}, p.ctl(ctx, call{args: secretsCommand("set", "e2e-user-delete"), stdin: "A=1\nB=2\n"}).expect(0)
		}},
		{"user-run", "run", func(_ context.Context, p *probe) (call, error) {
			path, err := p.task(append([]object{{"kind": "inline", "source": object{"OF_USER": p.canaries.value("OF_USER")}}}, variableSource...)...)
			return call{args: []string{"run", "--task", path, "--image", p.image, "--launcher-image", p.image, "--start-timeout", startTime.String(), "--", "/launcher", "get-secret", "OF_USER"}}, err
		}},
	} {
		a.checks = append(a.checks, check{c.id, c.name + " with exactly the rules that it prints", func(ctx context.Context, p *probe) error {
			defer p.removeUser(ctx)
			command, err := c.call(ctx, p)
			if err != nil {
				return err
			}
			return p.asUser(ctx, command)
		}})
	}
	return a
}

// removeUser deletes what a check of a user has created.
func (p *probe) removeUser(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	_ = p.kube.core.ServiceAccounts(p.kube.namespace).Delete(ctx, p.id, metav1.DeleteOptions{})
	_ = p.removeSecret(ctx, "mlrun-project-secrets-e2e-"+p.id) // of set and delete
}

// asUser runs a command as a user without rights, grants what it asks for, and runs it
// again.
func (p *probe) asUser(ctx context.Context, c call) error {
	kubeconfig, err := p.newUser(ctx)
	if err != nil {
		return err
	}
	c.kubeconfig = kubeconfig
	refused := p.ctl(ctx, c)
	if refused.status == 0 {
		return untested("the cluster lets a service account without a role do it: RBAC is not enforced")
	}
	if err := refused.expect(125, "with this:\n"); err != nil {
		return err
	}
	_, rules, _ := strings.Cut(refused.stderr, "with this:\n")
	remove, err := p.grant(ctx, rules)
	defer remove()
	if err != nil {
		return fmt.Errorf("the printed rules: %w\n%s", err, rules)
	}
	var got result
	err = until(ctx, time.Minute, "the rules to be enough", func(ctx context.Context) (bool, error) {
		got = p.ctl(ctx, c)
		return got.status == 0, nil
	})
	if err != nil {
		return errors.Join(err, got.expect(0))
	}
	if c.args[0] == "run" {
		return p.printed(got, "OF_USER")
	}
	return nil
}

// newUser creates a service account, and returns a kubeconfig with a token of it.
func (p *probe) newUser(ctx context.Context) (string, error) {
	accounts := p.kube.core.ServiceAccounts(p.kube.namespace)
	if _, err := accounts.Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: p.id}}, metav1.CreateOptions{}); created(err) != nil {
		return "", err
	}
	token, err := accounts.CreateToken(ctx, p.id, &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: new(int64(3600))}}, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("create a token of a service account: %w", err)
	}
	text, err := p.kubeconfigOf(token.Status.Token)
	if err != nil {
		return "", err
	}
	return p.write("kubeconfig", string(text))
}

// kubeconfigOf returns the user's kubeconfig with another user in it.
func (p *probe) kubeconfigOf(token string) ([]byte, error) {
	c := p.kube.config
	cluster := object{"server": c.Host + c.APIPath}
	if c.Insecure {
		cluster["insecure-skip-tls-verify"] = true
	}
	if len(c.CAData) > 0 {
		cluster["certificate-authority-data"] = c.CAData
	} else if c.CAFile != "" {
		cluster["certificate-authority"] = c.CAFile
	}
	if c.ServerName != "" {
		cluster["tls-server-name"] = c.ServerName
	}
	if c.Proxy != nil {
		return nil, untested("the kubeconfig has a proxy-url")
	}
	return json.Marshal(object{"apiVersion": "v1", "kind": "Config", "current-context": "e2e",
		"clusters": []object{{"name": "e2e", "cluster": cluster}},
		"users":    []object{{"name": "e2e", "user": object{"token": token}}},
		"contexts": []object{{"name": "e2e", "context": object{"cluster": "e2e", "user": "e2e", "namespace": p.kube.namespace}}}})
}

// grant creates the Role and the RoleBinding of a text. The function that it returns
// deletes them.
func (p *probe) grant(ctx context.Context, text string) (func(), error) {
	var role rbacv1.Role
	var binding rbacv1.RoleBinding
	first, second, _ := strings.Cut(text, "---\n")
	if err := errors.Join(yaml.UnmarshalStrict([]byte(first), &role), yaml.UnmarshalStrict([]byte(second), &binding)); err != nil {
		return func() {}, err
	}
	roles, bindings := p.kube.rbac.Roles(p.kube.namespace), p.kube.rbac.RoleBindings(p.kube.namespace)
	remove := func() {
		ctx := context.WithoutCancel(ctx)
		_ = bindings.Delete(ctx, binding.Name, metav1.DeleteOptions{})
		_ = roles.Delete(ctx, role.Name, metav1.DeleteOptions{})
	}
	_, e1 := roles.Create(ctx, &role, metav1.CreateOptions{})
	_, e2 := bindings.Create(ctx, &binding, metav1.CreateOptions{})
	return remove, errors.Join(created(e1), created(e2))
}
