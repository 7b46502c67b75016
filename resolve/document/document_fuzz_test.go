package document

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// documents is what people and tools write, and what has broken other readers.
var documents = []string{
	`{"kind": "run", "metadata": {"name": "train", "iteration": 0}, "spec": {"secret_sources": [{"kind": "inline", "source": {"A": "1"}}]}}`,
	"metadata:\n  name: train # c\nspec:\n  secret_sources:\n    - kind: env\n      source: A, B\n    - {kind: file, source: /x}\n",
	"a: &x {b: 1}\nc:\n  <<: [*x, {d: 2}]\n  e: *x\n? f\n: - g\n  - |\n    h\n     i\n  - >-\n    j\n    k\n",
	"[012, 1.10, 0x1F, 1_000, .5, .inf, ~, yes, true, 2026-01-01, !!str 1, !!binary aGk=, !x y]",
	whole, "{\"a\": \"\\ud83d\\ude00\\ufffd\", \"b\": [1e999, -0, 123456789012345678901234567890]}",
	"[.inf]", "[!!binary aGk=]", `{"a": "\\ufffd\ud800", "\udc00": 1}`, "{\"a\": 1,\n\t\"b\" 2}", "{a: 1, a: 2}", "a: 1\na: 2\n---\nb", "\xff\xfea\x00", "\xef\xbb\xbfa: 1\r\nb: 2\r\n",
	"a: b\u0085c\u2028d", "a: &x [*x]", "%YAML 1.1\n%TAG ! tag:x,2026:\n---\n!y z\n...\n", "\"a\\\n  b\\x41\\u00e9\": 'c''d'", "- - - a\n    -\tb\n  - c: d\n# e\n",
	"{a, b: , 'c': [d,], ? e : f}", "a: \"\\N\\_\\L\\P\\e\"", "? |\n  a\n: b\n#c\n\n#d\ne: f\n\n#g\n", "key with blanks: [a b, \"c\":d, e:f]\n",
	strings.Repeat("[ ", maxDepth+1), strings.Repeat("- ", maxDepth+1) + "a", laughs(3, "{k: v}"), "a: !<tag:yaml.org,2002:int> 0o17\nb: !!float 1_0.5\nc: 08\n", "---\n", "#\n", "a:\n - b\n#c\n  #d\n - e\n",
}

// reasons is all that is said of a text that is no YAML: the library's fixed
// sentences, and ours for those of its that quote the text.
const reasons = `block sequence entries are not allowed in this context
could not find expected ':'
could not find expected directive name
did not find URI escaped octet
did not find expected '!'
did not find expected ',' or ']'
did not find expected ',' or '}'
did not find expected '-' indicator
did not find expected <document end> before directive
did not find expected <document start>
did not find expected <stream-start>
did not find expected alphabetic or numeric character
did not find expected comment or line break
did not find expected digit or '.' character
did not find expected hexadecimal number
did not find expected key
did not find expected node content
did not find expected tag URI
did not find expected version number
did not find expected whitespace or line break
did not find expected whitespace
did not find the expected '>'
found a comment without preceding whitespace
found a tab character that violates indentation
found a tab character where an indentation space is expected
found an incorrect leading UTF-8 octet
found an incorrect trailing UTF-8 octet
found an indentation indicator equal to 0
found character that cannot start any token
found duplicate %TAG directive
found duplicate %YAML directive
found extremely long version number
found incompatible YAML document
found indentation style that differs from earlier lines
found invalid Unicode character escape code
found mixed spaces and tabs in indentation
found spaces where tab indentation is required
found tabs where space indentation is required
found undefined tag handle
found unexpected content after document-end marker
found unexpected document indicator
found unexpected end of stream
found unexpected non-alphabetical character
found unknown directive name
found unknown escape character
mapping keys are not allowed in this context
mapping values are not allowed in this context
exceeded max depth of 10000
found a character that is not allowed in a tag
a character that YAML does not allow
an alias (*) of a missing anchor (&)
a line break that YAML 1.1 and 1.2 read differently`

// message is every text that a problem of a document has; it holds names in
// quotes, which the document wrote as names.
var message = regexp.MustCompile(`^o(:\d+:\d+)?: (` + strings.Join([]string{
	`is empty`, `holds no value`, `is UTF-16; save it as UTF-8`, `a NUL byte: this is not text`, `not UTF-8`,
	`not valid JSON(: it ends too early|: text follows the value)?`, `nested too deeply`, `a \\u escape is half of a surrogate pair`,
	`not valid YAML(: (` + strings.ReplaceAll(regexp.QuoteMeta(reasons), "\n", "|") + `))?`, `holds more than one YAML document`,
	regexp.QuoteMeta(limits), `may hold more than 50000 values, too many for YAML`, `is YAML of more than 4 MiB`, `an alias contains itself`, `!!binary is not base64`,
	`unknown tag, or a tag that does not match the value`, `duplicate merge key \(<<\)`, `a merge key \(<<\) takes a map or a list of maps, not (null|a boolean|a number|a string|bytes|a list)`,
	`a field's name must be a string, not (bytes|a list|a map)`, `duplicate field "([^"\\]|\\.)*"`,
	`JSON cannot hold (bytes|this number)`,
}, "|") + `)$`)

// requireKnown checks that every problem has a place and one of the messages
// above, which leave no room for a value.
func requireKnown(t *testing.T, text string, err error) {
	t.Helper()
	end := place("o", []byte(strings.TrimPrefix(text, "\xef\xbb\xbf")), len(text))
	for _, e := range Unjoin(err) {
		var p *Problem
		require.True(t, errors.As(e, &p))
		require.Regexp(t, message, e.Error())
		if !strings.Contains(text, "\r") { // YAML ends a line at a lone CR, too
			require.False(t, end.before(p.At), "%v is after the end, %v", p.At, end)
		}
	}
}

// requireSame checks that two trees have the same names and strings.
func requireSame(t *testing.T, a, b *Node) {
	t.Helper()
	require.Equal(t, a.Kind, b.Kind)
	if a.Kind == String {
		require.Equal(t, a.Text, b.Text)
	}
	require.Len(t, b.Items, len(a.Items))
	for i := range a.Items {
		requireSame(t, a.Items[i], b.Items[i])
	}
	require.Len(t, b.Fields, len(a.Fields))
	for i := range a.Fields {
		require.Equal(t, a.Fields[i].Name, b.Fields[i].Name)
		requireSame(t, a.Fields[i].Value, b.Fields[i].Value)
	}
}

// decoded is a text as encoding/json reads it, numbers as they are written.
func decoded(t *testing.T, text string) (v any) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&v))
	return v
}

// FuzzDocument holds Parse and AppendJSON to each other, and Parse to
// encoding/json where that reads the text.
func FuzzDocument(f *testing.F) {
	for _, text := range documents {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<16 {
			return
		}
		node, err := Parse("o", []byte(text))
		if err != nil {
			requireKnown(t, text, err)
			return
		}
		encoded, err := node.AppendJSON(nil)
		if err != nil {
			requireKnown(t, text, err)
			return
		}
		require.True(t, json.Valid(encoded), "%s", encoded)
		again, err := parseJSON("o", encoded)
		require.NoError(t, err)
		requireSame(t, node, again)
		if json.Valid([]byte(text)) && strings.ContainsAny(strings.TrimLeft(text, " \t\r\n")[:1], "{[") {
			require.Equal(t, decoded(t, text), decoded(t, string(encoded)))
		}
	})
}
