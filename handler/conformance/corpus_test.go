package conformance_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// seeds is contexts as the launcher writes them, and what is nearly one. Each
// value is the canary, so that an error that shows one is seen.
var seeds = []string{
	`{"version": 1, "metadata": {"name": "train", "uid": "4a1c", "project": "fraud", "iteration": 3, "labels": {"a": "b"}, "annotations": {}},
	 "spec": {"handler": "f", "parameters": {"rate": 1e-3, "n": [1, null, true, {"x": "\u00e9"}]}, "inputs": {}, "output_path": "/out"},
	 "secrets": {"A": "hunter2-Zq-canary", "b-c": "hunter2-Zq-canary\n"}, "secrets_base64": {"K": "/wBodW50ZXIyLVpxLWNhbmFyeQ=="}}`,
	`{"version":1,"spec":{"parameters":{}},"secrets":{"A":"hunter2-Zq-canary \ud83d\udd11 \\ \" \/ \b\f\n\r\t\u0041","b.c":"1","B-C":"2","K":""}}`,
	`{"version":1,"metadata":null,"spec":null,"secrets_files":{"A":"A","b-c":"B","K":"K"},"other":[[[]],-0.0,1E+2]}`,
	`{"secrets":{"x":"hunter2-Zq-canary","A":"ключ hunter2-Zq-canary"},"version":1,"Secrets":{"A":"no"},"spec":{"secrets":{"A":"no"}}}`,
}

// values is what a mutation puts in a value's place: JSON, or nearly.
var values = []string{
	`null`, `true`, `false`, `0`, `1`, `1.0`, `-0`, `1e999`, `9007199254740993`, `123456789012345678901234567890`, `01`, `.5`, `+1`, `0x1`, `NaN`, `Infinity`,
	`""`, `"hunter2-Zq-canary"`, `'A'`, `"\ud800"`, `"\u0000"`, `"\x41"`, `"\u00"`, "\"\t\"", "\"\x00\"", "\"\xff\"", "\"\u2028\"", `"A"`, `"folder"`, `"link"`,
	`{}`, `[]`, `[1,]`, `{"A":null}`, `{"A":"hunter2-Zq-canary","A":"2"}`, `{"A":["hunter2-Zq-canary"]}`, `{"":"x"}`, `{"__proto__":{"A":"x"}}`,
	`{"A":"aHVudGVyMi1acS1jYW5hcnk="}`, `{"A":"/wA"}`, `{"A":" /wA= "}`, `{"A":"A"}`, `{"A":"../outside"}`, `{"a":"1","K":"2","b_c":"3"}`,
}

// tokens is what a mutation puts anywhere.
var tokens = []string{
	`,`, `:`, `{`, `}`, `[`, `]`, `"`, `\`, " ", "\n", "\v", "\u00a0", "\ufeff", `/* x */`, "// x\n", `#`, "\x00", "\xc3", "\x1b", `null`, `1`, `"A"`,
}

// members is what a mutation puts before the other members.
var members = []string{
	`"version":2,`, `"version":1,`, `"version":"1",`, `"secrets":null,`, `"secrets":{},`, `"secrets":{"A":"first"},`,
	`"secrets_base64":{"A":"aHVudGVyMi1acS1jYW5hcnk="},`, `"secrets_env":{"A":"PATH"},`, `"secrets_files":{"A":"/etc/passwd"},`,
	`"spec":{"parameters":{"rate":2}},`, `"spec":[],`, `"metadata":"hunter2-Zq-canary",`, `"metadata":{"name":"x"},`, `"__proto__":{"secrets":{"A":"x"}},`,
}

// part finds the parts of a JSON text, well-formed or not.
var part = regexp.MustCompile(`"(?:\\.|[^"\\])*"|[{}\[\]:,]|\s+|[^\s{}\[\]:,"]+|"`)

// mutated returns contexts of which each is a seed with one to three changes. They
// are the same in every run.
func mutated(count int) []string {
	random := rand.New(rand.NewPCG(1, 10))
	contexts := append([]string{}, seeds...)
	contexts = append(contexts, strings.Repeat(`{"a":`, 20000), strings.Repeat("[", 100000),
		`{"version":1,"other":`+strings.Repeat("[", 5000)+strings.Repeat("]", 5000)+`}`,
		`{"version":1,"secrets":{"A":"`+strings.Repeat("x", 1<<16)+`"}}`, "", " ", "\ufeff"+seeds[1], seeds[1]+"\n\n", seeds[1]+seeds[1],
		`{"version":1.0}`, `{"version":"1"}`, `{"version":1,"metadata":[]}`, `{"version":1,"spec":[]}`, `{"version":1,"secrets":{"A":1}}`)
	for len(contexts) < count {
		parts := part.FindAllString(pick(random, seeds), -1)
		for range 1 + random.IntN(2) {
			parts = mutate(random, parts)
		}
		contexts = append(contexts, strings.Join(parts, ""))
	}
	return contexts
}

func pick(random *rand.Rand, from []string) string { return from[random.IntN(len(from))] }

// mutate changes one part of a context.
func mutate(random *rand.Rand, parts []string) []string {
	at := random.IntN(len(parts) - 1)
	switch random.IntN(12) {
	case 0:
		return slices.Delete(parts, at, at+1)
	case 1:
		return slices.Insert(parts, at, pick(random, tokens))
	case 2, 3, 4: // a member before the others
		return slices.Insert(parts, 1, pick(random, members))
	case 5: // a part changes its place
		other := random.IntN(len(parts))
		parts[at], parts[other] = parts[other], parts[at]
	case 6: // within a string
		if text := parts[at]; len(text) > 2 {
			cut := 1 + random.IntN(len(text)-2)
			parts[at] = text[:cut] + pick(random, tokens) + text[cut:]
		}
	default: // in the place of a value that has no parts
		for at < len(parts)-2 && (parts[at] != ":" || strings.TrimSpace(parts[at+1]) == "" || strings.ContainsAny(parts[at+1], "{[")) {
			at++
		}
		parts[at+1] = pick(random, values)
	}
	return parts
}

var corpusQuestions = []string{"secret A", "secret B_C", "secret K", "secret PATH", "parameters", "metadata"}

// TestEveryLanguageReadsAContextAsGoDoes asks each module about the same mutated
// contexts. It reads what Go reads, or refuses the context without a crash and
// without a value.
func TestEveryLanguageReadsAContextAsGoDoes(t *testing.T) {
	contexts := mutated(600)
	read := map[string][][]answer{}
	for _, l := range languages(t) {
		t.Run(l.Name, func(t *testing.T) {
			if l.Name == "Bash" {
				t.Skip("the launcher reads the context for it, with the Go package")
			}
			probe, dir, began := l.built(t), directory(t), time.Now()
			for _, name := range []string{"A", "B", "K"} {
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
			}
			read[l.Name] = asked(t, probe, dir, contexts, corpusQuestions)
			t.Log(time.Since(began))
		})
	}
	require.NotEmpty(t, read["Go"], "go is what the others are compared with")
	for _, l := range languages(t) {
		if answers := read[l.Name]; answers != nil {
			t.Logf("%s refuses %d of %d", l.Name, refusedBy(answers), len(contexts))
			if wrong := misread(l, contexts, answers, read["Go"]); len(wrong) > 0 {
				t.Errorf("%s: %d wrong answers:\n%s", l.Name, len(wrong), strings.Join(wrong[:min(len(wrong), 20)], "\n"))
			}
		}
	}
}

// misread returns what is wrong with a language's answers, and each of its accepts that no
// context needs.
func misread(l language, contexts []string, answers, fromGo [][]answer) (wrong []string) {
	unused := maps.Clone(l.Accepts)
	for i := range contexts {
		for j, question := range corpusQuestions {
			problem := disagree(question, answers[i][j], fromGo[i][j])
			if answers[i][j].kind == isError && shows(answers[i][j].text, contexts[i]) {
				problem = "the error shows a value"
			}
			name, ok := accepted(l, problem)
			if delete(unused, name); problem != "" && !ok {
				wrong = append(wrong, fmt.Sprintf("%d %s: %s: %.300q", i, question, problem, contexts[i]))
			}
		}
	}
	for name := range unused {
		wrong = append(wrong, fmt.Sprintf("its probe.json accepts %q, and it refuses all that Go refuses", name))
	}
	return wrong
}

func refusedBy(answers [][]answer) (count int) {
	for _, a := range answers {
		if a[0].kind == isError {
			count++
		}
	}
	return count
}

// content is the value in a file of the delivery.
const content = "file-8Xy-content"

// shows reports whether an error shows a value. It may name a file.
func shows(text, context string) bool {
	return leaks(text, content) || leaks(text, canary) && !strings.Contains(context, "secrets_files")
}

// disagree says in what an answer is neither an error nor Go's.
func disagree(question string, got, want answer) string {
	switch {
	case got.kind == isError:
		return ""
	case want.kind == isError:
		return "Go refuses it: " + want.text
	case got.kind == isJSON:
		a, err := rounded(question, got.text)
		b, wrong := rounded(question, want.text)
		if wrong == nil && (err != nil || !reflect.DeepEqual(a, b)) {
			return fmt.Sprintf("%.200s, not %.200s", got.text, want.text)
		}
	case got.text != want.text || (got.kind == isNone) != (want.kind == isNone):
		return fmt.Sprintf("%s, not %s", got, want)
	}
	return ""
}

// known is the metadata that the Go package has.
var known = []string{"name", "uid", "project", "iteration", "labels", "annotations"}

// rounded decodes JSON with numbers as doubles, which some languages have only. It
// drops what is empty: in PHP {} is [], and Go's metadata has every field.
func rounded(question, text string) (value any, err error) {
	err = json.Unmarshal([]byte(text), &value)
	if members, ok := value.(map[string]any); ok {
		for name, member := range members {
			if question == "metadata" && !slices.Contains(known, name) {
				delete(members, name)
			} else if v := reflect.ValueOf(member); !v.IsValid() || v.IsZero() || (v.Kind() == reflect.Map || v.Kind() == reflect.Slice) && v.Len() == 0 {
				delete(members, name)
			}
		}
	}
	if v := reflect.ValueOf(value); v.IsValid() && v.Kind() != reflect.String && v.Kind() != reflect.Float64 && v.Kind() != reflect.Bool && v.Len() == 0 {
		value = nil
	}
	return value, err
}

// refusals is what Go's error says, after "the context", by the name in a probe.json's
// accepts.
var refusals = map[string]string{
	"JSON":     " is not a JSON object in UTF-8",
	"version":  " has an unsupported version: this program reads version 1",
	"secrets":  `'s "secrets" is malformed`,
	"metadata": `'s "metadata" is malformed`,
	"spec":     `'s "spec" is malformed`,
}

var ofMetadata = regexp.MustCompile(`^'s "(name|uid|project|iteration|labels|annotations)" is malformed`)

// accepted returns which of the language's accepts covers a context that only Go
// refuses. Any language may accept metadata of another type, which is "".
func accepted(l language, problem string) (name string, ok bool) {
	refused, ok := strings.CutPrefix(problem, "Go refuses it: the context")
	if !ok {
		return "", false
	}
	for name := range l.Accepts {
		if refused == refusals[name] {
			return name, true
		}
	}
	return "", ofMetadata.MatchString(refused)
}
