package document

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// pythonReader reads one literal (The Python Language Reference, chapters 2
// and 6.2).
type pythonReader struct {
	at     Position
	text   string
	pos    int // the byte to read next
	depth  int // the number of open brackets
	budget budget
	// The number of characters before a byte, carried forward so that a literal
	// with many problems is counted once.
	counted, characters int
	Problems
}

func parsePython(at Position, text string) (*Node, error) {
	r := &pythonReader{at: at, text: text}
	r.skipBlanks()
	node, err := r.value()
	if err != nil {
		return nil, err
	}
	if r.skipBlanks(); r.pos < len(r.text) {
		return nil, r.problem(r.pos, "more follows the value", "remove it; comments are not read")
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return node, nil
}

func (r *pythonReader) problem(pos int, message, hint string) error {
	if pos < r.counted {
		r.counted, r.characters = 0, 0
	}
	r.characters += utf8.RuneCountInString(r.text[r.counted:pos])
	r.counted = pos
	return literalProblem(r.at, r.characters+1, message, hint)
}

// peek returns the next byte, or 0 at the end.
func (r *pythonReader) peek() byte {
	if r.pos == len(r.text) {
		return 0
	}
	return r.text[r.pos]
}

func (r *pythonReader) skipBlanks() {
	r.pos = len(r.text) - len(strings.TrimLeft(r.text[r.pos:], " \t\f\r\n"))
}

// value reads one value, from its first character.
func (r *pythonReader) value() (*Node, error) {
	if !r.budget.spend(0) {
		return nil, r.problem(r.pos, limits, "")
	}
	switch c := r.peek(); {
	case c == '\'', c == '"':
		return r.quoted()
	case c == '{':
		return r.dict()
	case c == '[', c == '(':
		return r.list()
	case c == '+', c == '-', c == '.', '0' <= c && c <= '9':
		return r.number()
	case c == 0:
		return nil, r.problem(r.pos, "it ends where a value is expected", "")
	}
	return r.word()
}

// items reads from an opening bracket to its closing one, and each item with
// read. It reports whether a comma follows the last item.
func (r *pythonReader) items(closing byte, read func() error) (comma bool, err error) {
	start := r.pos
	if r.depth == maxDepth {
		return false, r.problem(start, errDeep.Error(), "")
	}
	r.depth++
	defer func() { r.depth-- }()
	for r.pos++; ; r.pos++ {
		if r.skipBlanks(); r.peek() == closing {
			r.pos++
			return comma, nil
		}
		if err := read(); err != nil {
			return false, err
		}
		r.skipBlanks()
		comma = r.peek() == ','
		switch r.peek() {
		case ',':
		case closing:
			r.pos++
			return comma, nil
		case 0:
			return false, r.problem(start, "a bracket is not closed", "")
		default:
			return false, r.problem(r.pos, "neither a comma nor the closing bracket follows an item", "put a comma between the items; operators and comments are not read")
		}
	}
}

// list reads a list, a tuple, or one value in parentheses.
func (r *pythonReader) list() (*Node, error) {
	closing, parentheses := byte(']'), r.peek() == '('
	if parentheses {
		closing = ')'
	}
	list := &Node{Kind: List, At: r.at}
	comma, err := r.items(closing, func() error {
		item, err := r.value()
		list.Items = append(list.Items, item)
		return err
	})
	if err == nil && parentheses && len(list.Items) == 1 && !comma {
		return list.Items[0], nil
	}
	return list, err
}

func (r *pythonReader) dict() (*Node, error) {
	dict := &Node{Kind: Map, At: r.at}
	seen := map[string]bool{}
	_, err := r.items('}', func() error {
		start := r.pos
		name, err := r.key()
		if err != nil {
			return err
		}
		if seen[name] {
			r.AddErr(r.problem(start, keyTwice, ""))
		}
		seen[name] = true
		value, err := r.value()
		dict.Fields = append(dict.Fields, Field{Name: name, At: r.at, Value: value})
		return err
	})
	return dict, err
}

// key reads a key and its colon, up to the value.
func (r *pythonReader) key() (string, error) {
	start := r.pos
	key, err := r.value()
	if err != nil {
		return "", err
	}
	r.skipBlanks()
	switch c := r.peek(); {
	case c == ',' || c == '}':
		return "", r.problem(start, "a set, which is neither a map nor a list", "write [ ] around a list, or KEY: VALUE in a map")
	case c != ':':
		return "", r.problem(r.pos, "no colon follows a key", "")
	case key.Kind != String && key.Kind != Number && key.Kind != Bool:
		return "", r.problem(start, "a key must be a string, a number or a boolean, not "+key.Kind.String(), "")
	}
	r.pos++
	r.skipBlanks()
	return key.Text, nil
}

// wordLength returns the length of the letters, digits and underscores that
// text starts with.
func wordLength(text string) int {
	return len(text) - len(strings.TrimLeftFunc(text, func(c rune) bool {
		return c == '_' || unicode.IsLetter(c) || unicode.IsNumber(c)
	}))
}

func (r *pythonReader) word() (*Node, error) {
	start := r.pos
	r.pos += wordLength(r.text[start:])
	node := &Node{Text: r.text[start:r.pos], At: r.at}
	switch next := r.peek(); {
	case node.Text == "":
		return nil, r.problem(start, "no value starts with this character", "write strings, numbers, True, False, None, lists, tuples or maps, without comments")
	case next == '\'' || next == '"':
		return nil, r.problem(start, "a string with a prefix", `write the string without a prefix, and \\ for a backslash`)
	case node.Text == "True", node.Text == "False":
		node.Kind = Bool
	case node.Text != "None":
		return nil, r.problem(start, "a word that is neither quoted nor True, False or None", "quote it")
	}
	return node, nil
}

// pythonNumber matches an integer or a float (The Python Language Reference,
// 2.4), and zeros before a decimal integer. It is compiled when it is first
// needed: most tasks hold no literal, and every job would pay at its start.
var pythonNumber = sync.OnceValue(func() *regexp.Regexp {
	const digits = `[0-9](?:_?[0-9])*`
	return regexp.MustCompile(`^[+-]?(?:0[xX](?:_?[[:xdigit:]])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|` +
		`(?:` + digits + `(?:\.(?:` + digits + `)?)?|\.` + digits + `)(?:[eE][+-]?` + digits + `)?)`)
})

func (r *pythonReader) number() (*Node, error) {
	start := r.pos
	text := pythonNumber().FindString(r.text[start:])
	if r.pos += len(text); text == "" || wordLength(r.text[r.pos:]) > 0 {
		return nil, r.problem(start, "not a number", "quote it if it is text")
	}
	return &Node{Kind: Number, Text: text, At: r.at}, nil
}

// quoted reads a string, from its opening quote.
func (r *pythonReader) quoted() (*Node, error) {
	start, quote := r.pos, r.peek()
	var value []byte
	for r.pos++; r.peek() != quote; {
		switch c := r.peek(); c {
		case 0, '\n', '\r':
			return nil, r.problem(start, "a string is not closed", `write \n for a line end`)
		case '\\':
			var err error
			if value, err = r.appendEscape(value); err != nil {
				return nil, err
			}
		default:
			value = append(value, c)
			r.pos++
		}
	}
	r.pos++
	node := &Node{Kind: String, Text: string(value), At: r.at}
	if r.skipBlanks(); r.peek() == '\'' || r.peek() == '"' {
		return nil, r.problem(r.pos, "a string follows a string", "write one string, in one pair of single or double quotes")
	}
	return node, nil
}

// An escape of one character of escaped denotes the same place of denoted.
const (
	escaped = `\'"abfnrtv`
	denoted = "\\'\"\a\b\f\n\r\t\v"
)

// appendEscape appends what a backslash and its sequence denote (The Python
// Language Reference, 2.4.1.1).
func (r *pythonReader) appendEscape(value []byte) ([]byte, error) {
	start := r.pos
	r.pos++
	c := r.peek()
	switch i := strings.IndexByte(escaped, c); {
	case i >= 0:
		r.pos++
		return append(value, denoted[i]), nil
	case '0' <= c && c <= '7':
		octal := r.text[r.pos:min(r.pos+3, len(r.text))]
		return r.appendCode(value, start, len(octal)-len(strings.TrimLeft(octal, "01234567")), 8)
	case c == 'N':
		return nil, r.problem(start, "an escape by a character's name", "write the character")
	}
	if length := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]; length > 0 {
		r.pos++
		return r.appendCode(value, start, length, 16)
	}
	return append(value, '\\'), nil // Python keeps the backslash of an unknown escape
}

// appendCode appends the character whose code is the next digits in that base.
// Its escape begins at start.
func (r *pythonReader) appendCode(value []byte, start, length, base int) ([]byte, error) {
	digits := r.text[r.pos:min(r.pos+length, len(r.text))]
	code, err := strconv.ParseUint(digits, base, 32)
	switch {
	case err != nil, len(digits) < length:
		return nil, r.problem(start, "an escape with too few digits", "")
	case !utf8.ValidRune(rune(code)):
		return nil, r.problem(start, "an escape that is no character", "write the character")
	}
	r.pos += length
	return utf8.AppendRune(value, rune(code)), nil
}
