package document

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// render writes a tree as a Python literal. It is one to one, but that JSON's
// true, false and null become Python's.
func render(n *Node) string {
	switch n.Kind {
	case Null:
		return "None"
	case Bool:
		return strings.ToUpper(n.Text[:1]) + n.Text[1:]
	case Number:
		return n.Text
	case String:
		return renderString(n.Text)
	}
	var items []string
	for _, item := range n.Items {
		items = append(items, render(item))
	}
	for _, f := range n.Fields {
		items = append(items, renderString(f.Name)+": "+render(f.Value))
	}
	if n.Kind == List {
		return "[" + strings.Join(items, ", ") + "]"
	}
	return "{" + strings.Join(items, ", ") + "}"
}

func renderString(s string) string {
	var b strings.Builder
	for _, c := range s {
		if c == '\'' || c == '\\' || c < ' ' || c >= 0x7f {
			fmt.Fprintf(&b, `\U%08x`, c)
		} else {
			b.WriteRune(c)
		}
	}
	return "'" + b.String() + "'"
}

// requireFixedMessages checks that errors are a place and a message of
// refused, which leaves no room for any of the text.
func requireFixedMessages(t *testing.T, err error) {
	t.Helper()
	hints := map[string]string{limits: ""}
	for _, c := range refused {
		hints[c.message] = c.hint
	}
	for _, c := range refusedJSON {
		hints[c.message] = ""
	}
	for line := range strings.Lines(err.Error()) {
		place, message, _ := strings.Cut(strings.TrimSpace(line), " of the literal: ")
		require.Regexp(t, `^task\.yaml:4:13: character [0-9]+$`, place)
		require.Contains(t, hints, message, "a message that no test knows")
	}
	for _, one := range joined(err) {
		var p *Problem
		require.ErrorAs(t, one, &p)
		require.Equal(t, literalPlace, p.At)
		_, message, _ := strings.Cut(p.Message, " of the literal: ")
		require.Equal(t, hints[message], p.Advice)
	}
}

func joined(err error) []error {
	var list interface{ Unwrap() []error }
	if errors.As(err, &list) {
		return list.Unwrap()
	}
	return []error{err}
}

func TestParseLiteralErrorsHoldNoneOfTheText(t *testing.T) {
	const canary = "C4n4ry"
	for _, text := range []string{
		`{'C4n4ry': 'C4n4ry', "C4n4ry": b'C4n4ry', C4n4ry: r"""C4n4ry"""}`,
		`{"C4n4ry": "C4n4ry", "C4n4ry": ["C4n4ry", "\ud800C4n4ry"]}`,
		`('C4n4ry\C4n4ry', 0xC4n4ry, fC4n4ry'C4n4ry' f'C4n4ry', "C4n4ry", "C4n4ry")`,
	} {
		for i := range len(text) {
			for _, change := range []string{"", "'", `\`, "\\x", "\x00", "\xff", "{", "j", "1"} {
				for _, broken := range []string{text[:i] + change, text[:i] + change + text[i+1:]} {
					if _, err := ParseLiteral(literalPlace, broken); err != nil {
						require.NotContains(t, err.Error(), canary)
						requireFixedMessages(t, err)
					}
				}
			}
		}
	}
}

func FuzzPythonLiteral(f *testing.F) {
	for _, c := range accepted {
		f.Add(c.text)
	}
	for _, c := range refused {
		if len(c.text) < 10*maxDepth { // a longer seed keeps the fuzzer at cutting it down
			f.Add(c.text)
		}
	}
	for _, c := range refusedJSON {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		node, err := ParseLiteral(literalPlace, text)
		if err != nil {
			require.Nil(t, node)
			requireFixedMessages(t, err)
			return
		}
		requirePlace(t, node)
		literal := render(node)
		again, err := parseLiteral(literalPlace, literal, false)
		require.NoError(t, err)
		require.Equal(t, literal, render(again))
	})
}
