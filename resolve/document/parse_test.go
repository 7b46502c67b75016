package document

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// shape is a tree on one line: the kind and the text of every scalar.
func shape(n *Node) string {
	var parts []string
	switch n.Kind {
	case Null:
		return "null"
	case Bool:
		return "bool " + n.Text
	case Number:
		return n.Text
	case String:
		return fmt.Sprintf("%q", n.Text)
	case Bytes:
		return fmt.Sprintf("bytes %x", n.Text)
	case List:
		for _, item := range n.Items {
			parts = append(parts, shape(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	for _, f := range n.Fields {
		parts = append(parts, f.Name+": "+shape(f.Value))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// places is line:column of every node, and of every field's name.
func places(n *Node) string {
	text := fmt.Sprintf("%d:%d", n.At.Line, n.At.Column)
	var inside []string
	for _, item := range n.Items {
		inside = append(inside, places(item))
	}
	for _, f := range n.Fields {
		inside = append(inside, fmt.Sprintf("%s@%d:%d %s", f.Name, f.At.Line, f.At.Column, places(f.Value)))
	}
	if len(inside) > 0 {
		text += "(" + strings.Join(inside, " ") + ")"
	}
	return text
}

func TestPlacesCountLinesAndCharactersInBothGrammars(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"JSON on one line", `{"a": 1, "b": [true, "x"]}`, "1:1(a@1:2 1:7 b@1:10 1:15(1:16 1:22))"},
		{"JSON over lines", "{\n  \"a\": 1,\n  \"b\":\n    {}\n}", "1:1(a@2:3 2:8 b@3:3 4:5)"},
		{"JSON after blanks", "\n\n  [\n1]", "3:3(4:1)"},
		{"JSON with CR LF", "{\r\n\"a\":\r\n1}", "1:1(a@2:1 3:1)"},
		{"JSON with tabs", "{\t\"a\":\t1}", "1:1(a@1:3 1:8)"},
		{"JSON with characters of many bytes", `{"ключ": "日本", "é": ["😀", 1]}`, "1:1(ключ@1:2 1:10 é@1:16 1:21(1:22 1:27))"},
		{"JSON with escapes", `{"\u00e9\n": 1, "b": 2}`, "1:1(é\n@1:2 1:14 b@1:17 1:22)"},
		{"JSON with a byte order mark", "\xef\xbb\xbf[1]", "1:1(1:2)"},
		{"YAML", "a: 1\nb:\n  - x\n  - y: z\n", "1:1(a@1:1 1:4 b@2:1 3:3(3:5 4:5(y@4:5 4:8)))"},
		{"YAML with characters of many bytes", "ключ: 日本\né: [😀, 1]\n", "1:1(ключ@1:1 1:7 é@2:1 2:4(2:5 2:8))"},
		{"YAML with CR LF", "a: 1\r\nb: 2\r\n", "1:1(a@1:1 1:4 b@2:1 2:4)"},
		{"YAML after comments", "# é\n\n# x\na: 1", "4:1(a@4:1 4:4)"},
		{"YAML with a byte order mark", "\xef\xbb\xbfa: 1", "1:1(a@1:1 1:4)"},
		{"YAML with a block of text", "a: |\n  x\n  y\nb: 1", "1:1(a@1:1 1:4 b@4:1 4:4)"},
		{"YAML in braces", "{é: 1, b: {c: 2}}", "1:1(é@1:2 1:5 b@1:8 1:11(c@1:12 1:15))"},
		{"YAML's alias is where its anchor is", "a: &x 1\nb: *x", "1:1(a@1:1 1:4 b@2:1 1:4)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			node, err := Parse("o", []byte(c.text))
			require.NoError(t, err)
			require.Equal(t, c.want, places(node))
			require.Equal(t, "o", node.At.Origin)
		})
	}
}

func TestParseTakesJSONWhereItCanAndYAMLOtherwise(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"JSON with tabs, which YAML does not indent by", "{\n\t\"a\":\t[\n\t1]\n}", `{a: [1]}`},
		{"JSON's pair of surrogates, which YAML has not", `["\ud83d\ude00"]`, `["😀"]`},
		{"JSON's line ends of Unicode", "[\"a\u2028b\u0085\"]", `["a\u2028b\u0085"]`},
		{"a colon without a blank", `{"a":1}`, `{a: 1}`},
		{"YAML in braces", "{a: 1, b: [x, y]}", `{a: 1, b: ["x", "y"]}`},
		{"YAML in brackets", "[a, 012]", `["a", 012]`},
		{"YAML with a comma at the end", `{"a": 1,}`, `{a: 1}`},
		{"YAML with a comment", "{\"a\": 1} # c\n", `{a: 1}`},
		{"JSON of one word is YAML, too", "true", "bool true"},
		{"a number", "12", "12"},
		{"a string", `"a\u00e9"`, `"aé"`},
		{"blanks around", " \r\n\t[]\n ", "[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			node, err := Parse("o", []byte(c.text))
			require.NoError(t, err)
			require.Equal(t, c.want, shape(node))
		})
	}
}

func TestParseReportsTheGrammarThatGotFurther(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"JSON with a missing colon", `{"a" 1}`, "o:1:6: not valid JSON"},
		{"JSON that is cut", `{"a": ["b", "c`, "o:1:15: not valid JSON: it ends too early"},
		{"JSON that is cut after a line end", "{\"a\": 1,\n", "o:2:1: not valid JSON: it ends too early"},
		{"JSON with tabs and a mistake", "{\n\t\"a\": 1,\n\t\"b\" 2\n}", "o:3:6: not valid JSON"},
		{"JSON with a surrogate pair and a mistake", `{"a": "\ud83d\ude00",}`, "o:1:22: not valid JSON"},
		{"JSON twice", "{} {}", "o:1:4: not valid JSON: text follows the value"},
		{"YAML in braces that does not end", "{a: [1, 2}", "o:1:10: not valid YAML: did not find expected ',' or ']'"},
		{"YAML in braces with a field twice", "{a: 1, a: 2}", `o:1:8: duplicate field "a"`},
		{"two YAML documents in braces", "{a: 1}\n---\n{b: 1}", "o:2:1: holds more than one YAML document"},
		{"an alias in braces", "{a: *b}", "o:1:5: not valid YAML: an alias (*) of a missing anchor (&)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse("o", []byte(c.text))
			require.EqualError(t, err, c.want)
		})
	}
}

func TestParseRefusesWhatIsNoText(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "o: is empty"},
		{"blanks", " \n\t\r\n", "o: is empty"},
		{"a byte order mark alone", "\xef\xbb\xbf", "o: is empty"},
		{"comments alone", "# a\n  # b\n", "o: holds no value"},
		{"UTF-16, little end first", "\xff\xfea\x00", "o: is UTF-16; save it as UTF-8"},
		{"UTF-16, big end first", "\xfe\xff\x00a", "o: is UTF-16; save it as UTF-8"},
		{"UTF-16 without a mark", "{\x00}\x00", "o:1:2: a NUL byte: this is not text"},
		{"NUL", "a: é\x00", "o:1:5: a NUL byte: this is not text"},
		{"NUL in a later line", "a:\n  b\x00", "o:2:4: a NUL byte: this is not text"},
		{"NUL in JSON", "[\"\x00\"]", "o:1:3: a NUL byte: this is not text"},
		{"not UTF-8", "a: é\xff", "o:1:5: not UTF-8"},
		{"not UTF-8 in JSON", "[\"a\",\n\"\xc3\"]", "o:2:2: not UTF-8"},
		{"a surrogate in UTF-8", "a: \xed\xa0\x80", "o:1:4: not UTF-8"},
		{"an overlong encoding", "a: \xc0\x80", "o:1:4: not UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			node, err := Parse("o", []byte(c.text))
			require.EqualError(t, err, c.want)
			require.Nil(t, node)
			var p *Problem
			require.ErrorAs(t, err, &p)
			require.Equal(t, "o", p.At.Origin)
		})
	}
}

func TestTextStripsOneByteOrderMark(t *testing.T) {
	text, err := Text("o", []byte("\xef\xbb\xbfa\ufffd\xef\xbb\xbf"))
	require.NoError(t, err)
	require.Equal(t, "a\ufffd\ufeff", string(text))
}

func TestParseLeavesItsTextAlone(t *testing.T) {
	for _, text := range []string{`{"a": "\u00e9", "b": [1]}`, `{"a": `, "{a: 1", "a: [1, 2]\n"} {
		given := []byte(text)
		_, _ = Parse("o", given[:len(given):len(given)])
		require.Equal(t, text, string(given))
	}
}
