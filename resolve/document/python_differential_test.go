package document

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// pythonOracle prints, for every line of JSON, what ast.literal_eval reads in
// it: kind, then a scalar's text, a list's items or a map's fields; or null
// where it refuses. Numbers are taken from the source, as written.
const pythonOracle = `
import ast, json, sys

def form(node):
    if isinstance(node, ast.Dict):
        return ["map", [[form(k)[1], form(v)] for k, v in zip(node.keys, node.values)]]
    if isinstance(node, (ast.List, ast.Tuple)):
        return ["list", [form(e) for e in node.elts]]
    if isinstance(node, ast.UnaryOp):
        return ["number", {ast.UAdd: "+", ast.USub: "-"}[type(node.op)] + form(node.operand)[1]]
    if not isinstance(node, ast.Constant) or node.value is ...:
        return ["no node", ""]
    if isinstance(node.value, bytes):
        return ["bytes", node.value.hex()]
    if isinstance(node.value, str):
        return ["a string", node.value]
    if node.value is None:
        return ["null", "None"]
    kind = "a boolean" if isinstance(node.value, bool) else "number"
    return [kind, ast.get_source_segment(source, node)]

for line in sys.stdin:
    text = json.loads(line)
    source = text.replace("\r\n", "\n").replace("\r", "\n").lstrip(" \t")
    try:
        ast.literal_eval(text)
        print(json.dumps(form(ast.parse(source, mode="eval").body)))
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        print("null")
`

// form is a tree as pythonOracle writes it.
func form(n *Node) any {
	switch n.Kind {
	case Map:
		fields := []any{}
		for _, f := range n.Fields {
			fields = append(fields, []any{f.Name, form(f.Value)})
		}
		return []any{"map", fields}
	case List:
		items := []any{}
		for _, item := range n.Items {
			items = append(items, form(item))
		}
		return []any{"list", items}
	case Number:
		return []any{"number", n.Text}
	}
	return []any{n.Kind.String(), n.Text}
}

// Where we mean to differ from Python.
var (
	// Python refuses zeros before a decimal integer, an indented first line
	// and an indented last one.
	wider = regexp.MustCompile(`(^|[^\w.])0[0-9_]*[1-9]|^[ \t\f]*(#.*)?\n\s|\n[ \t\f]+(\\\n\s*)?$`)
	// What a Node cannot hold, has two readings, or repr does not write.
	narrower = regexp.MustCompile(`: (a set, .*|a key must be .*|duplicate key|a string with a prefix|` +
		`a string follows a string|an escape of an invalid character|an escape by a character's name)$`)
	// An ellipsis, a sum, a call, a comment, a joined line, a sign that does not
	// stand at its number, a complex number.
	narrowerText = regexp.MustCompile(`^(\[?\.\.\.\]?|1\+2j|set\(\))$|#|\\\r?\n|\\\r|[-+][\s(]|[0-9.][jJ]`)
)

// meantNarrower reports whether we mean to refuse what Python accepts.
func meantNarrower(oracle any, text string, err error) bool {
	kind := oracle.([]any)[0]
	bareTuple := kind == "list" && strings.HasSuffix(err.Error(), ": text follows the value")
	return bareTuple || narrower.MatchString(err.Error()) || narrowerText.MatchString(text)
}

func TestPythonLiteralIsReadAsPythonReadsIt(t *testing.T) {
	texts := append(handMadeLiterals(), generatedLiterals()...)
	both := 0
	for i, oracle := range askPython(t, texts) {
		text := texts[i]
		node, err := parseLiteral(literalPlace, text, false)
		switch {
		case err == nil && oracle != nil:
			both++
			require.Equal(t, oracle, form(node), "%q", text)
		case err == nil:
			require.Regexp(t, wider, text, "%q is no Python", text)
		case oracle != nil:
			require.True(t, meantNarrower(oracle, text, err), "%q is Python: %v", text, err)
		}
	}
	require.Greater(t, both, len(texts)/3, "the corpus must hold literals")
	t.Logf("%d texts, both read %d", len(texts), both)
}

// askPython is pythonOracle's answers.
func askPython(t *testing.T, texts []string) []any {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("LAUNCHER_TEST_REQUIRE") == "all" {
			t.Fatal("lacks: python3: literals as Python reads them")
		}
		t.Skip("lacks: python3: literals as Python reads them")
	}
	var input, problems bytes.Buffer
	for _, text := range texts {
		require.NoError(t, json.NewEncoder(&input).Encode(text))
	}
	oracle := exec.CommandContext(t.Context(), python, "-W", "ignore", "-c", pythonOracle)
	oracle.Stdin, oracle.Stderr = &input, &problems
	output, err := oracle.Output()
	require.NoError(t, err, problems.String())
	var answers []any
	for line := range bytes.Lines(output) {
		var answer any
		require.NoError(t, json.Unmarshal(line, &answer))
		answers = append(answers, answer)
	}
	require.Len(t, answers, len(texts))
	return answers
}

func handMadeLiterals() []string {
	texts := []string{
		"'a' # c", "1 # c\n# d\n\n", "\n\n1", "\f1", "\v1", "\u00a01", "1\u00a0", "\\\n1", "1 \\\n", "1 \\\n ", "1\\ \n", "1\n 2",
		"-\\\n1", "[-\n1]", "-\n1", "[1 # ]\n]", "(\n)", "('a'\n\n'b')", "('a')'b'", "'a'\\\n\n'b'",
		"0_0", "0_", "0__0", "_1", "012.5", "012e1", "09.", "0x", "0x_", "0x1_", "0xg", "0o8", "0b2", "1e", "1e+", "1e_1", "1._1",
		"1.2.3", "1..2", ".", "..", "._1", "1_.5", "1e5.0", "1e400", "0XaF", "1L", "1a", "1é", "٣", "1 2", "1'a'", "0xFFj",
		"+ +1", "~1", "not 1", "+True", "-None", "- .5", "-0x1", "1if 1 else 2", "1-1", "True1", "true", "TrueFalse", "Nonee",
		"''", `""`, "''''''", `""""""`, "'''a''''", "'''a'''''", `"""a\"""" `, `"""a""""`, "'a''b'", "'a' 'b' \"c\"", `'\`, `'\'`,
		"rb''", "bR''", "ub''", "bu''", "rr''", "bb''", "r ''", "fr''", "F''", "b'' r''", "r'' u''", "rb'' b''", "t''", "x''",
		`'\1'`, `'\12'`, `'\123'`, `'\1234'`, `'\18'`, `'\777'`, `b'\777'`, `'\x'`, `'\xg0'`, `'\x4g'`, `'\x+1'`, `'\u123'`,
		`'\u_123'`, `'\U0010ffff'`, `'\U00110000'`, `'\UFFFFFFFF'`, `'\N'`, `'\N{}'`, `'\N{nope}'`, `b'\x4'`, `b'\u12'`, `b'\U1'`,
		`rb'\xff'`, `r'\x'`, `r'\N{x}'`, "r'a\\\nb'", "b'a\\\nb'", "'a\\\r\nb'", "'a\\\rb'", "'''\r\r\n'''", "b'''\r\n'''", "'\t\v\f\x7f'",
		"'a\rb'", "'a\u2028b'", "'\ufeff'", "'\ufffd'", `'\ufffd'`, `'\é'`, `b'\é'`, `r'\é'`, `'\😀'`,
		"{1: 2, 3}", "{1, 2: 3}", "{1: }", "{: 1}", "{1: 2:3}", "{1:2 3:4}", "{'a': 1}[0]", "{}{}", "{,}", "[,]", "[1,,]", "(1,,)", "{1:2,,}",
		"[*[]]", "(*[],)", "{**{}}", "[i for i in ()]", "lambda: 1", "(yield)", "(a:=1)", "set()", "{()}", "{[]: 1}", "{(1): 2}", "{-1: 2}",
		"{'a': 1}.b", "f'{1}'", "dict()", "...", "[...]", "1+2j", "1 + 2", "1,", "1, 2", "()", "((),)", "(((1)))", "((1,))", "[(1)]", "{(('a')): ((1))}",
		"b'a' 'b'", "('a',\n'b')", "['a'\\\n'b']", "[1\\\n]", "\\", "#", " ", "\t 1", "'a';", "'a'\n;", "`1`", "$", "@", "!", "'a' if 1",
	}
	for _, c := range accepted {
		texts = append(texts, c.text)
	}
	for _, c := range refused {
		// ParseLiteral sees to NUL and UTF-8 itself; Python's depth is its own.
		if utf8.ValidString(c.text) && !strings.Contains(c.text, "\x00") && len(c.text) < maxDepth {
			texts = append(texts, c.text)
		}
	}
	return texts
}

// generatedLiterals is the same on every run: literals, and each again with
// one character lost, added or doubled.
func generatedLiterals() []string {
	g := generator{rand.New(rand.NewPCG(20, 26))}
	var texts []string
	for range 1500 {
		text := g.value(3)
		runes := []rune(text)
		i := g.IntN(len(runes))
		broken := string(runes[:i]) + g.pick("", "", "\n", " ", `\`, `'`, `"`, "b", "r", "_", "0", "e", ".", "-", "#", ",", ":", "x",
			"[", ")", "}", "é") + string(runes[i+g.IntN(2):])
		texts = append(texts, text, broken)
	}
	return texts
}

type generator struct{ *rand.Rand }

func (g generator) pick(choices ...string) string { return choices[g.IntN(len(choices))] }

func (g generator) value(depth int) string {
	kind := g.IntN(8)
	if kind < 4 || depth == 0 {
		return g.scalar()
	}
	var items []string
	for i := range g.IntN(4) {
		item := g.blank() + g.value(depth-1) + g.blank()
		if kind >= 6 {
			item = g.blank() + g.key(i) + g.blank() + ":" + item
		}
		items = append(items, item)
	}
	end := g.blank()
	if len(items) > 0 {
		end = g.pick("", ",", " ,") + end
	}
	brackets := g.pick("[]", "()")
	if kind >= 6 {
		brackets = "{}"
	}
	return brackets[:1] + strings.Join(items, ",") + end + brackets[1:]
}

// blank stands inside of brackets only.
func (g generator) blank() string {
	return g.pick("", "", "", " ", "\t", "\n", "\r\n", "\f")
}

// key is another one for every i.
func (g generator) key(i int) string {
	return fmt.Sprintf(g.pick("'k%d'", `"k%d"`, "'\\%d'", "'\\x4%d'", "0x%d", "-1%d", "1_%d", ".%de1"), i)
}

func (g generator) scalar() string {
	switch g.IntN(5) {
	case 0:
		return g.pick("True", "False", "None")
	case 1:
		return g.pick("", "", "-", "+", "-", "- ") + g.pick("0", "1", "10", "1_000", "0x1F", "0b_11", "0O17", ".5", "1.", "1.50", "1e5", "2_0.0E-1_0", "007.5")
	}
	if g.IntN(20) == 0 { // what is refused
		return g.pick("r'a'", "u'a'", "bR'a'", "'a' 'b'", "'''a\nb'''", `"""a"""`)
	}
	quote := g.pick("'", `"`)
	var body strings.Builder
	for range g.IntN(6) {
		body.WriteString(g.pick("a", "b7", " ", "{", `\n`, `\\`, `\'`, `\"`, `\q`, `\0`, `\101`, `\x41`, `\xe9`, `\u0041`, `\U0001F600`, `\r`))
		body.WriteString(g.pick("", "", "é", "😀"))
	}
	return quote + body.String() + quote
}
