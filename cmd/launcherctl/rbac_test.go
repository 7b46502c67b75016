package main_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"

	"github.com/seed45446ece/launcher/cluster"
	"github.com/seed45446ece/launcher/cluster/clustertest"
	"github.com/seed45446ece/launcher/launcher/launchertest"
)

const rbacPage = "../../docs/rbac.md"

// TestThePageAboutRightsShowsTheTable compares the page with the table of the messages.
// UPDATE_DOCS=1 writes it.
func TestThePageAboutRightsShowsTheTable(t *testing.T) {
	launchertest.RequireGenerated(t, rbacPage, rbacText())
}

// rbacText returns the page.
func rbacText() string {
	var page strings.Builder
	page.WriteString(`# Permissions

These are the smallest RBAC rules that each command of [` + "`launcherctl`" + `](kubernetes.md) needs. If you lack one, the message names its verb, resource and
group. It prints a Role and a RoleBinding with everything that the command needs.

A test runs each command with exactly these rules, and with each rule removed. It also writes this page, so do not edit it:
` + "`UPDATE_DOCS=1 go test ./cmd/launcherctl -run TestThePageAboutRightsShowsTheTable`" + `.

| command | rule | what for | without it |
| --- | --- | --- | --- |
`)
	for _, c := range cluster.Commands() {
		for i, r := range c.Rights {
			name := ""
			if i == 0 {
				name = strings.Join(append([]string{"`" + c.Name + "`"}, c.Also...), ", ")
			}
			without := r.Without
			if without == "" {
				without = "status 125"
			}
			fmt.Fprintf(&page, "| %s | `%s` | %s | %s |\n", name, ruleName(r), r.For, without)
		}
	}
	page.WriteString("| `manifest`, `manifest --into`, `task`, `debug`, `check FILE` | none | | |\n" + `
- ` + "`manifest` and `run`" + ` use ` + "`get secrets NAME`" + `, if you have it, on the Secrets that variables come from. They then refuse a value that no variable can hold.
- ` + "`--service-account`, `--volume`, `--image-pull-secret` and `--env`" + ` need no rule, because the pod uses those objects, not you.
- [` + "`check TYPE/NAME`" + `](check.md#in-a-cluster) needs ` + "`get`" + ` on that kind. It also lists roles and their bindings, and names those that it may not list.

## Rules to apply

1. Replace PROJECT, and apply the Role: ` + "`kubectl apply -n NAMESPACE -f FILE`" + `.
2. Give it to a user: ` + "`kubectl create rolebinding -n NAMESPACE launcherctl-run-ana --role launcherctl-run --user ana@example.org`" + `. For a service
   account, it is ` + "`kubectl create rolebinding ... --serviceaccount NAMESPACE:NAME`" + `.
`)
	for _, c := range cluster.Commands() {
		fmt.Fprintf(&page, "\n`launcherctl %s`:\n\n```yaml\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: %s\nrules:\n", c.Name, roleOf(c.Name))
		for _, a := range c.Access(cluster.ProjectSecret) {
			names := ""
			if a.Name != "" {
				names = "resourceNames: [" + a.Name + "], "
			}
			fmt.Fprintf(&page, "- {apiGroups: [%s], resources: [%s], %sverbs: [%s]}\n", quotedGroup(a.Group), a.Resource, names, strings.Join(a.Verbs, ", "))
		}
		page.WriteString("```\n")
	}
	page.WriteString(`
## Limits

- Anyone who can create Jobs or pods in a namespace can read its Secrets: [threats.md](threats.md).
- In Kubernetes, the right to list the keys of a Secret is the right to read their values.
- Without ` + "`get secrets NAME`, `manifest` and `run`" + ` do not check values, and do not say so.
- To find out which rule you lack, a command asks the cluster to review your own rights. Kubernetes lets every user do so.
`)
	return page.String()
}

func quotedGroup(group string) string {
	if group == "" {
		return `""`
	}
	return group
}

// ruleName returns a right as messages write it.
func ruleName(r cluster.Right) string {
	return strings.TrimSpace(r.Verb + " " + strings.TrimSuffix(r.Resource+"."+r.Group, ".") + " " + r.Name)
}

func roleOf(command string) string {
	return "launcherctl-" + strings.Join(regexp.MustCompile(`[a-z]+`).FindAllString(command, -1), "-")
}

// rulesOfThePage returns the rules that the page gives a command, for project fraud.
func rulesOfThePage(t *testing.T, command string) []rbacv1.PolicyRule {
	t.Helper()
	_, text, found := strings.Cut(read(t, rbacPage), "\n`launcherctl "+command+"`:\n\n```yaml\n")
	require.True(t, found)
	text, _, _ = strings.Cut(strings.ReplaceAll(text, "PROJECT", "fraud"), "```")
	var role rbacv1.Role
	require.NoError(t, yaml.UnmarshalStrict([]byte(text), &role))
	return role.Rules
}

// without returns the rules less one right.
func without(rules []rbacv1.PolicyRule, r cluster.Right) []rbacv1.PolicyRule {
	var rest []rbacv1.PolicyRule
	for _, rule := range rules {
		if rule.Resources[0] == r.Resource && rule.APIGroups[0] == r.Group && (len(rule.ResourceNames) == 0) == (r.Name == "") {
			rule.Verbs = slices.DeleteFunc(slices.Clone(rule.Verbs), func(verb string) bool { return verb == r.Verb })
		}
		rest = append(rest, rule)
	}
	return rest
}

// rightsUse runs a command in such a way that it uses all of its rights.
type rightsUse struct {
	command string // of the table
	stdin   string
	args    string // TASK, ALL, JOB: files
	stored  bool   // the project's Secret exists
}

var rightsUses = map[string]rightsUse{
	"secrets set":              {cluster.SetSecrets, "A=b\n", "secrets set --project fraud", false},
	"secrets set --mount-only": {cluster.SetSecrets, "A=b\n", "secrets set --project fraud --mount-only", false},
	"secrets list":             {cluster.ListSecrets, "", "secrets list --project fraud", true},
	"manifest of all keys":     {cluster.ListSecrets, "", "manifest --task ALL --image i --launcher-image l true", true},
	"secrets delete":           {cluster.DeleteSecrets, "", "secrets delete --project fraud A", true},
	"run":                      {cluster.Run, "", "run --task TASK --image i --launcher-image l true", false},
	"run --service-account":    {cluster.Run, "", "run --service-account a --volume secret/s:/s --image-pull-secret p --task TASK --image i --launcher-image l true", false},
	"run --into":               {cluster.Run, "", "run --task TASK --launcher-image l --into JOB", false},
	"run --detach":             {cluster.RunDetached, "", "run --detach --task TASK --image i --launcher-image l true", false},
}

// TestTheRightsOfThePageAreTheSmallest runs each command with the page's rules, and with
// each right less: it fails, or does what the page says, and names the right.
func TestTheRightsOfThePageAreTheSmallest(t *testing.T) {
	for name, use := range rightsUses {
		rules := rulesOfThePage(t, use.command)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := use.run(t, rules, cluster.Right{})
			require.Zero(t, got.status, got.stderr)
			require.NotContains(t, got.stderr, "may not")
		})
		i := slices.IndexFunc(cluster.Commands(), func(c cluster.Command) bool { return c.Name == use.command })
		for _, r := range cluster.Commands()[i].Rights {
			t.Run(name+"/"+ruleName(r), func(t *testing.T) {
				t.Parallel()
				got := use.run(t, without(rules, r), r)
				require.Contains(t, got.stderr, "you may not "+strings.ReplaceAll(ruleName(r), "PROJECT", "fraud")+` in namespace "ml"`)
				require.Contains(t, got.stderr, "kind: Role\n")
				if r.Without == "" {
					require.Equal(t, 125, got.status, got.stderr)
					return
				}
				require.Zero(t, got.status, got.stderr)
				require.Contains(t, got.stderr, "warning: ")
			})
		}
	}
}

// TestCommandsThatNeedNoRight have none.
func TestCommandsThatNeedNoRight(t *testing.T) {
	for _, args := range []string{"manifest --task NAMED --image i --launcher-image l true", "manifest --task NAMED --launcher-image l --into JOB", "task check NAMED"} {
		got := rightsUse{args: args}.run(t, nil, cluster.Right{})
		require.Zero(t, got.status, got.stderr)
		require.Empty(t, got.stderr)
	}
}

// run runs the command as a user with these rules, who lacks a right.
func (u rightsUse) run(t *testing.T, rules []rbacv1.PolicyRule, lacks cluster.Right) result {
	t.Helper()
	c := controller(t)
	if u.stored {
		store(c.Server, map[string]string{"A": "1"})
	}
	c.Only(rules...)
	switch {
	case lacks.Verb == "delete" && u.command == cluster.RunDetached: // of a Job whose values are refused
		c.Inject(clustertest.On("create", "/secrets", clustertest.Failing(422, "Invalid", "no")))
	case strings.HasPrefix(u.command, "run"): // so that it looks for its Job
		c.Inject(clustertest.On("create", "/jobs", clustertest.Times(1, c.LostAnswer)))
	}
	files := strings.NewReplacer(
		"TASK", write(t, "task.yaml", intoTask),
		"NAMED", write(t, "named.yaml", "metadata: {name: train, project: fraud}\nspec: {secret_sources: [{kind: kubernetes, source: [A]}]}\n"),
		"ALL", write(t, "all.yaml", "metadata: {name: train, project: fraud}\n"),
		"JOB", write(t, "job.yaml", strings.Replace(ownJob, "name: main", "name: handler", 1)))
	cmd := prepared(t, c.Kubeconfig(t), strings.Fields(files.Replace(u.args))...)
	stdout, stderr := strings.Builder{}, refusals{seen: make(chan struct{})}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(u.stdin), &stdout, &stderr
	ready := make(chan struct{})
	if close(ready); lacks.Resource == "events" { // which are read only before a pod has started
		ready = stderr.seen
	}
	ctx, cancel := context.WithCancel(t.Context())
	played := make(chan struct{})
	go func() { defer close(played); c.play(ctx, ready) }()
	_ = cmd.Run() // the status says how it ended
	cancel()
	<-played
	return result{stdout.String(), stderr.String(), ended(cmd)}
}

// refusals is a standard error that notes the first refusal.
type refusals struct {
	strings.Builder
	seen chan struct{}
	once sync.Once
}

func (r *refusals) Write(text []byte) (int, error) {
	if strings.Contains(string(text), "may not") {
		r.once.Do(func() { close(r.seen) })
	}
	return r.Builder.Write(text)
}

// play is a controller and a kubelet for one Job: its pod starts once ready is closed
// and the events were read, and ends once its log was.
func (c *controlled) play(ctx context.Context, ready <-chan struct{}) {
	select {
	case <-ready:
	case <-ctx.Done():
		return
	}
	steps := []struct {
		until func() bool
		then  func()
	}{
		{func() bool { return len(c.Paths(jobs)) > 0 && c.asked("list", "/events") && c.asked("watch", "/pods") }, func() {
			c.job = c.Paths(jobs)[0]
			meta := c.Object(c.job)["metadata"].(map[string]any)
			c.name, c.uid = meta["name"].(string), meta["uid"]
			c.pod("-a", "Running", running())
		}},
		{func() bool { return c.asked("get", "/log") }, func() {
			c.pod("-a", "Succeeded", terminated(0, ""))
			c.ends("Complete", "")
		}},
	}
	for _, step := range steps {
		for {
			changed := c.Changed()
			if step.until() {
				break
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
		step.then()
	}
}
