package cluster

import (
	"context"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seed45446ece/launcher/resolve/keyname"
)

// Bindings holds who can do what in a namespace by RBAC, as far as the caller can list it.
type Bindings struct {
	roles    map[string][]rbacv1.PolicyRule // by kind and name: "Role/x"
	subjects map[string][]string            // of each role that is bound in the namespace

	// Denied is what the caller may not list, such as "clusterroles".
	Denied []string
}

// Bindings reads the roles and their bindings. What the caller may not list is in
// Denied. Any other refusal is an error.
func (c *Cluster) Bindings(ctx context.Context) (Bindings, error) {
	b := Bindings{roles: map[string][]rbacv1.PolicyRule{}, subjects: map[string][]string{}}
	for _, step := range []struct {
		resource string
		list     func(context.Context, Bindings) error
	}{
		{"rolebindings", c.listRoleBindings}, {"roles", c.listRoles},
		{"clusterrolebindings", c.listClusterRoleBindings}, {"clusterroles", c.listClusterRoles},
	} {
		err := step.list(ctx, b)
		switch {
		case err == nil:
		case apierrors.IsForbidden(err):
			b.Denied = append(b.Denied, step.resource)
		default:
			return b, c.Explain(ctx, "list "+step.resource, err)
		}
	}
	return b, nil
}

func (c *Cluster) listRoleBindings(ctx context.Context, b Bindings) error {
	list, err := c.RBAC.RoleBindings(c.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, each := range list.Items {
		b.bind(each.RoleRef, each.Subjects)
	}
	return nil
}

func (c *Cluster) listRoles(ctx context.Context, b Bindings) error {
	list, err := c.RBAC.Roles(c.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, each := range list.Items {
		b.roles["Role/"+each.Name] = each.Rules
	}
	return nil
}

func (c *Cluster) listClusterRoleBindings(ctx context.Context, b Bindings) error {
	list, err := c.RBAC.ClusterRoleBindings().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, each := range list.Items {
		b.bind(each.RoleRef, each.Subjects)
	}
	return nil
}

func (c *Cluster) listClusterRoles(ctx context.Context, b Bindings) error {
	list, err := c.RBAC.ClusterRoles().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, each := range list.Items {
		b.roles["ClusterRole/"+each.Name] = each.Rules
	}
	return nil
}

// bind adds the subjects of a role, by names that can be printed.
func (b Bindings) bind(role rbacv1.RoleRef, subjects []rbacv1.Subject) {
	for _, s := range subjects {
		name := keyname.Plain(s.Name)
		if s.Kind == rbacv1.ServiceAccountKind {
			name = keyname.Plain(s.Namespace) + "/" + name
		}
		name = keyname.Plain(strings.ToLower(s.Kind)) + " " + name
		b.subjects[role.Kind+"/"+role.Name] = append(b.subjects[role.Kind+"/"+role.Name], name)
	}
}

// Subjects returns who can do a verb with an object of the namespace, in order. The
// access has one verb that counts.
func (b Bindings) Subjects(a Access) []string {
	var found []string
	for role, subjects := range b.subjects {
		if slices.ContainsFunc(b.roles[role], func(r rbacv1.PolicyRule) bool { return allows(r, a) }) {
			found = append(found, subjects...)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// allows reports whether a rule allows one of the access's verbs.
func allows(r rbacv1.PolicyRule, a Access) bool {
	has := func(list []string, wanted string) bool {
		return slices.Contains(list, wanted) || slices.Contains(list, "*")
	}
	resource := has(r.Resources, a.Resource)
	if _, sub, ok := strings.Cut(a.Resource, "/"); ok {
		resource = resource || slices.Contains(r.Resources, "*/"+sub)
	}
	named := len(r.ResourceNames) == 0 || a.Name != "" && slices.Contains(r.ResourceNames, a.Name)
	return resource && named && has(r.APIGroups, a.Group) && slices.ContainsFunc(a.Verbs, func(verb string) bool { return has(r.Verbs, verb) })
}
