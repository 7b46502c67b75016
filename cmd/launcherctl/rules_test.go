package main_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"

	"github.com/seed45446ece/launcher/cluster/clustertest"
)

// printedRole returns the Role that a refusal prints.
func printedRole(t *testing.T, message string) rbacv1.Role {
	t.Helper()
	_, text, found := strings.Cut(message, "with this:\n")
	require.True(t, found, message)
	role, _, _ := strings.Cut(text, "---\n")
	var decoded rbacv1.Role
	require.NoError(t, yaml.UnmarshalStrict([]byte(role), &decoded), message)
	return decoded
}

// TestThePrintedRulesAreEnough applies what a refusal prints, as an administrator
// does, to a user without any permission.
func TestThePrintedRulesAreEnough(t *testing.T) {
	task := "metadata: {name: train, project: fraud}\nspec: {secret_sources: [{kind: kubernetes, source: [A]}]}\n"
	for name, args := range map[string]string{
		"launcherctl:secrets-set:mlrun-project-secrets-fraud:ana@example.org":    "secrets set --project fraud",
		"launcherctl:secrets-list:mlrun-project-secrets-fraud:ana@example.org":   "secrets list --project fraud",
		"launcherctl:secrets-delete:mlrun-project-secrets-fraud:ana@example.org": "secrets delete --project fraud A",
		"launcherctl:run-detach:ana@example.org":                                 "run --detach --task TASK --image i --launcher-image l -- true",
	} {
		t.Run(args, func(t *testing.T) {
			s := clustertest.New(t)
			if strings.Contains(args, "delete") {
				store(s, map[string]string{"A": "1"})
			}
			for _, resource := range []string{"secrets", "jobs", "pods", "pods/log", "events"} {
				for _, verb := range []string{"create", "get", "list", "watch", "patch", "delete"} {
					s.Deny(verb, resource)
				}
			}
			words := strings.Fields(strings.ReplaceAll(args, "TASK", write(t, "task.yaml", task)))
			got := ctl(t, s, "A=b\n", words...)
			require.Equal(t, 125, got.status, got.stderr)
			role := printedRole(t, got.stderr)
			require.Equal(t, name, role.Name)
			for _, rule := range role.Rules {
				for _, verb := range rule.Verbs {
					s.Allow(verb, rule.Resources[0])
				}
			}
			got = ctl(t, s, "A=b\n", words...)
			require.Zero(t, got.status, got.stderr)
		})
	}
}

// TestOneMissingRuleBringsAllRules of the command, so that applying them takes none
// away. What is missing is named.
func TestOneMissingRuleBringsAllRules(t *testing.T) {
	c := controller(t)
	c.Deny("list", "pods")
	c.Deny("create", "secrets") // of which this run has no need
	task := write(t, "task.yaml", "metadata: {name: train, project: fraud}\nspec: {secret_sources: [{kind: kubernetes, source: [A]}]}\n")
	got := ctl(t, c.Server, "", "run", "--task", task, "--image", "i", "--launcher-image", "l", "--", "true")
	require.Equal(t, 125, got.status)
	require.Contains(t, got.stderr, ": you may not list pods in namespace \"ml\"")
	require.Len(t, printedRole(t, got.stderr).Rules, 5)
}
