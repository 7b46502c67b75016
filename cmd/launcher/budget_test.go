package main_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

const mebibyte = 1 << 20

// repeated returns a text of at most a mebibyte, with a part repeated inside.
func repeated(before, part, after string) string {
	return before + strings.Repeat(part, (mebibyte-len(before)-len(after))/len(part)) + after
}

// numbered returns count parts, each with its number.
func numbered(count int, format string) string {
	var text strings.Builder
	for i := range count {
		fmt.Fprintf(&text, format, i)
	}
	return text.String()
}

// inlineOf returns a task whose inline source is a literal.
func inlineOf(literal string) string {
	return `{"spec": {"secret_sources": [{"kind": "inline", "source": "` + literal + `"}]}}`
}

func listOf(kind, items string) string {
	return "spec: {secret_sources: [{kind: " + kind + ", source: [" + items + "]}]}"
}

// worst is what costs each parser most, by the name of the file that holds it.
var worst = map[string]string{
	"flow list.yaml":           repeated("x: [", "a,", "]"),
	"block list.yaml":          repeated("x:\n", "- a\n", ""),
	"empty items.yaml":         repeated("x:\n", "-\n", ""),
	"empty lists.yaml":         repeated("x: [", "[],", "]"),
	"empty maps.yaml":          repeated("x: [", "{},", "]"),
	"map.yaml":                 numbered(130_000, "k%x:\n"),
	"bare names.yaml":          "x: {" + numbered(130_000, "%x,") + "}",
	"map below a limit.yaml":   numbered(24_000, "k%x:\n"),
	"anchors.yaml":             "x: [" + numbered(100_000, "&a%x a,") + "]",
	"aliases.yaml":             repeated("x: [&a b,", "*a,", "]"),
	"long aliases.yaml":        "a: &a " + strings.Repeat("x", mebibyte/2) + "\nb: [" + strings.Repeat("*a,", 20_000) + "]",
	"laughs.yaml":              "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d]\n",
	"merges.yaml":              "a: &a {" + numbered(1000, "k%d: 1,") + "}\n" + numbered(5000, "m%d: {<<: *a}\n"),
	"merged lists.yaml":        "a: &a {" + numbered(500, "k%d: 1,") + "}\nm: {<<: [" + strings.Repeat("*a,", 100_000) + "]}",
	"depth.yaml":               strings.Repeat("[", mebibyte),
	"depth of a block.yaml":    repeated("", "- ", ""),
	"quotes.yaml":              repeated("x: [", "'a' ", ""),
	"anchors only.yaml":        repeated("", "&a ", ""),
	"aliases only.yaml":        repeated("", "*a ", ""),
	"comments.yaml":            repeated("", "- #\n", ""),
	"tags.yaml":                repeated("x: [", "!a b,", "]"),
	"lines in quotes.yaml":     repeated(`x: "`, "\n", `"`),
	"escapes.yaml":             repeated(`x: "`, `\x41`, `"`),
	"lines of a block.yaml":    repeated("x: |\n", "  a\n", ""),
	"numbers.json":             repeated("[", "0,", "0]"),
	"numbers, cut.json":        repeated("[", "0,", "0"),
	"numbers, cut.yaml":        repeated("[", "0,", "0"),
	"empty objects.json":       repeated("[", "{},", "{}]"),
	"members.json":             "{" + numbered(100_000, `"%x":0,`) + `"x":0}`,
	"a member twice.json":      repeated("{", `"a":0,`, `"a":0}`),
	"half pairs.json":          repeated(`{"a":["`, `\ud800","`, `"]}`),
	"depth.json":               strings.Repeat("[", mebibyte),
	"a wrong end.json":         repeated(`{"a": [`, "0,", "}"),
	"Python list.json":         inlineOf("{'a': [" + strings.Repeat("0,", mebibyte/3) + "]}"),
	"Python map.json":          inlineOf("{" + numbered(100_000, "'%x':0,") + "}"),
	"Python strings.json":      inlineOf("{'a': " + strings.Repeat("'' ", mebibyte/4) + "}"),
	"Python escapes.json":      inlineOf("{'a': '" + strings.Repeat(`\\x41`, mebibyte/6) + "'}"),
	"Python key twice.json":    inlineOf("{" + strings.Repeat("'a':0,", 150_000) + "}"),
	"Python depth.json":        inlineOf(strings.Repeat("(", mebibyte-100)),
	"JSON in a string.json":    inlineOf(`{\"a\": [` + strings.Repeat("0,", mebibyte/3) + `0]}`),
	"inline keys.yaml":         "spec: {secret_sources: [{kind: inline, source: {" + numbered(20_000, "k%x: a,") + "}}]}",
	"inline keys, wrong.yaml":  "spec: {secret_sources: [{kind: inline, source: {" + numbered(20_000, "k%x/: a,") + "}}]}",
	"env names.yaml":           listOf("env", numbered(40_000, "k%x,")),
	"env names, one text.yaml": "spec: {secret_sources: [{kind: env, source: '" + numbered(130_000, "k%x,") + "'}]}",
	"commas.yaml":              "spec: {secret_sources: [{kind: env, source: '" + strings.Repeat(",", mebibyte-100) + "'}]}",
	"kubernetes keys.yaml":     listOf("kubernetes", numbered(40_000, "k%x,")),
	"sources.yaml":             "spec: {secret_sources: [" + strings.Repeat("{kind: inline, source: {a: b}},", 6000) + "]}",
	"no sources.yaml":          "spec: {secret_sources: [" + strings.Repeat("{},", 20_000) + "]}",
	"keys.txt":                 numbered(130_000, "k%x=\n"),
	"keys below a limit.txt":   numbered(49_000, "k%x=\n"),
	"line ends.txt":            strings.Repeat("\n", mebibyte),
	"no keys.txt":              repeated("", "x\n", ""),
	"a key twice.txt":          repeated("", "a=\n", ""),
	"wrapped.txt":              repeated("", "A="+strings.Repeat("Aa1", 12)+"\nqwertyuiopA1=\n", ""),
	"a long line.txt":          repeated("a=", "Aa1", "\nb=Aa1"),
	"keys.env":                 numbered(130_000, "k%x=\n"),
	"keys below a limit.env":   numbered(49_000, "k%x='a'\n"),
	"dollars.env":              repeated("a=", "$", ""),
	"references.env":           repeated(`a="`, "${a}", `"`),
	"escapes.env":              repeated(`a="`, `\"`, `"`),
	"open quotes.env":          repeated("", "a='x\nb=\"y\n", ""),
	"hints.env":                repeated("", "a='"+strings.Repeat(`\\`, 4000)+"#\n'\n", ""),
	"comments.env":             repeated("a=", " #", ""),
	"comment lines.env":        repeated("", "#\n", ""),
}

// TestNoInputOfAMebibyteTakesMoreThanItsBudget gives each parser its worst inputs,
// with 100 MB more address space than the program needs to start.
func TestNoInputOfAMebibyteTakesMoreThanItsBudget(t *testing.T) {
	const least = 100_000 // KiB
	limit := 16 << 10
	for limited(limit, "explain").Run() != nil {
		limit += 16 << 10
		require.Less(t, limit, 4<<20, "the program does not start")
	}
	for name, text := range worst {
		require.LessOrEqual(t, len(text), mebibyte, name)
		path := launchertest.WriteFile(t, filepath.Join(t.TempDir(), name), text)
		flags := []string{"--task", path}
		if strings.HasSuffix(name, ".txt") || strings.HasSuffix(name, ".env") {
			flags = []string{"-s", "file=" + path}
		}
		cmd := limited(limit+least, append([]string{"explain"}, flags...)...)
		got := launchertest.Finish(t, cmd)
		require.Contains(t, []int{0, 125}, got.Status, "%s: %.300s", name, got.Stderr)
		require.NotContains(t, got.Stderr, "goroutine", name)
		// The budget is a second. The race for the caches with other tests is not ours.
		cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		require.Less(t, cpu, 3*time.Second, name)
		t.Logf("%-28s %5d ms", name, cpu.Milliseconds())
	}
}

// limited runs the launcher with so many KiB of address space.
func limited(kib int, args ...string) *exec.Cmd {
	script := fmt.Sprintf(`ulimit -v %d && exec "$@"`, kib)
	cmd := exec.Command("/bin/sh", append([]string{"-c", script, "sh", launchertest.Path("launcher")}, args...)...)
	cmd.Env = []string{"PATH=" + launchertest.Folder()}
	return cmd
}
