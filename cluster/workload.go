package cluster

import (
	"context"
	"slices"
	"strings"

	"k8s.io/client-go/rest"
)

// Workload is a kind of object that has a pod.
type Workload struct {
	Kind, Group, Resource string
	names                 []string // as kubectl takes it
}

var workloads = []Workload{
	{"Pod", "", "pods", []string{"pod", "pods", "po"}},
	{"Job", "batch", "jobs", []string{"job", "jobs"}},
	{"CronJob", "batch", "cronjobs", []string{"cronjob", "cronjobs", "cj"}},
	{"Deployment", "apps", "deployments", []string{"deployment", "deployments", "deploy"}},
	{"StatefulSet", "apps", "statefulsets", []string{"statefulset", "statefulsets", "sts"}},
	{"DaemonSet", "apps", "daemonsets", []string{"daemonset", "daemonsets", "ds"}},
	{"ReplicaSet", "apps", "replicasets", []string{"replicaset", "replicasets", "rs"}},
}

// FindWorkload returns the kind that a word names, as kubectl does: job, jobs, or
// job.batch.
func FindWorkload(word string) (Workload, bool) {
	name, group, _ := strings.Cut(strings.ToLower(word), ".")
	i := slices.IndexFunc(workloads, func(w Workload) bool { return slices.Contains(w.names, name) })
	if i < 0 || group != "" && group != workloads[i].Group {
		return Workload{}, false
	}
	return workloads[i], true
}

// Read returns an object as JSON. It fails if the object does not exist.
func (c *Cluster) Read(ctx context.Context, w Workload, name string) ([]byte, error) {
	var client rest.Interface
	switch w.Group {
	case "batch":
		client = c.Batch.RESTClient()
	case "apps":
		client = c.Apps.RESTClient()
	default:
		client = c.Core.RESTClient()
	}
	answer := client.Get().Namespace(c.Namespace).Resource(w.Resource).Name(name).Do(ctx)
	err := answer.Error() // Raw has no words of the server's
	text, _ := answer.Raw()
	return text, c.Explain(ctx, "read "+strings.ToLower(w.Kind)+" "+name, err, Access{Verbs: []string{"get"}, Group: w.Group, Resource: w.Resource})
}
