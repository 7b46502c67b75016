package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/seed45446ece/launcher/cluster/clustertest"
	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// leaky is a Job with canaries wherever a value can be.
const leaky = `
apiVersion: batch/v1
kind: Job
metadata: {name: leaky, namespace: ml, annotations: {note: c4n4ry}, managedFields: [{manager: c4n4ry}]}
spec:
  template:
    spec:
      containers:
      - name: handler
        image: c4n4ry
        command: [/launcher, run, -s, 'inline={"A": "c4n4ry"}', -s, 'c4n4ry', --, prog, --password=c4n4ry, "-c", "X_TOKEN=c4n4ry; curl https://u:c4n4ry@h"]
        env:
        - {name: MLRUN_EXEC_CONFIG, value: '{"spec":{"secret_sources":[{"kind":"inline","source":{"B":"c4n4ry","c4n4ry d":"x"}},{"kind":"inline","source":"c4n4ry"}]}}'}
        - {name: API_KEY, value: c4n4ry}
        - {name: "c4n4ry no key", value: c4n4ry}
        - {name: K, valueFrom: {secretKeyRef: {name: creds, key: password}}}
        livenessProbe: {exec: {command: [probe, --token, c4n4ry]}}
`

// TestNoCheckShowsAValue has every form of output, of a file, of standard input and of
// an object of the cluster.
func TestNoCheckShowsAValue(t *testing.T) {
	s := clustertest.New(t)
	var object map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(leaky), &object))
	s.Put(clustertest.Path("batch", "jobs", "leaky"), object)
	file := write(t, "leaky.yaml", leaky)
	for _, output := range []string{"table", "json", "yaml", "sarif"} {
		for _, what := range []string{file, "-", "job/leaky"} {
			got := ctl(t, s, leaky, "check", "--verbose", "--output", output, what)
			require.Equal(t, 1, got.status, got.stderr)
			require.NotContains(t, got.stdout+got.stderr, "c4n4ry", output)
			for _, want := range []string{"API_KEY", "(inline|key) A", "(inline|key) B", "password", "X_TOKEN", "token"} {
				require.Regexp(t, want+`\b`, got.stdout, output)
			}
		}
	}
	cut := leaky + "        env: [c4n4ry\n"
	got := ctl(t, s, cut, "check", "-")
	require.Equal(t, 125, got.status)
	require.NotContains(t, got.stdout+got.stderr, "c4n4ry")
}

// bind adds a role of the cluster and who has it.
func bind(s *clustertest.Server, name string, rule, subject map[string]any) {
	s.Put(clustertest.Path("rbac.authorization.k8s.io", "roles", name), map[string]any{"metadata": map[string]any{"name": name}, "rules": []any{rule}})
	s.Put(clustertest.Path("rbac.authorization.k8s.io", "rolebindings", name), map[string]any{"metadata": map[string]any{"name": name},
		"roleRef": map[string]any{"kind": "Role", "name": name}, "subjects": []any{subject}})
}

// TestCheckSaysWhoCanReadTheSecrets asks RBAC, as far as the user may list it.
func TestCheckSaysWhoCanReadTheSecrets(t *testing.T) {
	s := clustertest.New(t)
	var object map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(leaky), &object))
	s.Put(clustertest.Path("batch", "jobs", "leaky"), object)
	every := []any{"*"}
	bind(s, "one", map[string]any{"apiGroups": []any{""}, "resources": []any{"secrets"}, "verbs": []any{"get"}, "resourceNames": []any{"creds"}}, map[string]any{"kind": "User", "name": "ana"})
	bind(s, "other", map[string]any{"apiGroups": []any{""}, "resources": []any{"secrets"}, "verbs": every, "resourceNames": []any{"others"}}, map[string]any{"kind": "User", "name": "bob"})
	bind(s, "exec", map[string]any{"apiGroups": every, "resources": []any{"pods/exec"}, "verbs": []any{"create"}}, map[string]any{"kind": "ServiceAccount", "namespace": "ci", "name": "runner"})
	bind(s, "all", map[string]any{"apiGroups": every, "resources": every, "verbs": every}, map[string]any{"kind": "Group", "name": "ops"})

	got := ctl(t, s, "", "check", "job/leaky")
	require.Equal(t, 1, got.status, got.stderr)
	require.Contains(t, got.stdout, "RIGHT               WHO HAS IT BY RBAC\n"+
		"create pods/exec    group ops, serviceaccount ci/runner\n"+
		"create pods         group ops\n"+
		"list secrets        group ops\n"+
		"get secrets/creds   group ops, user ana\n")
	for _, r := range s.Requests() {
		require.NotContains(t, r.Path, "/secrets", "no Secret is read")
	}

	s.Deny("list", "clusterroles")
	s.Deny("list", "clusterrolebindings")
	got = ctl(t, s, "", "check", "jobs.batch/leaky")
	require.Contains(t, got.stdout, "get secrets/creds   group ops, user ana\n")
	require.Contains(t, got.stdout, "\nRBAC was not asked in full: you may not list clusterrolebindings, clusterroles\n")

	s.Deny("list", "rolebindings")
	s.Deny("list", "roles")
	got = ctl(t, s, "", "check", "-o", "json", "job/leaky")
	require.Equal(t, 1, got.status, got.stderr)
	var report struct {
		Access struct {
			Rights   []any
			NotAsked []string `json:"not_asked"`
		}
	}
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &report))
	require.Empty(t, report.Access.Rights)
	require.Equal(t, []string{"rolebindings", "roles", "clusterrolebindings", "clusterroles"}, report.Access.NotAsked)
}

// TestCheckOfAnObjectThatCannotBeRead has no right, no object, and no cluster.
func TestCheckOfAnObjectThatCannotBeRead(t *testing.T) {
	s := clustertest.New(t)
	got := ctl(t, s, "", "check", "job/gone")
	require.Equal(t, 125, got.status)
	require.Regexp(t, `^launcherctl: read job gone: .*not found`, got.stderr)

	s.Deny("get", "jobs")
	got = ctl(t, s, "", "check", "job/gone")
	require.Equal(t, 125, got.status)
	require.Contains(t, got.stderr, `launcherctl: read job gone: you may not get jobs.batch in namespace "ml"`)
	require.Contains(t, got.stderr, "kind: RoleBinding\n")
	require.Empty(t, got.stdout)

	for _, kind := range []string{"po", "deploy", "sts", "ds", "rs", "cj", "deployment.apps"} {
		got = ctl(t, s, "", "check", kind+"/x")
		require.Equal(t, 125, got.status)
		require.Contains(t, got.stderr, "not found")
	}
	for _, word := range []string{"job.apps/x", "service/x", "job/", "job/a/b", "job/A"} {
		got = ctl(t, s, "", "check", word)
		require.Equal(t, 125, got.status)
		require.Contains(t, got.stderr, "does not exist", word)
	}

	// A Job that is deleted between two requests, and a server that fails.
	var object map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(leaky), &object))
	s.Allow("get", "jobs")
	s.Put(clustertest.Path("batch", "jobs", "leaky"), object)
	s.Inject(func(w http.ResponseWriter, r clustertest.Request) bool {
		if strings.HasSuffix(r.Path, "/rolebindings") {
			s.Remove(clustertest.Path("batch", "jobs", "leaky"))
		}
		return false
	})
	require.Equal(t, 1, ctl(t, s, "", "check", "job/leaky").status)
	require.Equal(t, 125, ctl(t, s, "", "check", "job/leaky").status)
	s.Inject(func(w http.ResponseWriter, r clustertest.Request) bool {
		clustertest.Refuse(w, http.StatusGatewayTimeout, "Timeout", "c4n4ry")
		return true
	})
	require.Equal(t, 124, ctl(t, s, "", "check", "--timeout", "5s", "job/leaky").status)
}

// TestCheckReadsWhateverFilesThereAre has what people and tools leave in folders.
func TestCheckReadsWhateverFilesThereAre(t *testing.T) {
	folder := t.TempDir()
	var args []string
	for i := range 300 {
		path := filepath.Join(folder, fmt.Sprintf("%d.yaml", i))
		require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(leaky, "name: leaky", fmt.Sprintf("name: leaky-%d", i))), 0o600))
		args = append(args, path)
	}
	got := ctlIn(t, folder, nil, append([]string{"check"}, args...)...)
	require.Equal(t, 1, got.status, got.stderr)
	require.Equal(t, 300, strings.Count(got.stdout, "\nSECRET "))
	require.NoError(t, os.Symlink("..", filepath.Join(folder, "loop.yaml")))
	require.NoError(t, os.Symlink("0.yaml", filepath.Join(folder, "link.yaml")))
	fifo := exec.Command("mkfifo", filepath.Join(folder, "fifo.yaml"))
	require.NoError(t, fifo.Run())
	got = ctlIn(t, folder, nil, "check", ".")
	require.Equal(t, 1, got.status, got.stderr)
	require.Equal(t, 301, strings.Count(got.stdout, "\nSECRET "))
	require.NoError(t, os.Symlink("nothing", filepath.Join(folder, "dangling.yaml")))
	require.Equal(t, 125, ctlIn(t, folder, nil, "check", ".").status)

	text := map[string]string{
		"crlf":   strings.ReplaceAll(leaky, "\n", "\r\n"),
		"bom":    "\ufeff" + leaky,
		"json":   manifestJSON(t, leaky),
		"list":   `{"kind": "List", "items": [{"kind": "List", "items": [` + manifestJSON(t, leaky) + `]}]}`,
		"pages":  "---\n---\n# nothing\n---\n" + strings.TrimSpace(leaky) + "\n...\n---\n",
		"merge":  "x: &x {image: i, env: [{name: API_KEY, value: c4n4ry}]}\nkind: Pod\nspec: {containers: [{<<: *x, name: a}]}\n",
		"params": "kind: Pod\nspec: {containers: [{name: a, image: i, args: [\"--api-key=c4n4ry\"]}]}\n",
	}
	for name, text := range text {
		got := ctlIn(t, folder, nil, "check", write(t, name+".yaml", text))
		require.Equal(t, 1, got.status, "%s: %s", name, got.stderr)
		require.NotContains(t, got.stdout+got.stderr, "c4n4ry", name)
	}
	for name, text := range map[string]string{
		"binary": "\x00\x01", "utf-16": "\xff\xfea\x00", "a word": "c4n4ry", "a list": "[c4n4ry]", "no pod": "kind: Pod\n", "null": "null", "numbers": "kind: 1\nspec: 2\n",
		"a cycle": "kind: Pod\nspec: &a {containers: [*a]}\n", "cut": leaky[:len(leaky)-20], "a pod of words": "kind: Pod\nspec: {containers: c4n4ry}\n", "many documents": strings.Repeat("---\na: b\n", 20_001),
	} {
		got := ctlIn(t, folder, nil, "check", write(t, "wrong.yaml", text))
		require.Equal(t, 125, got.status, "%s: %s", name, got.stdout)
		require.NotContains(t, got.stderr+got.stdout, "c4n4ry", name)
	}
	got = ctlIn(t, folder, nil, "check", write(t, "odd.yaml", "kind: Pod\nspec: {containers: [c4n4ry, {name: [c4n4ry], env: c4n4ry, args: {a: c4n4ry}, volumeMounts: [1]}], volumes: {a: b}}\n"))
	require.Equal(t, 0, got.status, got.stderr)
	require.NotContains(t, got.stdout, "c4n4ry")
}

func manifestJSON(t *testing.T, text string) string {
	t.Helper()
	out, err := yaml.YAMLToJSON([]byte(text))
	require.NoError(t, err)
	return string(out)
}

// TestNoManifestTakesMoreThanTheBudget checks the worst manifests of 1 MiB.
func TestNoManifestTakesMoreThanTheBudget(t *testing.T) {
	sh := launchertest.Needs(t, "sh", "the memory that manifests take")
	const pod = "kind: Pod\nspec:\n  containers:\n  - name: a\n    image: i\n"
	trials := map[string]trial{}
	for name, text := range map[string]string{
		"values": pod + "    env:\n" + lines("    - {name: K%d_TOKEN, value: v}\n"), "secrets": pod + "    env:\n" + lines("    - {name: K%d, valueFrom: {secretKeyRef: {name: s, key: k%d}}}\n"),
		"arguments": pod + "    args:\n" + lines("    - --token=%d\n"), "a script": pod + "    args: [\"" + lines("A_TOKEN=a ") + "\"]\n", "containers": "kind: Pod\nspec:\n  containers:\n" + lines("  - {name: a%d}\n"),
		"pods": lines("---\nkind: Pod\nspec: {containers: [{name: a%d}]}\n"), "a task": pod + "    env: [{name: MLRUN_EXEC_CONFIG, value: '{\"spec\":{\"secret_sources\":[{\"kind\":\"inline\",\"source\":{" + lines(`"K%d":"v",`) + "\"a\":\"b\"}}]}}'}]\n",
		"separators": lines("---\n"), "documents": lines("---\na: b\n"), "references": pod + "    env: [{name: K, valueFrom: {secretKeyRef: {name: s, key: k}}}]\n    args: [\"" + lines("$(K)") + "\"]\n",
		"volumes": pod + "    volumeMounts:\n" + lines("    - {name: v%d, mountPath: /v%d}\n"), "urls": pod + "    args: [\"" + lines("a://b:c@") + "\"]\n",
	} {
		trials[name] = trial{nil, text, fields("check -")}
	}
	withinBudget(t, sh, []string{"check", "--fail-on", "never", write(t, "ordinary.yaml", pod)}, nil, trials)
}
