package clustertest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// asked is what a request is about, as RBAC sees it.
type asked struct{ verb, group, resource, name string }

func (a asked) String() string {
	return fmt.Sprintf("User %q cannot %s resource %q in API group %q in the namespace \"ml\"", User, a.verb, a.resource, a.group)
}

// about returns what a request asks. A list or a watch of one object is about that
// object; whoever creates one has not named it yet.
func about(verb, path, query string) asked {
	object, collection := place(path)
	a := asked{verb: verb, resource: resource(path)}
	if rest, ok := strings.CutPrefix(path, "/apis/"); ok {
		a.group, _, _ = strings.Cut(rest, "/")
	}
	if object != collection {
		a.name, _, _ = strings.Cut(strings.TrimPrefix(object, collection+"/"), "/")
	}
	if values, err := url.ParseQuery(query); err == nil {
		if name, ok := strings.CutPrefix(values.Get("fieldSelector"), "metadata.name="); ok {
			a.name = name
		}
	}
	return a
}

// Only lets the user of the kubeconfig do nothing but what the rules allow, as RBAC
// does. Everybody may ask for a review of oneself.
func (s *Server) Only(rules ...rbacv1.PolicyRule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules, s.limited = rules, true
}

// allows reports whether the user may do something. The lock is held.
func (s *Server) allows(a asked) bool {
	if slices.Contains(s.denied, a.verb+" "+a.resource) {
		return false
	}
	return !s.limited || slices.ContainsFunc(s.rules, func(rule rbacv1.PolicyRule) bool {
		return slices.Contains(rule.Verbs, a.verb) && slices.Contains(rule.APIGroups, a.group) && slices.Contains(rule.Resources, a.resource) &&
			(len(rule.ResourceNames) == 0 || slices.Contains(rule.ResourceNames, a.name))
	})
}

// isReview reports whether a path is a review that everybody may ask for.
func isReview(path string) bool {
	return strings.HasSuffix(path, "/selfsubjectreviews") || strings.HasSuffix(path, "/selfsubjectaccessreviews")
}

// mayAnswer answers whether a permission is there.
func (s *Server) mayAnswer(w http.ResponseWriter, r Request) {
	var review struct {
		Spec struct {
			ResourceAttributes struct{ Verb, Group, Resource, Subresource, Name, Namespace string }
		}
	}
	_ = json.Unmarshal([]byte(r.Body), &review) // without a valid review, nothing is asked
	a := review.Spec.ResourceAttributes
	ask := asked{a.Verb, a.Group, strings.TrimSuffix(a.Resource+"/"+a.Subresource, "/"), a.Name}
	s.mu.Lock()
	allowed := s.allows(ask) && s.granted(r.user, a.Namespace, ask)
	s.mu.Unlock()
	Answer(w, http.StatusCreated, map[string]any{"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
		"status": map[string]any{"allowed": allowed}})
}
