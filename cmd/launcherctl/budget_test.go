package main_test

import (
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/cluster/clustertest"
	"github.com/seed45446ece/launcher/launcher/launchertest"
)

// The budget of a command whose input has no more than 1 MiB.
const (
	budgetMemory = 100 << 10 // KiB, over what an ordinary command takes
	budgetTime   = time.Second
)

// lines is as many lines as are 1 MiB at most; a %d in one is its number.
func lines(format string) string {
	var text strings.Builder
	for i := 0; text.Len()+len(format)+8 < 1<<20; i++ {
		if line := format; strings.Contains(line, "%d") {
			_, _ = fmt.Fprint(&text, strings.ReplaceAll(line, "%d", fmt.Sprint(i)))
		} else {
			text.WriteString(line)
		}
	}
	return text.String()
}

// deep is nesting of as many levels as are 1 MiB.
func deep(open, shut string) string {
	n := 1 << 20 / (len(open) + len(shut) + 1)
	return strings.Repeat(open, n) + strings.Repeat(shut, n)
}

// laughs is a document whose aliases unfold to 10^29 values.
func laughs() string {
	text := "a0: &a0 [x, x]\n"
	for i := 1; i < 30; i++ {
		text += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10))
	}
	return text
}

// unfolding is YAML that takes a careless reader long: a field and more.
func unfolding() map[string]string {
	return map[string]string{
		"laughs": laughs(), "one anchor": "x: &a " + strings.Repeat("b", 1_000_000) + "\ny: [" + strings.Repeat("*a, ", 2000) + "]\n", "a list's anchor": "x: &a [" + strings.Repeat("b,", 100_000) + "]\ny: [" + strings.Repeat("*a,", 2000) + "]\n",
		"many anchors": "x: [" + lines("&a%d b, ") + "]\n", "merges": "m: &m {a: b}\nx:\n" + lines("- {<<: *m}\n"),
		"deep list": "x: " + deep("[", "]") + "\n", "deep map": "x: " + deep("{a: ", "}") + "\n", "deep items": "x:\n" + lines("- ") + "a\n", "deep questions": lines("? ") + "a\n",
		"fields": lines("f%d: a\n"), "items": "x:\n" + lines("- a\n"), "flow": "x: [" + lines("a,") + "]\n", "a flow of lines": "x: [\n" + lines("a,\n") + "]\n", "pairs": "x: [" + lines("a: b,") + "]\n",
		"long line": "x: " + strings.Repeat("b", 1_000_000) + "\n", "long name": strings.Repeat("b", 1_000_000) + ": x\n", "comments": lines("# a\n"), "blank lines": lines("\n"), "documents": lines("---\na: b\n"),
		"escapes": `x: "` + lines(`\x41`) + "\"\n", "folded": "x: >\n" + lines(" a\n"), "tags": "x: [" + lines("!!str a, ") + "]\n", "colons": "x: " + lines("a:") + "\n",
	}
}

// inJSON is the same for JSON, the value of a field.
func inJSON() map[string]string {
	return map[string]string{"deep": deep("[", "]"), "deep maps": deep(`{"a":`, "}"), "numbers": "[" + lines("0,") + "0]", "maps": "[" + lines("{},") + "0]", "strings": "[" + lines(`"",`) + "0]",
		"names": "{" + lines(`"a%d":0,`) + `"b":0}`, "a name twice": "{" + lines(`"a":0,`) + `"b":0}`, "a number": strings.Repeat("9", 1<<20), "a string": `"` + strings.Repeat(`\u0041`, 170_000) + `"`}
}

// trial is one run of the program.
type trial struct {
	server *clustertest.Server
	stdin  string
	args   []string
}

// TestNoInputTakesMoreThanTheBudget runs every parser's worst inputs of 1 MiB.
func TestNoInputTakesMoreThanTheBudget(t *testing.T) {
	sh := launchertest.Needs(t, "sh", "the memory that inputs take")
	into := []string{"manifest", "--task", write(t, "t.yaml", "metadata: {name: a, project: p}\nspec: {secret_sources: [{kind: kubernetes, source: [K]}]}\n"), "--launcher-image", "l", "--into", "-"}
	manifest := fields("manifest --image i --launcher-image l --keys A --values-file /dev/null --task -")
	trials := map[string]trial{}
	for name, text := range unfolding() {
		trials["into/"+name] = trial{nil, text + "kind: Pod\nspec: {containers: [{name: a, command: [x]}]}\n", into}
		trials["check/"+name] = trial{nil, text + "metadata: {name: a}\n", fields("task check -")}
		trials["summon/"+name] = trial{nil, text, fields("task from summon -p p -")}
		trials["manifest/"+name] = trial{nil, "metadata: {name: a}\n" + text, append(manifest, "true")}
	}
	for name, text := range inJSON() {
		trials["into/JSON "+name] = trial{nil, `{"kind": "Pod", "spec": {"containers": [{"name": "a", "command": ["x"]}]}, "x": ` + text + "}", into}
		trials["check/JSON "+name] = trial{nil, `{"metadata": ` + text + "}", fields("task check -")}
		trials["with-secrets/JSON "+name] = trial{nil, `{"metadata": ` + text + "}", fields("task with-secrets env --task - A")}
	}
	for name, text := range map[string]string{"pods": "kind: X\nx:\n" + lines("- {spec: {containers: []}}\n"), "containers": "kind: Pod\nspec:\n  containers:\n" + lines("  - {name: a}\n"),
		"variables": "kind: Pod\nspec:\n  containers:\n  - name: a\n    command: [x]\n    env:\n" + lines("    - {name: E%d}\n")} {
		trials["into/"+name] = trial{nil, text, into}
	}
	for name, text := range map[string]string{"files": lines("K%d_FILE: !var:file x\n"), "other files": lines("K%d: !file x\n"), "defaults": lines("K%d: !var:default='y' x\n"), "paths": lines("K%d: !var $$\n"),
		"problems": lines("K%d: !x y\n"), "a value": "K: " + strings.Repeat("$$", 500_000) + "\n", "a tag": "K: !var:default='" + strings.Repeat("x':'", 200_000) + "' y\n"} {
		trials["summon/"+name] = trial{nil, text, fields("task from summon -p p -")}
	}
	const head = "metadata: {name: a, project: p}\nspec:\n  secret_sources:\n"
	for name, text := range map[string]string{
		"keys": "  - kind: kubernetes\n    source:\n" + lines("    - k%d\n"), "sources": lines("  - {kind: kubernetes, source: [k%d]}\n"), "mounts": lines("  - {kind: kubernetes, source: {secrets: [k%d], mount: /m%d}}\n"),
		"vaults": lines("  - {kind: azure_vault, source: {name: vault%d, k8s_secret: c%d, secrets: [k%d]}}\n"), "values": "  - kind: inline\n    source:\n" + lines("      k%d: v\n"),
		"a value": "  - kind: inline\n    source:\n      k: " + strings.Repeat("v", 1_000_000) + "\n", "inline": lines("  - {kind: inline, source: {k%d: v}}\n"), "variables": "  - {kind: env, source: '" + lines("K%d,") + "K'}\n",
		"files": lines("  - {kind: file, source: /none%d, optional: true}\n"), "unknown": lines("  - {kind: x, source: [1]}\n"), "words": lines("  - a\n"), "no keys": "  - kind: kubernetes\n    source:\n" + lines("    - k/%d\n"),
	} {
		trials["manifest/"+name] = trial{nil, head + text, append(manifest, "true")}
		trials["check/"+name] = trial{nil, head + text, fields("task check -")}
		trials["with-secrets/"+name] = trial{nil, head + text, fields("task with-secrets env --task - A")}
	}
	withinBudget(t, sh, []string{"task", "check", write(t, "ordinary.yaml", "metadata: {name: a}\n")}, nil, trials)
}

// TestAManifestOfManyFieldsIsEditedInLinearTime has 40,000 of them, which took 11
// seconds when each was looked for among all others.
func TestAManifestOfManyFieldsIsEditedInLinearTime(t *testing.T) {
	var text strings.Builder
	text.WriteString("kind: Pod\nspec:\n  containers:\n  - {name: a, command: [x]}\n")
	for i := range 40_000 {
		_, _ = fmt.Fprintf(&text, "  f%d: a\n", i)
	}
	cmd := prepared(t, "/none", "manifest", "--task", write(t, "t.yaml", "metadata: {name: a, project: p}\nspec: {secret_sources: [{kind: kubernetes, source: [K]}]}\n"),
		"--launcher-image", "l", "--into", write(t, "base.yaml", text.String()))
	got := finish(t, cmd)
	require.Zero(t, got.status, got.stderr)
	require.Contains(t, got.stdout, "\n  f39999: a\n")
	require.Less(t, used(cmd), budgetTime)
}

// TestNoAnswerTakesMoreThanTheBudget does so for secrets files and a server.
func TestNoAnswerTakesMoreThanTheBudget(t *testing.T) {
	sh := launchertest.Needs(t, "sh", "the memory that inputs take")
	s := clustertest.New(t)
	trials := map[string]trial{}
	for name, text := range map[string]string{
		"keys": lines("K%d=v\n"), "a key": "K=" + strings.Repeat("v", 1_000_000) + "\n", "comments": lines("# a\n"), "no keys": lines("a b\n"), "the same": lines("K=v\n"), "blank": lines("\n"), "a line": lines("K=v"),
	} {
		trials["set/"+name] = trial{s, text, fields("secrets set --project fraud")}
	}
	answering := func(status int, body string) *clustertest.Server {
		server := clustertest.New(t)
		server.Inject(func(w http.ResponseWriter, _ clustertest.Request) bool {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body)) // a client that has had enough
			return true
		})
		return server
	}
	secret := func(data string) string {
		return `{"kind":"Secret","apiVersion":"v1","metadata":{"name":"s"},"data":` + data + "}"
	}
	for name, server := range map[string]*clustertest.Server{
		"keys": answering(200, secret("{"+lines(`"K%d":"",`)+`"b":""}`)), "a value": answering(200, secret(`{"a":"`+strings.Repeat("QUJD", 250_000)+`"}`)), "deep": answering(200, secret(deep(`{"a":`, "}"))),
		"labels": answering(200, `{"kind":"Secret","apiVersion":"v1","metadata":{"labels":{`+lines(`"K%d":"",`)+`"b":""}}}`), "no JSON": answering(200, strings.Repeat("a", 1<<20)),
		"a message": answering(422, `{"kind":"Status","apiVersion":"v1","reason":"Invalid","code":422,"message":"`+strings.Repeat("a", 1<<20)+`"}`),
		"causes":    answering(422, `{"kind":"Status","apiVersion":"v1","reason":"Invalid","code":422,"details":{"causes":[`+lines(`{"reason":"FieldValueInvalid","field":"data"},`)+"{}]}}"),
		"a page":    answering(403, strings.Repeat("<p>", 1<<18)),
	} {
		trials["list/"+name] = trial{server, "", fields("secrets list --json --project fraud")}
		trials["set, answered/"+name] = trial{server, "K=v\n", fields("secrets set --project fraud")}
	}
	store(s, map[string]string{"A": "1"})
	withinBudget(t, sh, fields("secrets list --project fraud"), s, trials)
}

// withinBudget runs the trials with as much address space as an ordinary command
// needs, and the budget.
func withinBudget(t *testing.T, sh string, ordinary []string, s *clustertest.Server, trials map[string]trial) {
	t.Helper()
	run := func(limit int, x trial) (result, time.Duration) {
		kubeconfig := "/none"
		if x.server != nil {
			kubeconfig = x.server.Kubeconfig(t)
		}
		cmd := prepared(t, kubeconfig, append([]string{"-c", fmt.Sprintf(`ulimit -v %d; exec launcherctl "$@"`, limit), "sh"}, x.args...)...)
		cmd.Path, cmd.Args[0] = sh, "sh"
		cmd.Stdin = strings.NewReader(x.stdin)
		got := finish(t, cmd)
		return got, used(cmd)
	}
	least, most := 0, 8<<20
	for most-least > 1<<10 {
		if got, _ := run((least+most)/2, trial{s, "", ordinary}); got.status == 0 {
			most = (least + most) / 2
		} else {
			least = (least + most) / 2
		}
	}
	for name, x := range trials {
		t.Run(name, func(t *testing.T) {
			require.LessOrEqual(t, len(x.stdin), 1<<20+1000)
			got, took := run(most+budgetMemory, x)
			require.Contains(t, []int{0, 1, 125}, got.status, "%.500s", got.stderr)
			require.Less(t, took, budgetTime)
			t.Logf("status %d, %s: %.100s", got.status, took.Round(10*time.Millisecond), got.stderr)
		})
	}
}

// used is the processor time of a program that has ended.
func used(cmd *exec.Cmd) time.Duration {
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}
