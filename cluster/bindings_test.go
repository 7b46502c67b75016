package cluster

import (
	"testing"

	"github.com/stretchr/testify/require"
	rbacv1 "k8s.io/api/rbac/v1"
)

// TestARuleAllowsWhatItNames has the forms of rules.
func TestARuleAllowsWhatItNames(t *testing.T) {
	get := Access{Verbs: []string{"get"}, Resource: "secrets", Name: "creds"}
	exec := Access{Verbs: []string{"create"}, Resource: "pods/exec"}
	rule := func(groups, resources, verbs []string, names ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{APIGroups: groups, Resources: resources, Verbs: verbs, ResourceNames: names}
	}
	core, every := []string{""}, []string{"*"}
	for _, c := range []struct {
		rule   rbacv1.PolicyRule
		access Access
		want   bool
	}{
		{rule(core, []string{"secrets"}, []string{"get"}), get, true},
		{rule(core, []string{"pods", "secrets"}, every), get, true},
		{rule(every, every, every), get, true},
		{rule(core, []string{"secrets"}, []string{"get"}, "other", "creds"), get, true},
		{rule(core, []string{"secrets"}, []string{"get"}, "other"), get, false},
		{rule(core, []string{"secrets"}, []string{"list", "watch"}), get, false},
		{rule([]string{"apps"}, []string{"secrets"}, every), get, false},
		{rule(core, []string{"configmaps"}, every), get, false},
		{rule(core, []string{"secrets"}, []string{"get"}, "creds"), Access{Verbs: []string{"get"}, Resource: "secrets"}, false},
		{rule(core, []string{"pods/exec"}, []string{"create"}), exec, true},
		{rule(core, []string{"*/exec"}, []string{"create"}), exec, true},
		{rule(core, []string{"pods"}, []string{"create"}), exec, false},
		{rule(core, every, every), exec, true},
		{rbacv1.PolicyRule{NonResourceURLs: every, Verbs: every}, get, false},
	} {
		require.Equal(t, c.want, allows(c.rule, c.access), "%v %v", c.rule, c.access)
	}
}

func TestAWorkloadIsNamedAsKubectlDoes(t *testing.T) {
	for word, kind := range map[string]string{"job": "Job", "jobs": "Job", "Job": "Job", "job.batch": "Job", "jobs.batch": "Job", "po": "Pod", "deploy": "Deployment", "deployments.apps": "Deployment",
		"sts": "StatefulSet", "ds": "DaemonSet", "rs": "ReplicaSet", "cj": "CronJob", "": "", "job.apps": "", "pod.v1": "", "secret": "", "service": ""} {
		w, ok := FindWorkload(word)
		require.Equal(t, kind, w.Kind, word)
		require.Equal(t, kind != "", ok, word)
	}
}
