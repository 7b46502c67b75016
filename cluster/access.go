package cluster

import (
	"context"
	"slices"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// Access is what a command needs to be let do in its namespace.
type Access struct {
	Verbs           []string
	Group, Resource string // Group "" is the core's
	Name            string // of the one object, "" for all of the namespace
}

// roleName is what the rules that are shown are called.
const roleName = "launcherctl"

// rules is a Role with the access and a RoleBinding to whoever asks.
func (c *Cluster) rules(ctx context.Context, access []Access) string {
	if len(access) == 0 {
		return ""
	}
	role := rbacv1.Role{
		TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "Role"},
		ObjectMeta: metav1.ObjectMeta{Name: roleName, Namespace: c.Namespace},
	}
	for _, a := range access {
		rule := rbacv1.PolicyRule{APIGroups: []string{a.Group}, Resources: []string{a.Resource}, Verbs: slices.Clone(a.Verbs)}
		if a.Name != "" {
			rule.ResourceNames = []string{a.Name}
		}
		role.Rules = append(role.Rules, rule)
	}
	binding := rbacv1.RoleBinding{
		TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "RoleBinding"},
		ObjectMeta: metav1.ObjectMeta{Name: roleName, Namespace: c.Namespace},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: roleName},
		Subjects:   []rbacv1.Subject{c.subject(ctx)},
	}
	first, e1 := yaml.Marshal(role)
	second, e2 := yaml.Marshal(binding)
	if e1 != nil || e2 != nil {
		return "" // types of the API have no way to fail
	}
	return string(first) + "---\n" + string(second)
}

// unknown stands where the cluster does not say who asks.
const unknown = "YOUR-USER"

// subject is who the cluster takes the caller for. Everybody may ask that, and
// a cluster before Kubernetes 1.28 has no answer.
func (c *Cluster) subject(ctx context.Context) rbacv1.Subject {
	name := unknown
	if c.WhoAmI != nil {
		review, err := c.WhoAmI.SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
		if err == nil && review.Status.UserInfo.Username != "" {
			name = review.Status.UserInfo.Username
		}
	}
	if account, ok := strings.CutPrefix(name, "system:serviceaccount:"); ok {
		namespace, name, _ := strings.Cut(account, ":")
		return rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: name}
	}
	return rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name}
}
