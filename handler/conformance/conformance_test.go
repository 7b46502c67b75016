package conformance_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// delivery is a --deliver, and which secrets it refuses by name: those that no
// variable can hold.
type delivery struct {
	name    string
	refuses map[string]string // case -> what the launcher says
	again   bool              // the context can be read by a second process
}

var deliveries = []delivery{
	{"stdin", nil, false},
	{"fd", nil, true},
	{"env", map[string]string{"1 MiB": "longer than 131071 bytes, the limit of a variable", "NUL": "holds a NUL byte"}, false},
	{"files", nil, false},
	{"socket", nil, false},
}

// question is what a probe is asked in a case, and what is right.
type question struct {
	name  string // of the case
	line  string
	right func(language, answer) error
}

// fallback is the default that a probe passes where it is asked for one.
const fallback = "the default"

func questions(refused func(secret) bool) []question {
	var list []question
	for _, s := range secrets {
		if !refused(s) {
			list = append(list, question{s.name, "secret " + s.asked, is(s.value)})
		}
	}
	_, own, _ := strings.Cut(ownText, "=")
	_, bytes, _ := strings.Cut(ownBytes, "=")
	list = append(list,
		question{"a missing key", "secret NO_SUCH_KEY", isMissing},
		question{"a missing key with any characters", "secret a b/../%2F?é#🔑", isMissing},
		question{"a missing key that is not a variable's name", "secret A=B", isMissing},
		question{"the empty key", "secret ", isMissing},
		question{"letter case beyond ASCII", "secret SCHLÜSSEL", isMissing},
		question{"default", "default NO_SUCH_KEY", is(fallback)},
		question{"two keys that fit", "secret " + twoAsked, isMissing},
		question{"own variable", "secret OWN_TEXT", is(own)},
		question{"own variable that is not UTF-8", "secret OWN_BYTES", is(bytes)})
	all := map[string]json.RawMessage{}
	for _, p := range parameters {
		list = append(list, question{p.name, "param " + p.name, isSame(p.json)})
		if p.name != "over 2^53" && p.name != "empty object" { // those have cells of their own
			all[p.name] = json.RawMessage(p.json)
		}
	}
	whole, _ := json.Marshal(all) // cannot fail: they are JSON
	return append(list,
		question{"a missing parameter", "param no such parameter", isMissing},
		question{"all parameters", "parameters", holds(string(whole))},
		question{"metadata", "metadata", holds(metadata)},
		question{"the context, printed", "show", showsNone(refused)},
		question{"a child's standard input", "child", isEmpty})
}

// isEmpty wants a child process to be given nothing: a context that no pipe holds
// is a file, which could be read again.
func isEmpty(_ language, a answer) error {
	if a != (answer{isText, ""}) {
		return fmt.Errorf("%s, not empty", a)
	}
	return nil
}

// is wants a value byte for byte, as text where it is text.
func is(value string) func(language, answer) error {
	return func(l language, a answer) error {
		kind := isBytes
		switch {
		case l.OneString:
			kind = isValue
		case utf8.ValidString(value):
			kind = isText
		}
		if want := (answer{kind, value}); a != want {
			return fmt.Errorf("%s, not %s", a, want)
		}
		return nil
	}
}

func isMissing(_ language, a answer) error {
	if a.kind != isNone {
		return fmt.Errorf("%s, not none", a)
	}
	return nil
}

// isSame wants the same JSON value, numbers as they are.
func isSame(want string) func(language, answer) error {
	return compare(want, func(want, got any) bool { return reflect.DeepEqual(want, got) })
}

// holds wants an object with these members, and perhaps more.
func holds(want string) func(language, answer) error {
	return compare(want, func(want, got any) bool {
		object, _ := got.(map[string]any)
		for name, value := range want.(map[string]any) {
			if other, ok := object[name]; !ok || !reflect.DeepEqual(value, other) {
				return false
			}
		}
		return true
	})
}

func compare(want string, alike func(want, got any) bool) func(language, answer) error {
	return func(_ language, a answer) error {
		if a.kind != isJSON {
			return fmt.Errorf("%s, not %s", a, want)
		}
		got, err := decode(a.text)
		if err != nil {
			return fmt.Errorf("%s: %w", a, err)
		}
		if wanted, _ := decode(want); !alike(wanted, got) {
			return fmt.Errorf("%s, not %s", a.text, want)
		}
		return nil
	}
}

func decode(text string) (value any, err error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	return value, decoder.Decode(&value)
}

// TestEveryLanguageInEveryDelivery fills the table and compares it with the one
// that is kept.
func TestEveryLanguageInEveryDelivery(t *testing.T) {
	table := &table{languages: languages(t), cells: map[cell]string{}}
	all := t.Run("languages", func(t *testing.T) {
		for _, l := range table.languages {
			t.Run(l.Name, func(t *testing.T) {
				t.Parallel()
				probe := l.built(t)
				for _, d := range deliveries {
					t.Run(d.name, func(t *testing.T) { deliver(t, table, l, probe, d) })
				}
				t.Run("sparse", func(t *testing.T) { sparse(t, l, probe) })
				t.Run("faults", func(t *testing.T) { suffer(t, table, l, probe) })
				t.Run("files astray", func(t *testing.T) { stray(t, table, l, probe) })
				t.Run("misplaced", func(t *testing.T) { misplace(t, table, l, probe) })
			})
		}
	})
	if all {
		publish(t, table, table.render())
	}
}

// deliver asks all questions behind one launcher, and starts one more for each
// secret that it has to refuse.
func deliver(t *testing.T, table *table, l language, probe []string, d delivery) {
	refused := func(s secret) bool { return d.refuses[s.name] != "" }
	list := questions(refused)
	if d.name != "stdin" {
		list = list[:len(list)-1] // a child's standard input
	}
	var lines []string
	for _, q := range list {
		lines = append(lines, q.line)
	}
	if d.again {
		probe = append([]string{"sh", "-c", `"$@" >/dev/null && exec "$@"`, "twice"}, probe...)
	}
	answers := ask(t, underLauncher(t, probe, d.name, task(t, refused)), lines)
	for i, q := range list {
		table.put(t, l, d.name, q.name, q.right(l, answers[i]))
	}
	for _, s := range secrets {
		if refused(s) {
			require.NoError(t, refuses(t, probe, d.name, s, d.refuses[s.name]))
			table.set(cell{l.Name, d.name, s.name}, refusal)
		}
	}
}

// refuses wants the launcher to name the key and to start nothing.
func refuses(t *testing.T, probe []string, delivery string, s secret, says string) error {
	t.Helper()
	command := underLauncher(t, probe, delivery, task(t, func(other secret) bool { return other.name != s.name }))
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	var exit *exec.ExitError
	err := command.Run()
	if !errors.As(err, &exit) || exit.ExitCode() != 125 || stdout.Len() > 0 {
		return fmt.Errorf("%v: %s", err, &stderr)
	}
	if !strings.Contains(stderr.String(), fmt.Sprintf("secret %q", s.key)) || !strings.Contains(stderr.String(), says) {
		return fmt.Errorf("%s", &stderr)
	}
	return nil
}

// showsNone wants a printed context without any of its values.
func showsNone(refused func(secret) bool) func(language, answer) error {
	return func(_ language, a answer) error {
		if a.kind != isText || a.text == "" {
			return fmt.Errorf("%s, not text", a)
		}
		for _, s := range secrets {
			if len(s.value) >= 4 && !refused(s) && leaks(a.text, s.value) {
				return fmt.Errorf("it shows %s", s.name)
			}
		}
		return nil
	}
}
