package document

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var literalPlace = Position{Origin: "task.yaml", Line: 4, Column: 13}

// accepted is literals, and what they denote as render writes it.
var accepted = []struct{ name, text, want string }{
	{"MLRun's inline source", `{'abc': 'def'}`, `{'abc': 'def'}`},
	{"JSON", `{"a": "\/", "b": [true, null, 1e5]}`, `{'a': '/', 'b': [True, None, 1e5]}`},
	{"JSON's pair of surrogates", `["\ud83d\ude00"]`, `['\U0001f600']`},
	{"JSON's bare words", ` true `, `True`},
	{"a dict over lines", "{\n  'a': 1,\r\n\t'b': 2,\n}", `{'a': 1, 'b': 2}`},
	{"empty brackets", `[{}, [], ()]`, `[{}, [], []]`},
	{"a tuple", `(1, 'b')`, `[1, 'b']`},
	{"a tuple of one", `(1,)`, `[1]`},
	{"parentheses around a value", `(({'a': ('b')}))`, `{'a': 'b'}`},
	{"trailing commas", `{'a': [1, 2,],}`, `{'a': [1, 2]}`},
	{"keys that are no strings", `{1: 2, -1.50: 3, True: 4, 0x1F: 5}`, `{'1': 2, '-1.50': 3, 'True': 4, '0x1F': 5}`},
	{"numbers as written", `(1_000, 0x_1F, 0B1, 0o17, 1e5, .5, 1., 1.E-5_0, 00, -1, +.5)`,
		`[1_000, 0x_1F, 0B1, 0o17, 1e5, .5, 1., 1.E-5_0, 00, -1, +.5]`},
	{"a number that starts with zeros", `{'a': 012, 'b': -0_7}`, `{'a': 012, 'b': -0_7}`},
	{"Python's words", `[True, False, None]`, `[True, False, None]`},
	{"quotes in quotes", `['"', "'", 'it\'s', "a\"b"]`,
		`['"', '\U00000027', 'it\U00000027s', 'a"b']`},
	{"one-letter escapes", `'\\\'\"\a\b\f\n\r\t\v'`, `'\U0000005c\U00000027"\U00000007\U00000008` +
		`\U0000000c\U0000000a\U0000000d\U00000009\U0000000b'`},
	{"numeric escapes", `'\0\101\1011\400\x41\u00e9\U0001F600'`,
		`'\U00000000AA1\U00000100A\U000000e9\U0001f600'`},
	{"unknown escapes", `'\q\8\é\.'`, `'\U0000005cq\U0000005c8\U0000005c\U000000e9\U0000005c.'`},
	{"blanks around", "\n\t {'a': 1} \r\n\f", `{'a': 1}`},
	{"an astral character", `{'ключ': '😀'}`, `{'\U0000043a\U0000043b\U0000044e\U00000447': '\U0001f600'}`},
	{"as deep as any document", strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth-1) + ",]",
		strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth)},
}

func TestParseLiteralReads(t *testing.T) {
	for _, c := range accepted {
		t.Run(c.name, func(t *testing.T) {
			node, err := ParseLiteral(literalPlace, c.text)
			require.NoError(t, err)
			require.Equal(t, c.want, render(node))
			requirePlace(t, node)
		})
	}
}

func requirePlace(t *testing.T, n *Node) {
	t.Helper()
	require.Equal(t, literalPlace, n.At)
	for _, item := range n.Items {
		requirePlace(t, item)
	}
	for _, f := range n.Fields {
		require.Equal(t, literalPlace, f.At)
		requirePlace(t, f.Value)
	}
}

const (
	prefixHint = `write the string without a prefix, and \\ for a backslash`
	partsHint  = "write one string, in one pair of single or double quotes"
)

// refused is literals, the character where each is wrong, the message and the
// hint: every message there is, as no test accepts another.
var refused = []struct {
	name, text string
	character  int
	message    string
	hint       string
}{
	{"nothing", "", 1, "it ends where a value is expected", ""},
	{"no value after a colon", "{'a': ", 7, "it ends where a value is expected", ""},
	{"an open string", `{'ab': 'é', 'c: 1}`, 13, "a string is not closed", `write \n for a line break`},
	{"a string that ends in a backslash", `'a\`, 1, "a string is not closed", `write \n for a line break`},
	{"a string over lines", "['a\nb']", 2, "a string is not closed", `write \n for a line break`},
	{"an open bracket", `{'a': [1`, 7, "a bracket is not closed", ""},
	{"the wrong bracket", `[1)`, 3, "a comma or the closing bracket is missing after an item", "put a comma between the items; operators and comments are not read"},
	{"no comma", `['a' 1]`, 6, "a comma or the closing bracket is missing after an item", "put a comma between the items; operators and comments are not read"},
	{"a sum", `[1+2]`, 3, "a comma or the closing bracket is missing after an item", "put a comma between the items; operators and comments are not read"},
	{"two commas", `[1,,2]`, 4, "no value starts with this character", "write strings, numbers, True, False, None, lists, tuples or maps, without comments"},
	{"a comma alone", `(,)`, 2, "no value starts with this character", "write strings, numbers, True, False, None, lists, tuples or maps, without comments"},
	{"an unpacked dict", `{**{}}`, 2, "no value starts with this character", "write strings, numbers, True, False, None, lists, tuples or maps, without comments"},
	{"an ellipsis", `[...]`, 2, "not a number", "quote it if it is text"},
	{"a byte order mark", "\ufeff{'a': 1}", 1, "no value starts with this character", "write strings, numbers, True, False, None, lists, tuples or maps, without comments"},
	{"a word", `{'a': true}`, 7, "a word that is neither quoted nor True, False or None", "quote it"},
	{"a call", `set()`, 1, "a word that is neither quoted nor True, False or None", "quote it"},
	{"two values", `{'a': 1} {'b': 2}`, 10, "text follows the value", "remove it; comments are not read"},
	{"a tuple without parentheses", `1, 2`, 2, "text follows the value", "remove it; comments are not read"},
	{"a sign before a string", `-'a'`, 1, "not a number", "quote it if it is text"},
	{"two signs", `--1`, 1, "not a number", "quote it if it is text"},
	{"a sign before parentheses", `-(1)`, 1, "not a number", "quote it if it is text"},
	{"a signed boolean", `-True`, 1, "not a number", "quote it if it is text"},
	{"two underscores", `[1__0]`, 2, "not a number", "quote it if it is text"},
	{"an underscore at the end", `1_`, 1, "not a number", "quote it if it is text"},
	{"a digit beyond the base", `0b12`, 1, "not a number", "quote it if it is text"},
	{"a base without digits", `0x`, 1, "not a number", "quote it if it is text"},
	{"a set", `{'a', 'b'}`, 2, "a set, which is neither a map nor a list", "write [ ] around a list, or KEY: VALUE in a map"},
	{"a set of one", `{1}`, 2, "a set, which is neither a map nor a list", "write [ ] around a list, or KEY: VALUE in a map"},
	{"no colon", `{'a' 1}`, 6, "a colon is missing after a key", ""},
	{"an open dict", `{'a'`, 5, "a colon is missing after a key", ""},
	{"no name for a key", `{None: 1}`, 2, "a key must be a string, a number or a boolean, not null", ""},
	{"a list for a key", `{('a',): 1}`, 2, "a key must be a string, a number or a boolean, not a list", ""},
	{"a dict for a key", `{{}: 1}`, 2, "a key must be a string, a number or a boolean, not a map", ""},
	{"a key twice", `{'1': 'a', 1: 'b'}`, 12, "duplicate key", ""},
	{"a string with a prefix", `{'a': b'b'}`, 7, "a string with a prefix", prefixHint},
	{"a raw string", `r'\n'`, 1, "a string with a prefix", prefixHint},
	{"an f-string", `f"{b}"`, 1, "a string with a prefix", prefixHint},
	{"a prefix without meaning", `u'a'`, 1, "a string with a prefix", prefixHint},
	{"a string in two parts", `{'a': 'b' "c"}`, 11, "a string follows a string", partsHint},
	{"a string in two parts over lines", "('a'\n'b')", 6, "a string follows a string", partsHint},
	{"a key in two parts", `{'a' "b": 1}`, 6, "a string follows a string", partsHint},
	{"a triple-quoted string", `'''a'''`, 3, "a string follows a string", partsHint},
	{"a line end after a backslash", "'a\\\nb'", 1, "a string is not closed", `write \n for a line break`},
	{"a joined line", "[1, \\\n2]", 5, "no value starts with this character", "write strings, numbers, True, False, None, lists, tuples or maps, without comments"},
	{"a comment", "['a', # b\n'c']", 7, "no value starts with this character", "write strings, numbers, True, False, None, lists, tuples or maps, without comments"},
	{"a comment after the value", "'a' # b", 5, "text follows the value", "remove it; comments are not read"},
	{"a complex number", `{'a': 2.5J}`, 7, "not a number", "quote it if it is text"},
	{"a blank after a sign", `- 1`, 1, "not a number", "quote it if it is text"},
	{"an escape of one digit", `'\x4'`, 2, "an escape with too few digits", ""},
	{"an escape at the end", `'\u00`, 2, "an escape with too few digits", ""},
	{"half a pair of surrogates", `'\ud83d\ude00'`, 2, "an escape of an invalid character", "write the character"},
	{"an escape beyond Unicode", `'\U00110000'`, 2, "an escape of an invalid character", "write the character"},
	{"a character's name", `'\N{DIGIT ONE}'`, 2, "an escape by a character's name", "write the character"},
	{"a NUL byte", "{'a': '\x00'}", 8, "a NUL byte, or not UTF-8", ""},
	{"what is not UTF-8", "{'é': '\xff'}", 8, "a NUL byte, or not UTF-8", ""},
	{"too deep a list", strings.Repeat("[", maxDepth+1), maxDepth + 1, "nested too deeply", ""},
	{"too deep parentheses", strings.Repeat("(", 1_000_000), maxDepth + 1, "nested too deeply", ""},
	{"too deep a dict", strings.Repeat("{'a':", 1_000_000), 5*maxDepth + 1, "nested too deeply", ""},
}

// refusedJSON is the same of what is valid JSON.
var refusedJSON = []struct {
	name, text string
	character  int
	message    string
}{
	{"a key twice", "{\"é\":\n {\"é\": 1, \"é\": 2}}", 17, "duplicate key"},
	{"half a pair of surrogates", `{"é": ["b\ud83d"]}`, 8, `a \u escape is half of a surrogate pair`},
	{"too deep a list", "\n" + strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1), maxDepth + 2, "nested too deeply"},
}

func TestParseLiteralRefuses(t *testing.T) {
	for _, c := range refused {
		t.Run(c.name, func(t *testing.T) {
			requireRefused(t, c.text, fmt.Sprintf("character %d of the literal: %s", c.character, c.message))
			_, err := ParseLiteral(literalPlace, c.text)
			var p *Problem
			require.ErrorAs(t, err, &p)
			require.Equal(t, c.hint, p.Hint())
		})
	}
	for _, c := range refusedJSON {
		t.Run("JSON: "+c.name, func(t *testing.T) {
			requireRefused(t, c.text, fmt.Sprintf("character %d of the literal: %s", c.character, c.message))
		})
	}
}

func requireRefused(t *testing.T, text string, messages ...string) {
	t.Helper()
	node, err := ParseLiteral(literalPlace, text)
	require.Nil(t, node)
	require.EqualError(t, err, "task.yaml:4:13: "+strings.Join(messages, "\ntask.yaml:4:13: "))
}

func TestParseLiteralReportsEveryKeyThatIsTwice(t *testing.T) {
	requireRefused(t, `{"a": 1, "a": {"b": 1, "b": 2}}`,
		"character 10 of the literal: duplicate key", "character 24 of the literal: duplicate key")
	requireRefused(t, `{'é': 1, 'é': {'b': 1, 'b': 2}}`,
		"character 10 of the literal: duplicate key", "character 24 of the literal: duplicate key")
}

func TestParseLiteralCountsOnceForManyProblems(t *testing.T) {
	_, err := ParseLiteral(literalPlace, "{"+strings.Repeat("'é': 1,", 20_000)+"}")
	require.Len(t, joined(err), maxProblems+1)
}
