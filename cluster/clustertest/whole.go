package clustertest

import (
	"net/http"
	"slices"
	"strings"
)

// accountToken starts the token of a service account: its namespace and name follow.
const accountToken = "t0ken-of-account:"

// userOf returns the name of the user who sends a request, "" for nobody.
func userOf(r *http.Request) string {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if account, ok := strings.CutPrefix(token, accountToken); ok {
		return "system:serviceaccount:" + account
	}
	if token == Token {
		return User
	}
	return ""
}

// namespaceOf returns the namespace that a path is in, "" for none.
func namespaceOf(path string) string {
	_, rest, _ := strings.Cut(path, "/namespaces/")
	namespace, _, _ := strings.Cut(rest, "/")
	return namespace
}

// nameOf returns the name of the object that a path is about, "" for a collection.
func nameOf(path string) string {
	_, rest, _ := strings.Cut(path, "/namespaces/")
	parts := strings.Split(rest, "/")
	if len(parts) > 2 {
		return parts[2]
	}
	return ""
}

// granted reports whether the user may do it. A service account needs a RoleBinding to a
// Role; whoever has the kubeconfig needs none. It is called with the lock held.
func (s *Server) granted(user, namespace string, a asked) bool {
	account, restricted := strings.CutPrefix(user, "system:serviceaccount:")
	if !restricted {
		return true
	}
	rules := "/apis/rbac.authorization.k8s.io/v1/namespaces/" + namespace + "/"
	for _, path := range s.order {
		if !strings.HasPrefix(path, rules+"rolebindings/") {
			continue
		}
		binding := s.objects[path]
		name, _ := field(binding, "roleRef", "name").(string)
		if bound(binding, account) && slices.ContainsFunc(list(s.objects[rules+"roles/"+name], "rules"), a.allowedBy) {
			return true
		}
	}
	return false
}

func bound(binding map[string]any, account string) bool {
	return slices.ContainsFunc(list(binding, "subjects"), func(subject any) bool {
		s, _ := subject.(map[string]any)
		namespace, _ := s["namespace"].(string)
		name, _ := s["name"].(string)
		return namespace+":"+name == account
	})
}

func (a asked) allowedBy(rule any) bool {
	r, _ := rule.(map[string]any)
	names := list(r, "resourceNames")
	return slices.Contains(list(r, "verbs"), any(a.verb)) && slices.Contains(list(r, "resources"), any(a.resource)) &&
		(len(names) == 0 || slices.Contains(names, any(a.name)))
}

func field(object map[string]any, outer, inner string) any {
	below, _ := object[outer].(map[string]any)
	return below[inner]
}

func list(object map[string]any, field string) []any {
	items, _ := object[field].([]any)
	return items
}

// isRunning reports whether an object is a pod that a kubelet has to end.
func (s *Server) isRunning(path string) bool {
	_, collection := place(path)
	return s.Kubelet && strings.HasSuffix(collection, "/pods")
}

// All returns the paths of all objects of a resource, such as pods, in all namespaces.
func (s *Server) All(resource string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.order), func(path string) bool {
		_, in := place(path)
		return !strings.HasSuffix(in, "/"+resource)
	})
}

// listKind returns the version and the kind of the list of a collection.
func listKind(collection string) (version, kind string) {
	kinds := map[string]string{
		"pods": "PodList", "jobs": "JobList", "secrets": "SecretList", "events": "EventList", "cronjobs": "CronJobList", "deployments": "DeploymentList",
		"replicasets": "ReplicaSetList", "roles": "RoleList", "rolebindings": "RoleBindingList", "serviceaccounts": "ServiceAccountList",
		"configmaps": "ConfigMapList", "namespaces": "NamespaceList", "clusterroles": "ClusterRoleList", "clusterrolebindings": "ClusterRoleBindingList",
	}
	version = "v1"
	if rest, ok := strings.CutPrefix(collection, "/apis/"); ok {
		parts := strings.Split(rest, "/")
		version = parts[0] + "/" + parts[1]
	}
	return version, kinds[collection[strings.LastIndexByte(collection, '/')+1:]]
}
