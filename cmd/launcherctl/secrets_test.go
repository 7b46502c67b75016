package main_test

import (
	"encoding/base64"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/cluster/clustertest"
)

var fraud = clustertest.Path("", "secrets", "mlrun-project-secrets-fraud")

// stored is the values of project fraud's Secret.
func stored(t *testing.T, s *clustertest.Server) map[string]string {
	t.Helper()
	data, _ := s.Object(fraud)["data"].(map[string]any)
	values := map[string]string{}
	for key, encoded := range data {
		value, err := base64.StdEncoding.DecodeString(encoded.(string))
		require.NoError(t, err)
		values[key] = string(value)
	}
	return values
}

// store is a Secret of project fraud as somebody else has written it.
func store(s *clustertest.Server, values map[string]string) {
	data := map[string]any{}
	for key, value := range values {
		data[key] = base64.StdEncoding.EncodeToString([]byte(value))
	}
	s.Put(fraud, map[string]any{"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": data,
		"metadata": map[string]any{"name": "mlrun-project-secrets-fraud", "namespace": "ml", "labels": map[string]any{"team": "a"}}})
}

func TestSetMakesTheSecretAndAddsToIt(t *testing.T) {
	s := clustertest.New(t)
	got := ctl(t, s, "", "secrets", "set", "--project", "fraud", "--from-env-file", write(t, "s.txt", "A = b=c$d'\n# no\nEMPTY=\n"))
	require.Equal(t, result{"project fraud: key \"A\" set\nproject fraud: key \"EMPTY\" set\n", "", 0}, got)
	require.Equal(t, map[string]string{"A": "b=c$d'", "EMPTY": ""}, stored(t, s))

	got = ctl(t, s, "B=2\n", "secrets", "set", "--project", "fraud")
	require.Zero(t, got.status, got.stderr)
	binary := "\x00\xff\r\n trailing \n"
	got = ctl(t, s, binary, "secrets", "set", "--project", "fraud", "--from-file", "KEYSTORE=-", "--mount-only", "--from-env-file", write(t, "x.env", `C="1\n2"`))
	require.Zero(t, got.status, got.stderr)
	require.Equal(t, map[string]string{"A": "b=c$d'", "EMPTY": "", "B": "2", "C": "1\n2", "KEYSTORE": binary}, stored(t, s))
	for _, r := range s.Requests() {
		require.Contains(t, []string{"patch", "create"}, r.Verb, "to set a value takes no leave to read any")
	}
}

func TestListPrintsKeysAndNoInternalOnes(t *testing.T) {
	s := clustertest.New(t)
	got := ctl(t, s, "", "secrets", "list", "--project", "fraud")
	require.Equal(t, result{"KEY   VARIABLE\n", "launcherctl: project fraud has no keys in namespace \"ml\"\n", 0}, got)
	store(s, map[string]string{"db-password": "C4n4ry", "AWS_KEY": "C4n4ry", "mlrun.x": "C4n4ry", "aws_key": "C4n4ry"})
	got = ctl(t, s, "", "secrets", "list", "--project", "fraud", "--verbose")
	require.Zero(t, got.status)
	require.Equal(t, "KEY           VARIABLE\n"+
		"AWS_KEY       MLRUN_K8S_SECRET__AWS_KEY\n"+
		"aws_key       MLRUN_K8S_SECRET__AWS_KEY\n"+
		"db-password   MLRUN_K8S_SECRET__DB-PASSWORD\n", got.stdout)
	require.Contains(t, got.stderr, `warning: keys "AWS_KEY" and "aws_key" have the same variable in a pod, MLRUN_K8S_SECRET__AWS_KEY`)
	requireNoForm(t, got.stderr, "C4n4ry")
	got = ctl(t, s, "", "secrets", "list", "--project", "fraud", "--json")
	require.JSONEq(t, `{"keys": [{"key": "AWS_KEY", "variable": "MLRUN_K8S_SECRET__AWS_KEY"},
		{"key": "aws_key", "variable": "MLRUN_K8S_SECRET__AWS_KEY"}, {"key": "db-password", "variable": "MLRUN_K8S_SECRET__DB-PASSWORD"}]}`, got.stdout)
}

func TestDeleteTakesAllKeysOrNone(t *testing.T) {
	s := clustertest.New(t)
	store(s, map[string]string{"A": "1", "B": "2", "C": "3", "mlrun.x": "4"})
	got := ctl(t, s, "", "secrets", "delete", "--project", "fraud", "A", "X", "Y")
	require.Equal(t, result{"", "launcherctl: project fraud has no key \"X\"; nothing was deleted\n" +
		"launcherctl: project fraud has no key \"Y\"; nothing was deleted\n", 125}, got)
	require.Len(t, stored(t, s), 4)
	got = ctl(t, s, "", "secrets", "delete", "--project", "fraud", "A", "C")
	require.Equal(t, result{"project fraud: key \"A\" deleted\nproject fraud: key \"C\" deleted\n", "", 0}, got)
	require.Equal(t, map[string]string{"B": "2", "mlrun.x": "4"}, stored(t, s))
	require.Equal(t, "a", s.Object(fraud)["metadata"].(map[string]any)["labels"].(map[string]any)["team"])
}

func TestWhatIsRefusedBeforeTheClusterIsAsked(t *testing.T) {
	for args, want := range map[string]string{
		"set --project fraud DB_PASSWORD=C4n4ry":              `the value of "DB_PASSWORD" on the command line`,
		"set --project fraud DB_PASSWORD C4n4ry!":             "word 2 after the flags is not a key",
		"set --project fraud C4n4ry/x=y":                      "word 1 after the flags is not a key",
		"set --project fraud mlrun.x":                         `key "mlrun.x" is internal to MLRun`,
		"delete --project fraud Mlrun.x":                      `key "Mlrun.x" is internal to MLRun`,
		"set --project fraud A A":                             `duplicate key "A"`,
		"set --project fraud A":                               "no terminal to prompt for a value",
		"set A --project fraud":                               "flags come before the keys",
		"set A":                                               "--project is missing",
		"set --project Fraud_1 A":                             `"Fraud_1" is not a valid project name`,
		"set --project fraud --from-file C4n4ry":              "--from-file is not KEY=FILE",
		"set --project fraud --from-file mlrun.A=/dev/null":   "is a device",
		"set --project fraud --from-file A=- --from-file B=-": "standard input is already read",
		"set --project fraud --from-env-file /no/such":        `"/no/such" does not exist`,
		"delete --project fraud":                              "name at least one KEY",
		"list --project fraud A":                              "takes no KEY",
		"drop --project fraud":                                `unknown command "drop"`,
		"list --projects fraud":                               "unknown flag: --projects",
		"list --project fraud --timeout C4n4ry":               `--timeout "C4n4ry" is not a duration`,
	} {
		t.Run(args, func(t *testing.T) {
			s := clustertest.New(t)
			got := ctl(t, s, "", append([]string{"secrets"}, fields(args)...)...)
			require.Equal(t, 125, got.status, got.stderr)
			require.Contains(t, got.stderr, want)
			require.Empty(t, s.Requests())
			if args != "list --project fraud --timeout C4n4ry" {
				requireNoForm(t, got.stderr, "C4n4ry")
			}
		})
	}
}

// TestTwoWritersLoseNothing is many writers and deleters at once, from no
// Secret at all.
func TestTwoWritersLoseNothing(t *testing.T) {
	s := clustertest.New(t)
	const writers = 8
	var all sync.WaitGroup
	results := make([]result, writers)
	for i := range writers {
		all.Go(func() {
			results[i] = ctl(t, s, fmt.Sprintf("KEY_%d=v%d\n", i, i), "secrets", "set", "--project", "fraud")
		})
	}
	all.Wait()
	want := map[string]string{}
	for i, got := range results {
		require.Zero(t, got.status, got.stderr)
		want[fmt.Sprintf("KEY_%d", i)] = fmt.Sprintf("v%d", i)
	}
	require.Equal(t, want, stored(t, s))
	for i := range writers {
		all.Go(func() {
			results[i] = ctl(t, s, "", "secrets", "delete", "--project", "fraud", fmt.Sprintf("KEY_%d", i))
		})
	}
	all.Wait()
	for _, got := range results {
		require.Zero(t, got.status, got.stderr)
	}
	require.Empty(t, stored(t, s))
}
