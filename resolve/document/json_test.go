package document

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestJSONKeepsTheTextOfAScalar(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"numbers as written", `[1, -0, 1.10, 1e5, 1E+5, -0.0, 100e-2]`, `[1, -0, 1.10, 1e5, 1E+5, -0.0, 100e-2]`},
		{"huge numbers", "[123456789012345678901234567890, 1e999999999, " + strings.Repeat("9", 5000) + "]",
			"[123456789012345678901234567890, 1e999999999, " + strings.Repeat("9", 5000) + "]"},
		{"words", "[true, false, null]", "[bool true, bool false, null]"},
		{"escapes", `["\"\\\/\b\f\n\r\t", "\u0000\u00e9\u2028"]`, `["\"\\/\b\f\n\r\t", "\x00é\u2028"]`},
		{"a surrogate pair", `["\ud83d\ude00", "\uD83D\uDE00x\ud83d\ude01"]`, `["😀", "😀x😁"]`},
		{"a replacement character, as it is and escaped", "[\"\ufffd\", \"\\ufffd\\uFFFD\"]", `["�", "��"]`},
		{"a replacement character beside a pair", "[\"\ufffd\\ud83d\\ude00\\ufffd\"]", `["�😀�"]`},
		{"what only looks like a surrogate", `["\\ud800", "\\\\ud800", "ud800", "\\\ufffd"]`, `["\\ud800", "\\\\ud800", "ud800", "\\�"]`},
		{"empty ones", `[{}, [], "", {"": ""}]`, `[{}, [], "", {: ""}]`},
		{"letter case of names", `{"a": 1, "A": 2}`, "{a: 1, A: 2}"},
		{"every blank", "\r\n\t [\r\n\t 1\r\n\t ,\r\n\t 2\r\n\t ]\r\n\t ", "[1, 2]"},
		{"as deep as may be", strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth), strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth)},
	} {
		t.Run(c.name, func(t *testing.T) {
			node, err := parseJSON("o", []byte(c.text))
			require.NoError(t, err)
			require.Equal(t, c.want, shape(node))
		})
	}
}

func TestJSONIsRefusedWithItsPlace(t *testing.T) {
	const half = `a \u escape is half of a surrogate pair`
	for _, c := range []struct{ name, text, want string }{
		{"no colon", `{"é" 1}`, "o:1:6: not valid JSON"},
		{"no comma", "[1,\n {\"a\":\t1 2}]", "o:2:10: not valid JSON"},
		{"two commas", "[1, , 2]", "o:1:5: not valid JSON"},
		{"a comma at the end", `{"a": 1,}`, "o:1:9: not valid JSON"},
		{"a comma at the start", `[,1]`, "o:1:2: not valid JSON"},
		{"a name that is no string", `{"a": 1, 2: 3}`, "o:1:10: not valid JSON"},
		{"a name without a value", `{"a"}`, "o:1:5: not valid JSON"},
		{"a word", "[true,\n\t\"é\", nul]", "o:2:10: not valid JSON"},
		{"a word of Python", "[True]", "o:1:2: not valid JSON"},
		{"single quotes", `{'a': 1}`, "o:1:2: not valid JSON"},
		{"a number with a zero first", `[1, 012]`, "o:1:6: not valid JSON"},
		{"a number with a plus", `[+1]`, "o:1:2: not valid JSON"},
		{"a number with nothing after the point", `[1.]`, "o:1:4: not valid JSON"},
		{"an unknown escape", "[\n\"é\\x\"]", "o:2:4: not valid JSON"},
		{"an escape with too few digits", `["\u12g4"]`, "o:1:7: not valid JSON"},
		{"a line end in a string", "[\"a\nb\"]", "o:1:4: not valid JSON"},
		{"a tab in a string", "[\"a\tb\"]", "o:1:4: not valid JSON"},
		{"another bracket", "[1}", "o:1:3: not valid JSON"},
		{"a bracket too many", "{}\n]", "o:2:1: not valid JSON: text follows the value"},
		{"a value after the value", "[1] 2", "o:1:5: not valid JSON: text follows the value"},
		{"a comment", "[1] // x", "o:1:5: not valid JSON: text follows the value"},
		{"an end too early", `["é", `, "o:1:7: not valid JSON: it ends too early"},
		{"half a pair, the first", `{"é": "x\ud83d"}`, "o:1:7: " + half},
		{"half a pair, the second", `["\ude00"]`, "o:1:2: " + half},
		{"the halves in the wrong order", `["\ude00\ud83d"]`, "o:1:2: " + half},
		{"two first halves", `["\ud83d\ud83d\ude00"]`, "o:1:2: " + half},
		{"half a pair before another escape", `["\ud83d\n\ude00"]`, "o:1:2: " + half},
		{"half a pair in a name", `{"a": {"\ud800": 1}}`, "o:1:8: " + half},
		{"half a pair after what looks like an escaped replacement", `["\\ufffd\ud800"]`, "o:1:2: " + half},
		{"half a pair after a replacement character", "[\"\ufffd\\ufffd\\ud800\"]", "o:1:2: " + half},
		{"every half pair", "[\"\\ud800\",\n\"\\udc00\", 1]", "o:1:2: " + half + "\no:2:1: " + half},
		{"a field twice", "{\"a\": 1,\n \"é\": {\"b\": 1, \"b\": 2}, \"a\": 3}", "o:2:16: duplicate field \"b\"\no:2:25: duplicate field \"a\""},
		{"a field twice, once escaped", `{"a": 1, "\u0061": 2}`, `o:1:10: duplicate field "a"`},
		{"too deep", "[\n" + strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth) + "]", fmt.Sprintf("o:2:%d: nested too deeply", maxDepth)},
		{"too deep and cut", strings.Repeat(`{"a":`, 1_000_000), fmt.Sprintf("o:1:%d: nested too deeply", 5*maxDepth+1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parseJSON("o", []byte(c.text))
			require.EqualError(t, err, c.want)
		})
	}
}

func TestHalfASurrogatePairIsReadAsAReplacementCharacterBesideTheProblem(t *testing.T) {
	node, err := parseJSON("o", []byte(`{"\ud800": "x\udc00"}`))
	require.Error(t, err)
	require.Equal(t, `{�: "x�"}`, shape(node))
}

// whole is a document with one of everything.
const whole = "{\"kind\": \"run\",\r\n\t\"é😀\": [1, -2.5e-3, true, false, null, \"\\u00e9\\ud83d\\ude00\\\\\\\"\"],\n \"b\": {\"c\": {}, \"d\": []}}"

func TestADocumentThatIsCutAnywhereIsAnErrorWithAPlace(t *testing.T) {
	_, err := Parse("o", []byte(whole))
	require.NoError(t, err)
	for i := range len(whole) {
		_, err := Parse("o", []byte(whole[:i]))
		require.Error(t, err, "%q", whole[:i])
		for _, e := range Unjoin(err) {
			var p *Problem
			require.ErrorAs(t, e, &p)
			require.Equal(t, "o", p.At.Origin)
			if i > 0 {
				require.Positive(t, p.At.Line, "%q: %v", whole[:i], err)
				require.Positive(t, p.At.Column)
				end := place("o", []byte(whole), i)
				require.False(t, end.before(p.At), "%q: %v", whole[:i], err)
			}
		}
	}
}

func TestADocumentWithOneByteChangedIsReadOrRefusedWithAPlace(t *testing.T) {
	for i := range len(whole) {
		for _, with := range []string{"", "\x00", "\xff", `"`, `\`, "{", "]", ",", ":", "*", "&", "!", "|", "#", "\n", "\t", "-", "?", "%", "@"} {
			text := whole[:i] + with + whole[i+1:]
			node, err := Parse("o", []byte(text))
			if err == nil {
				require.NotNil(t, node)
				continue
			}
			for _, e := range Unjoin(err) {
				require.True(t, errors.As(e, new(*Problem)), "%q: %v", text, err)
			}
		}
	}
}

// A document of one long line, with a place for each of its nodes, is walked
// once: were it not, this would take hours.
func TestALongLineIsWalkedOnce(t *testing.T) {
	member := `{"é": "` + strings.Repeat("x", 90) + `"}, `
	text := "[" + strings.Repeat(member, maxNodes/2-1) + `"end"]`
	node, err := Parse("o", []byte(text))
	require.NoError(t, err)
	end, column := node.Items[len(node.Items)-1], (len(node.Items)-1)*(len(member)-1)+2
	require.Equal(t, Position{"o", 1, column}, end.At)
	require.Equal(t, "end", end.Text)

	_, err = Parse("o", []byte(strings.TrimSuffix(text, "]")))
	require.EqualError(t, err, fmt.Sprintf("o:1:%d: not valid JSON: it ends too early", column+5))

	long := `{"a": "` + strings.Repeat("é", 5<<19) + `", "b": 1}`
	node, err = Parse("o", []byte(long))
	require.NoError(t, err)
	require.Equal(t, 5<<19+11, node.Fields[1].At.Column)
}
