package main_test

import (
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/cluster/clustertest"
	"github.com/seed45446ece/launcher/launcher/launchertest"
)

func fields(args string) []string { return strings.Fields(args) }

// requireNoForm looks for a value as a careless program might write it.
func requireNoForm(t testing.TB, text string, values ...string) {
	t.Helper()
	for _, value := range values {
		quoted, _ := json.Marshal(value)
		for _, form := range []string{
			value, hex.EncodeToString([]byte(value)), url.QueryEscape(value), url.PathEscape(value), string(quoted[1 : len(quoted)-1]),
			strings.Trim(strconv.Quote(value), `"`), base64.StdEncoding.EncodeToString([]byte(value)), base64.RawURLEncoding.EncodeToString([]byte(value)),
		} {
			require.NotContains(t, strings.ToLower(text), strings.ToLower(form))
		}
	}
}

const canary = `C4n4ry "1" <é>&x`

// secretFaults is what a server may do to a write, and what the user is told;
// nothing where it goes well after all.
var secretFaults = map[string]struct {
	fault  clustertest.Fault
	status int
	says   string
}{
	"a conflict":                     {clustertest.On("patch", "", clustertest.Times(3, clustertest.Conflict)), 0, ""},
	"conflicts without end":          {clustertest.On("patch", "", clustertest.Conflict), 124, "other clients keep changing it"},
	"a throttle":                     {clustertest.On("patch", "", clustertest.Times(2, clustertest.Throttled(0))), 0, ""},
	"a throttle with a Retry-After":  {clustertest.On("patch", "", clustertest.Times(1, clustertest.Throttled(1))), 0, ""},
	"a throttle without Retry-After": {clustertest.On("patch", "", clustertest.Times(2, clustertest.Throttled(-1))), 0, ""},
	"a throttle without end":         {clustertest.Throttled(3600), 124, "no answer from"},
	"a lost connection":              {clustertest.Times(3, clustertest.Lost), 0, ""},
	"connections lost without end":   {clustertest.Lost, 124, "check that the cluster is running and reachable from here"},
	"a server that restarts":         {clustertest.Times(3, clustertest.Failing(503, "ServiceUnavailable", "starting")), 0, ""},
	"an internal error":              {clustertest.Times(3, clustertest.Failing(500, "InternalError", "etcdserver: leader changed")), 0, ""},
	"a quota":                        {clustertest.On("", "-fraud", clustertest.Failing(403, "Forbidden", "exceeded quota: secrets")), 125, "a quota is exceeded"},
	"no credentials":                 {clustertest.Failing(401, "Unauthorized", "Unauthorized"), 125, "log in again"},
	"a refusal":                      {clustertest.Failing(422, "Invalid", "data: Forbidden: field is immutable when `immutable` is set"), 125, "the object is immutable"},
}

func TestFaultsOfTheClusterWhileASecretIsSet(t *testing.T) {
	for name, c := range secretFaults {
		for verb, args := range map[string]string{"set": "--from-env-file -", "delete": "OLD"} {
			t.Run(name+"/"+verb, func(t *testing.T) {
				t.Parallel()
				s := clustertest.New(t)
				store(s, map[string]string{"OLD": "old"})
				s.Inject(c.fault)
				timeout := "1h" // only an error that lasts should meet the deadline
				if c.status == 124 {
					timeout = "20s"
				}
				got := ctl(t, s, "NEW="+canary+"\n", append(fields("secrets "+verb+" --timeout "+timeout+" --verbose --project fraud"), fields(args)...)...)
				require.Equal(t, c.status, got.status, got.stderr)
				require.Contains(t, got.stderr, c.says)
				requireNoForm(t, got.stdout+got.stderr, canary, clustertest.Token)
				want := map[string]string{"OLD": "old"}
				if c.status == 0 && verb == "set" {
					want["NEW"] = canary
				} else if c.status == 0 {
					delete(want, "OLD")
				}
				require.Equal(t, want, stored(t, s))
			})
		}
	}
}

// TestAnAnswerThatIsLostIsNoError is a request that was done all the same.
func TestAnAnswerThatIsLostIsNoError(t *testing.T) {
	for name, args := range map[string]string{"set": "--from-env-file -", "delete": "OLD"} {
		s := clustertest.New(t)
		store(s, map[string]string{"OLD": "old"})
		s.Inject(clustertest.On("patch", "", clustertest.Times(1, s.LostAnswer)))
		got := ctl(t, s, "OLD=new\n", append(fields("secrets "+name+" --project fraud"), fields(args)...)...)
		require.Zero(t, got.status, got.stderr)
	}
	s := clustertest.New(t)
	s.Inject(clustertest.On("create", "", clustertest.Times(1, s.LostAnswer)))
	got := ctl(t, s, "NEW=new\n", "secrets", "set", "--project", "fraud")
	require.Zero(t, got.status, got.stderr)
	require.Equal(t, map[string]string{"NEW": "new"}, stored(t, s))
}

// TestTheFirstTwoWritersAtOnce is a Secret that comes to be between our finding
// none and our making one.
func TestTheFirstTwoWritersAtOnce(t *testing.T) {
	s := clustertest.New(t)
	s.Inject(clustertest.On("create", "secrets", clustertest.Times(1, func(http.ResponseWriter, clustertest.Request) bool {
		store(s, map[string]string{"THEIRS": "1"})
		return false
	})))
	got := ctl(t, s, "OURS=2\n", "secrets", "set", "--project", "fraud")
	require.Zero(t, got.status, got.stderr)
	require.Equal(t, map[string]string{"THEIRS": "1", "OURS": "2"}, stored(t, s))
}

func TestAMissingPermissionIsSaidAsTheRuleThatGrantsIt(t *testing.T) {
	s := clustertest.New(t)
	s.Deny("patch", "secrets")
	got := ctl(t, s, "A=b\n", "secrets", "set", "--project", "fraud")
	require.Equal(t, 125, got.status)
	require.Equal(t, `launcherctl: set keys of project fraud: you may not patch secrets mlrun-project-secrets-fraud in namespace "ml": the cluster answered 403 Forbidden
hint: ask the cluster's administrator to run kubectl apply -f - with this:
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: launcherctl:secrets-set:mlrun-project-secrets-fraud:ana@example.org
  namespace: ml
rules:
- apiGroups:
  - ""
  resourceNames:
  - mlrun-project-secrets-fraud
  resources:
  - secrets
  verbs:
  - patch
- apiGroups:
  - ""
  resources:
  - secrets
  verbs:
  - create
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: launcherctl:secrets-set:mlrun-project-secrets-fraud:ana@example.org
  namespace: ml
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: launcherctl:secrets-set:mlrun-project-secrets-fraud:ana@example.org
subjects:
- apiGroup: rbac.authorization.k8s.io
  kind: User
  name: ana@example.org
`, got.stderr)
}

// TestTheMessageNamesAllThatIsMissing, so that one apply is enough.
func TestTheMessageNamesAllThatIsMissing(t *testing.T) {
	s := clustertest.New(t)
	s.Deny("patch", "secrets")
	s.Deny("create", "secrets")
	got := ctl(t, s, "A=b\n", "secrets", "set", "--project", "fraud")
	require.Equal(t, 125, got.status)
	require.Contains(t, got.stderr, "you may not patch secrets mlrun-project-secrets-fraud, nor create secrets in namespace \"ml\"")
	require.Contains(t, got.stderr, "  verbs:\n  - patch\n- apiGroups:\n  - \"\"\n  resources:\n  - secrets\n  verbs:\n  - create\n---\n")
}

func TestNoClusterAtAll(t *testing.T) {
	const head = "apiVersion: v1\nkind: Config\n"
	for kubeconfig, want := range map[string]string{
		"/no/such/kubeconfig":                                                         "no cluster is configured",
		write(t, "k1", "C4n4ry"):                                                      "the kubeconfig",
		write(t, "k2", head+"users: C4n4ry\n"):                                        "the kubeconfig",
		write(t, "k3", head+"users: [{name: u, user: {token: [C4n4ry}]"):              "the kubeconfig",
		write(t, "k4", head+"users: [{name: u, user: {token: \"C4n4ry\\q\"}}]"):       "the kubeconfig",
		write(t, "k5", head+"users: [{name: u, user: {token: {C4n4ry: C4n4ry}}}]"):    "the kubeconfig",
		write(t, "k6", head+"users: [{name: u, user: {client-key-data: C4n4ry!}}]"):   "the kubeconfig",
		write(t, "k7", head+"users: [{name: u, user: {password: *C4n4ry}}]"):          "the kubeconfig",
		write(t, "k8", head+"users: [{name: u, user: {auth-provider: [C4n4ry, a]}}]"): "the kubeconfig",
		write(t, "k9", address("https://h", "http://u:C4n4ry pw@h")):                  "the kubeconfig",
		write(t, "k10", address("https://h", "ftp://u:C4n4ry@h")):                     "the kubeconfig",
		write(t, "k11", address("https://u:C4n4ry%zz@h", "")):                         "the kubeconfig",
	} {
		got := finish(t, prepared(t, kubeconfig, "secrets", "list", "--project", "fraud", "--verbose"))
		require.Equal(t, 125, got.status, got.stderr)
		require.Contains(t, got.stderr, want)
		requireNoForm(t, got.stderr, "C4n4ry")
	}
	for _, kubeconfig := range []string{address("https://u:C4n4ry@127.0.0.1:1/C4n4ry", ""), address("https://127.0.0.1:1", "http://u:C4n4ry@127.0.0.1:1")} {
		got := finish(t, prepared(t, write(t, "k", kubeconfig), fields("secrets list --project fraud --verbose --timeout 1s")...))
		require.Equal(t, 124, got.status, got.stderr)
		requireNoForm(t, strings.ReplaceAll(got.stderr, "GET https://127.0.0.1:1/C4n4ry/", ""), "C4n4ry") // a path is a place
	}
	got := finish(t, prepared(t, "", "secrets", "list", "--project", "fraud", "--kubeconfig", "/no/such"))
	require.Equal(t, result{"", "launcherctl: the kubeconfig: stat /no/such: no such file or directory\n", 125}, got)
	s := clustertest.New(t)
	s.Close()
	got = ctl(t, s, "", "secrets", "list", "--project", "fraud", "--context", "another")
	require.Equal(t, 125, got.status, got.stderr)
	require.Contains(t, got.stderr, `context "another" does not exist`)
	got = ctl(t, s, "", "secrets", "list", "--project", "fraud", "--timeout", "20s")
	require.Equal(t, 124, got.status, got.stderr)
	require.Contains(t, got.stderr, "connection refused")
}

// address is a kubeconfig with these addresses.
func address(server, proxy string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: Config\ncurrent-context: h\nclusters: [{name: c, cluster: {server: %q, proxy-url: %q}}]\n"+
		"users: [{name: u, user: {token: t}}]\ncontexts: [{name: h, context: {cluster: c, user: u}}]\n", server, proxy)
}

// TestKubectlsPluginSaysItsOwnName is the same file under another name.
func TestKubectlsPluginSaysItsOwnName(t *testing.T) {
	cmd := prepared(t, "/no/such", "secrets", "list")
	cmd.Path = bin + "/kubectl-launcher"
	cmd.Args[0] = cmd.Path
	got := finish(t, cmd)
	require.Equal(t, result{"", "kubectl launcher: --project is missing\nhint: use kubectl launcher secrets list --project PROJECT\n", 125}, got)
}

// TestKubectlFindsThePlugin by its name in the PATH.
func TestKubectlFindsThePlugin(t *testing.T) {
	kubectl := launchertest.Needs(t, "kubectl", "the plugin, started by kubectl")
	s := clustertest.New(t)
	store(s, map[string]string{"A": "1"})
	cmd := prepared(t, s.Kubeconfig(t), "launcher", "secrets", "list", "--project", "fraud")
	cmd.Path, cmd.Args[0] = kubectl, kubectl
	require.Equal(t, result{"KEY   VARIABLE\nA     MLRUN_K8S_SECRET__A\n", "", 0}, finish(t, cmd))
}

// TestTheProgramInThePodHasNoKubernetesClient is what go version -m lists.
func TestTheProgramInThePodHasNoKubernetesClient(t *testing.T) {
	has := func(module string) bool {
		return strings.HasPrefix(module, "k8s.io/") || strings.HasPrefix(module, "sigs.k8s.io/")
	}
	for program, want := range map[string]bool{"launcher": false, "launcherctl": true} {
		info, err := buildinfo.ReadFile(filepath.Join(bin, program))
		require.NoError(t, err)
		require.NotEmpty(t, info.Deps)
		require.Equal(t, want, slices.ContainsFunc(info.Deps, func(m *debug.Module) bool { return has(m.Path) }), program)
	}
}
