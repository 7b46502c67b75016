package cluster

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"unicode"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/seed45446ece/launcher/resolve/keyname"
)

// Access is what a command needs to be let do in its namespace.
type Access struct {
	Verbs           []string
	Group, Resource string // Group "" is the core's
	Name            string // of the one object, "" for all of the namespace
	Spare           bool   // the command needs it, but not for what was asked this time
}

// denied is the part of the access that is not granted. A 403 does not say: an
// admission plugin or a quota refuses by the same status, to whom nothing is
// denied. Where the cluster does not answer all of it is taken to be.
func (c *Cluster) denied(ctx context.Context, access []Access) []Access {
	var denied []Access
	for _, a := range access {
		if a.Spare {
			continue
		}
		verbs := slices.DeleteFunc(slices.Clone(a.Verbs), func(verb string) bool { return c.may(ctx, verb, a) })
		if len(verbs) > 0 {
			a.Verbs = verbs
			denied = append(denied, a)
		}
	}
	return denied
}

func (c *Cluster) may(ctx context.Context, verb string, a Access) bool {
	resource, subresource, _ := strings.Cut(a.Resource, "/")
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: c.Namespace, Verb: verb, Group: a.Group, Resource: resource, Subresource: subresource, Name: a.Name,
		}}}
	review, err := c.May.SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
	return err == nil && review.Status.Allowed
}

// spoken is an access in words: "get, patch secrets x", "list jobs.batch".
func spoken(access []Access) string {
	var words []string
	for _, a := range access {
		resource := strings.TrimSuffix(a.Resource+"."+a.Group, ".") // as kubectl writes it
		words = append(words, strings.Join(a.Verbs, ", ")+" "+strings.TrimSpace(resource+" "+a.Name))
	}
	return strings.Join(words, ", nor ")
}

// roleName returns the name of the rules for a command and a user: applying them
// replaces only earlier rules for the same.
func (c *Cluster) roleName(access []Access, user string) string {
	words := strings.FieldsFunc(c.command, func(r rune) bool { return r == ' ' || r == '-' })
	parts := []string{"launcherctl", strings.Join(words, "-")}
	for _, a := range access {
		if a.Name != "" && !slices.Contains(parts, a.Name) {
			parts = append(parts, a.Name)
		}
	}
	plain := strings.Map(func(r rune) rune {
		if strings.ContainsRune("@._:-", r) || r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return '-' // a slash and a percent sign cannot be in a name
	}, user)
	if plain != user {
		plain += fmt.Sprintf("-%x", sha256.Sum256([]byte(user)))[:9] // of two users with the same
	}
	return strings.Join(append(parts, plain), ":")
}

// rules is a Role with all the access and a RoleBinding to whoever asks.
func (c *Cluster) rules(ctx context.Context, access []Access) string {
	if len(access) == 0 {
		return ""
	}
	subject := c.subject(ctx)
	roleName := c.roleName(access, strings.TrimPrefix(subject.Namespace+":"+subject.Name, ":"))
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
		Subjects:   []rbacv1.Subject{subject},
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

// maxUser is the longest name of a user that is shown, in bytes.
const maxUser = 500

// subject is who the cluster takes the caller for. Everybody may ask that, and
// a cluster before Kubernetes 1.28 has no answer.
func (c *Cluster) subject(ctx context.Context) rbacv1.Subject {
	name := unknown
	review, err := c.WhoAmI.SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err == nil {
		if user := review.Status.UserInfo.Username; user != "" && len(user) < maxUser && keyname.Printable(user) {
			name = user
		}
	}
	if account, ok := strings.CutPrefix(name, "system:serviceaccount:"); ok {
		namespace, name, _ := strings.Cut(account, ":")
		return rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: name}
	}
	return rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name}
}
