package document

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ParseLiteral reads the value that a string holds: JSON where the string is
// valid JSON, else a Python literal as ast.literal_eval reads it, which is what
// MLRun does with an inline source that is a string. A tuple is a List.
//
// It takes 012 for a number, and any blanks around the value, which Python does
// not. It refuses what has no Node or two readings: a set, a complex number, an
// ellipsis, a tuple without parentheses, parentheses between a sign and its
// number, \N{name}, a surrogate, a key that is not a string, a number or a
// boolean, and a key twice.
//
// All nodes are at at. So are the errors: Problems, joined, with the place
// inside the literal (in Python a character, where a line end is one) and none
// of its text, not even a key, since a wrong quote makes a key of a value.
func ParseLiteral(at Position, text string) (*Node, error) {
	character := 0
	for i, c := range text {
		character++
		if _, size := utf8.DecodeRuneInString(text[i:]); c == 0 || c == utf8.RuneError && size == 1 {
			return nil, literalProblem(at, character, "a NUL byte, or not UTF-8")
		}
	}
	if json.Valid([]byte(text)) {
		return parseJSONLiteral(at, []byte(text))
	}
	return parsePython(at, text)
}

// literalProblem is about one character of the literal; they count from 1.
func literalProblem(at Position, character int, message string) error {
	return &Problem{At: at, Message: fmt.Sprintf("character %d of the literal: %s", character, message)}
}

const keyTwice = "a key is there twice"

// parseJSONLiteral reads what json.Valid accepts. It is not parseJSON, as that
// names the field that is there twice.
func parseJSONLiteral(at Position, text []byte) (*Node, error) {
	r := newJSONReader("", text)
	node, err := r.value(0)
	m := mover{at: at}
	if err != nil {
		m.note(place("", text, int(r.tokens.InputOffset())-1), err.Error())
	} else {
		m.move(node)
	}
	if m.list == nil { // then what the reader found is not a key twice
		m.noteAll(r.Problems.list)
	}
	if err := m.Err(); err != nil {
		return nil, err
	}
	return node, nil
}

// mover takes a tree, and what is wrong with it, from its places inside a
// literal to the place of that literal.
type mover struct {
	at Position
	Problems
}

// move notes every key that is there twice.
func (m *mover) move(n *Node) {
	n.At = m.at
	for _, item := range n.Items {
		m.move(item)
	}
	seen := make(map[string]bool, len(n.Fields))
	for i := range n.Fields {
		f := &n.Fields[i]
		if seen[f.Name] {
			m.note(f.At, keyTwice)
		}
		seen[f.Name], f.At = true, m.at
		m.move(f.Value)
	}
}

func (m *mover) note(inside Position, message string) {
	m.Add(m.at, "", "line %d, column %d of the literal: %s", inside.Line, inside.Column, message)
}

func (m *mover) noteAll(errs []error) {
	for _, err := range errs {
		var p *Problem
		if errors.As(err, &p) {
			m.note(p.At, p.Message)
		}
	}
}

// pythonReader reads one literal (The Python Language Reference, chapters 2
// and 6.2).
type pythonReader struct {
	at   Position
	text string // its lines end with \n
	pos  int    // the byte to read next
	open int    // how many brackets are open

	budget budget

	// How many characters are before a byte: carried forward, so that a literal
	// of many problems is walked once.
	counted, characters int

	Problems
}

func parsePython(at Position, text string) (*Node, error) {
	// As Python does, before anything else and so inside strings as well.
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	r := &pythonReader{at: at, text: text}
	r.blank(true)
	node, err := r.value()
	if err != nil {
		return nil, err
	}
	if r.blank(true); r.pos < len(r.text) {
		return nil, r.problem(r.pos, "more follows the value")
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return node, nil
}

func (r *pythonReader) problem(pos int, message string) error {
	if pos < r.counted {
		r.counted, r.characters = 0, 0
	}
	r.characters += utf8.RuneCountInString(r.text[r.counted:pos])
	r.counted = pos
	return literalProblem(r.at, r.characters+1, message)
}

// peek is the next byte, 0 at the end.
func (r *pythonReader) peek() byte {
	if r.pos == len(r.text) {
		return 0
	}
	return r.text[r.pos]
}

// blank passes blanks and joined lines and, where lines do not matter,
// comments and line ends.
func (r *pythonReader) blank(lines bool) {
	for {
		rest := r.text[r.pos:]
		switch c := r.peek(); {
		case c == ' ', c == '\t', c == '\f', c == '\n' && lines:
			r.pos++
		case strings.HasPrefix(rest, "\\\n") && len(rest) > 2:
			r.pos += 2
		case c == '#' && lines:
			comment, _, _ := strings.Cut(rest, "\n")
			r.pos += len(comment)
		default:
			return
		}
	}
}

// gap is blank inside of a value, where lines matter unless a bracket is open.
func (r *pythonReader) gap() { r.blank(r.open > 0) }

// value reads one value, from its first character.
func (r *pythonReader) value() (*Node, error) {
	if !r.budget.spend(0) {
		return nil, r.problem(r.pos, limits)
	}
	switch c := r.peek(); {
	case pythonQuote().MatchString(r.text[r.pos:]):
		return r.strings()
	case c == '{':
		return r.dict()
	case c == '[':
		node, _, err := r.list(']')
		return node, err
	case c == '(':
		return r.parentheses()
	case c == '+', c == '-', c == '.', '0' <= c && c <= '9':
		return r.number()
	case c == 0:
		return nil, r.problem(r.pos, "it ends where a value is expected")
	}
	return r.word()
}

// items reads from an opening bracket to its closing one; one reads an item.
// It reports whether there was a comma.
func (r *pythonReader) items(closing byte, one func() error) (comma bool, err error) {
	start := r.pos
	if r.open == maxDepth {
		return false, r.problem(start, errDeep.Error())
	}
	r.open++
	defer func() { r.open-- }()
	for r.pos++; ; r.pos++ {
		if r.gap(); r.peek() == closing {
			r.pos++
			return comma, nil
		}
		if err := one(); err != nil {
			return false, err
		}
		r.gap()
		switch r.peek() {
		case ',':
			comma = true
		case closing:
			r.pos++
			return comma, nil
		case 0:
			return false, r.problem(start, "a bracket is not closed")
		default:
			return false, r.problem(r.pos, "neither a comma nor the closing bracket follows an item")
		}
	}
}

func (r *pythonReader) list(closing byte) (list *Node, comma bool, err error) {
	list = &Node{Kind: List, At: r.at}
	comma, err = r.items(closing, func() error {
		item, err := r.value()
		list.Items = append(list.Items, item)
		return err
	})
	return list, comma, err
}

// parentheses reads a tuple, or the one value that they enclose.
func (r *pythonReader) parentheses() (*Node, error) {
	tuple, comma, err := r.list(')')
	if err != nil {
		return nil, err
	}
	if len(tuple.Items) == 1 && !comma {
		return tuple.Items[0], nil
	}
	return tuple, nil
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
			r.AddErr(r.problem(start, keyTwice))
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
	r.gap()
	switch c := r.peek(); {
	case c == ',' || c == '}':
		return "", r.problem(start, "a set, which is neither a map nor a list")
	case c != ':':
		return "", r.problem(r.pos, "no colon follows a key")
	case key.Kind != String && key.Kind != Number && key.Kind != Bool:
		return "", r.problem(start, "a key must be a string, a number or a boolean, not "+key.Kind.String())
	}
	r.pos++
	r.gap()
	return key.Text, nil
}
