package summon_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/cluster/summon"
	"github.com/seed45446ece/launcher/resolve/document"
)

// sourcesOf returns the sources of the task that a file becomes, as JSON.
func sourcesOf(t *testing.T, text string, o summon.Options) (sources, comments string) {
	t.Helper()
	task, err := summon.Convert("secrets.yml", []byte(text), o)
	require.NoError(t, err)
	node, err := document.Parse("task", task)
	require.NoError(t, err)
	list, err := node.Field("spec").Field("secret_sources").AppendJSON(nil)
	require.NoError(t, err)
	return string(list), string(task[:strings.Index(string(task), "spec:")])
}

func TestAnEntryBecomesAKey(t *testing.T) {
	o := summon.Options{Provider: "gopass", Variables: map[string]string{"env": "prod", "X": "$env"}}
	exec := func(secrets string) string {
		return `[{"kind":"exec","source":{"command":["/usr/local/lib/summon/gopass"],"secrets":` + secrets + `}}]`
	}
	inline := func(values string) string { return `[{"kind":"inline","source":` + values + `}]` }
	for text, want := range map[string]string{
		"A: !var a/b\r\nB: !var -x\r\n":          exec(`{"A":"a/b","B":"-x"}`),
		"A: !var $env/$X-$$env":                  exec(`{"A":"prod/$env-$env"}`),
		"A: !var:default='x' a":                  `[{"kind":"exec","source":{"command":["/usr/local/lib/summon/gopass"],"secrets":[{"key":"A","name":"a","default":"x"}],"empty_is_missing":true}}]`,
		"A: !default='a:'b':var a":               `[{"kind":"exec","source":{"command":["/usr/local/lib/summon/gopass"],"secrets":[{"key":"A","name":"a","default":"a:'b"}],"empty_is_missing":true}}]`,
		"A: !var:default='' a":                   exec(`{"A":"a"}`),
		"A: &x !var 012":                         exec(`{"A":"012"}`),
		"A: 012\nB: 1.10\nC: yes\nD: ~\n":        inline(`{"A":"012","B":"1.10","C":"yes","D":"~"}`),
		"A:\nB: ''\nC: 2020-01-01\n":             inline(`{"A":"","B":"","C":"2020-01-01"}`),
		"A: !!str 1\nB: !int 2\n":                inline(`{"A":"1","B":"2"}`),
		"A: !default='x'\nB: !str:default='x' y": inline(`{"A":"x","B":"y"}`),
		"A: $$ $ $- $$$$\nB: $env":               inline(`{"A":"$ $ $- $$","B":"prod"}`),
		"A: \"\\t\\n\\\"\"\nB: |\n  x\n  y\n":    inline(`{"A":"\t\n\"","B":"x\ny\n"}`),
		"\ufeff{A: x}":                           inline(`{"A":"x"}`),
		`{"A": "x"}`:                             inline(`{"A":"x"}`),
		"A: <<\nB: '!var a'":                     inline(`{"A":"<<","B":"!var a"}`),
	} {
		sources, comments := sourcesOf(t, text, o)
		require.Equal(t, want, sources, text)
		require.Equal(t, "# From secrets.yml of summon. Run it with\n#   launcher run --task FILE --deliver env -- COMMAND\n", comments)
	}
}

func TestAnEnvironmentIsASectionWithTheCommonOne(t *testing.T) {
	const text = "common: {A: 1, B: $not_defined}\ndefault: {C: 3}\nprod: {B: 2}\nempty: {}\n"
	sources, _ := sourcesOf(t, text, summon.Options{Environment: "prod"})
	require.Equal(t, `[{"kind":"inline","source":{"A":"1","B":"2","SUMMON_ENV":"prod"}}]`, sources)
	for _, environment := range []string{"common", "default", "empty"} {
		_, err := summon.Convert("s", []byte(text), summon.Options{Environment: environment})
		require.EqualError(t, err, `s:1:19: the text of "B" has a $variable that is not defined`)
	}
	sources, _ = sourcesOf(t, "default: {A: 1}\np: {B: 2}", summon.Options{Environment: "p"})
	require.Equal(t, `[{"kind":"inline","source":{"A":"1","B":"2","SUMMON_ENV":"p"}}]`, sources)
}

func TestAFileIsAKeyWithoutItsEnding(t *testing.T) {
	sources, comments := sourcesOf(t, "A: x\nB: !file b\nC_FILE: !var:file c\nA_FILE: !file:default='d' ''\n", summon.Options{Provider: "./p"})
	require.Equal(t, `[{"kind":"inline","source":{"A":"x"},"env":true},{"kind":"exec","source":{"command":["./p"],"secrets":{"C":"c"}}},{"kind":"inline","source":{"A_FILE":"d","B":"b"}}]`, sources)
	require.Equal(t, `# From secrets.yml of summon. Run it with
#   launcher run --task FILE --deliver files --file-env -- sh -c 'export B="$B_FILE" A_FILE="$A_FILE_FILE"; exec "$@"' sh COMMAND
# Line 2: summon has the path of the file in B, the launcher in B_FILE.
# Line 4: summon has the path of the file in A_FILE, the launcher in A_FILE_FILE.
`, comments)
}

func TestWhatATaskCannotSayIsRefusedByItsPlace(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "s: contains no secrets",
		"# nothing\n":                       "s: contains no secrets",
		"{}":                                "s: contains no secrets",
		"- A":                               "s:1:1: must be a map of variables",
		"hunter2":                           "s:1:1: must be a map of variables",
		"A: 1\n---\nB: 2\n":                 "s:2:1: holds more than one YAML document, and summon reads one",
		"A: !vault hunter2":                 `s:1:4: unknown tag of "A"`,
		"A: !variable a":                    `s:1:4: unknown tag of "A"`,
		"A: !var:secret a":                  `s:1:4: unknown tag of "A"`,
		"A: !!binary aHVudGVyMg==":          `s:1:4: unknown tag of "A"`,
		"A: !default='a b' x":               `s:1:4: unknown tag of "A"`,
		"A: &x 1\nB: *x\n":                  "s:2:4: summon reads an alias (*) as its name",
		"a: &a {X: 1}\nb:\n  <<: *a\n":      `s:1:1: "a" is a section: an environment must be chosen`,
		"A: [hunter2]":                      `s:1:4: the value of "A" must be a string, not a list`,
		"A: 1\nB: 2\nA: hunter2\n":          `s:3:1: duplicate key "A"`,
		"A: pa$word":                        `s:1:4: the text of "A" has a $variable that is not defined`,
		"A: !var ''":                        `s:1:4: the path of "A" is empty or holds a NUL byte`,
		`A: !var "a\0"`:                     `s:1:4: the path of "A" is empty or holds a NUL byte`,
		"A B: hunter2":                      "s:1:1: text that is not a key: it holds a blank",
		"? [a]\n: hunter2":                  "s:1:3: ",
		"summon.files: []\nA: 1\n":          "s:1:1: summon.files has no counterpart in a task",
		"A: !file x\nA_FILE: /y\n":          "s:2:1: variable A_FILE is needed for the file of \"A\"",
		"a_b_FILE: /y\na-b: !file x\n":      "s:1:1: variable a_b_FILE is needed for the file of \"a-b\"",
		"A: {B: 1}":                         `s:1:1: "A" is a section: an environment must be chosen`,
		"A:\t1\n\tB: 2":                     "s:2:1: not valid YAML",
		"A: 1\n B: 2\n":                     "not valid YAML",
		"A: \xff":                           "s:1:4: not UTF-8",
		"A: \x00":                           "s:1:4: a NUL byte: this is not text",
		"A: " + strings.Repeat("[", 20000):  "",
		strings.Repeat("A: 1\n", 2_000_000): "",
	} {
		_, err := summon.Convert("s", []byte(text), summon.Options{Provider: "p"})
		require.Error(t, err, text[:min(len(text), 40)])
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "hunter2")
		require.NotContains(t, err.Error(), "word")
	}
	for text, want := range map[string]string{
		"A: 1\nprod: {B: 2}\n":                 "s:1:1: \"A\" is not a section",
		"dev: {B: 2}\n":                        `s: has no section "prod"`,
		"prod: {B: 2}\nprod: {C: 2}\n":         `s:2:1: duplicate section "prod"`,
		"prod: {B: {C: 1}}\n":                  `s:1:8: "B" is a section: an environment must be chosen`,
		"a: &a {X: 1}\nprod:\n  <<: *a\n":      "s:3:7: summon reads an alias (*) as its name",
		"prod: &a {A: 1}\nb: *a\n":             `s:2:1: "b" is not a section`,
		"prod: {SUMMON_ENV: x}\n":              `s:1:8: duplicate key "SUMMON_ENV"`,
		"prod: {A: !var x}\n":                  `s:1:11: "A" needs a provider`,
		"prod: {A: 1, A: 2}\ncommon: {A: 3}\n": `s:1:14: duplicate key "A"`,
	} {
		_, err := summon.Convert("s", []byte(text), summon.Options{Environment: "prod"})
		require.ErrorContains(t, err, want, text)
	}
}

// FuzzConvert reads what it wrote: every key is once in the task, and no error shows
// a value.
func FuzzConvert(f *testing.F) {
	for _, seed := range []string{"A: !var a\nB: !file:default='x' $v\n", "p: {A: 1}\ncommon: {B_FILE: !file b}\n", "A: &a !str x\nB: *a", "A: !default='':var \"\\0\"", "summon.files: [{}]"} {
		f.Add(seed, "")
		f.Add(seed, "p")
	}
	f.Fuzz(func(t *testing.T, text, environment string) {
		task, err := summon.Convert("s", []byte(text), summon.Options{Provider: "p", Environment: environment, Variables: map[string]string{"v": "V"}})
		if err != nil {
			return
		}
		node, err := document.Parse("task", task)
		require.NoError(t, err, string(task))
		keys := map[string]bool{}
		add := func(key string) {
			require.False(t, keys[key])
			keys[key] = true
		}
		for _, source := range node.Field("spec").Field("secret_sources").Items {
			secrets := source.Field("source")
			if source.Field("kind").Text == "exec" {
				secrets = secrets.Field("secrets")
			}
			for _, field := range secrets.Fields {
				add(field.Name)
			}
			for _, item := range secrets.Items {
				add(item.Field("key").Text)
			}
		}
		require.NotEmpty(t, keys)
	})
}

// TestALargeFile has more entries than anybody writes.
func TestALargeFile(t *testing.T) {
	var text strings.Builder
	values := map[string]string{}
	for i := range 5000 {
		key := fmt.Sprint("K", i)
		values[key] = "v"
		text.WriteString(key + ": v\n")
	}
	want, err := json.Marshal(values)
	require.NoError(t, err)
	sources, _ := sourcesOf(t, text.String(), summon.Options{})
	require.JSONEq(t, `[{"kind":"inline","source":`+string(want)+`}]`, sources)
}
