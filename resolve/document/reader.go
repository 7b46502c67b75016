package document

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/seed45446ece/launcher/resolve/keyname"
)

// reader reads one value of JSON (RFC 8259) or Python (The Python Language
// Reference, chapters 2 and 6.2), whose lists and maps are alike. Of invalid JSON
// it may read more than it should, as parseJSON checks that the text is valid.
type reader struct {
	json    bool
	origin  string    // of a document
	literal *Position // of the string that holds the text; nil for a document
	text    string
	pos     int // the byte to read next
	depth   int // the number of open brackets

	budget     budget
	overLimits bool // what ended the reading
	counter    counter
	Problems
}

// counter counts the lines and characters before a byte. It goes on from the byte
// before, so that a large text is counted once.
type counter struct{ offset, lines, columns, characters int }

func (c *counter) advance(text string, offset int) {
	if offset < c.offset {
		*c = counter{}
	}
	passed := text[c.offset:offset]
	c.offset = offset
	c.characters += utf8.RuneCountInString(passed)
	if i := strings.LastIndexByte(passed, '\n'); i >= 0 {
		c.lines += strings.Count(passed, "\n")
		c.columns, passed = 0, passed[i+1:]
	}
	c.columns += utf8.RuneCountInString(passed)
}

// at returns the place of a byte: a literal has only one.
func (r *reader) at(offset int) Position {
	if r.literal != nil {
		return *r.literal
	}
	r.counter.advance(r.text, offset)
	return Position{r.origin, r.counter.lines + 1, r.counter.columns + 1}
}

func (r *reader) problem(offset int, message, hint string) error {
	if r.literal != nil {
		r.counter.advance(r.text, offset)
		message = fmt.Sprintf("character %d of the literal: %s", r.counter.characters+1, message)
	}
	return &Problem{At: r.at(offset), Message: message, Advice: hint}
}

// limit returns the problem that ends the reading at a limit.
func (r *reader) limit(message string) error {
	r.overLimits = true
	return r.problem(r.pos, message, "")
}

// peek returns the next byte, or 0 at the end.
func (r *reader) peek() byte {
	if r.pos >= len(r.text) {
		return 0
	}
	return r.text[r.pos]
}

func (r *reader) skipBlanks() {
	r.pos = len(r.text) - len(strings.TrimLeft(r.text[r.pos:], " \t\f\r\n"))
}

// document reads the whole text. It returns the Node beside the problems if the
// syntax is valid.
func (r *reader) document() (*Node, error) {
	r.skipBlanks()
	node, err := r.value()
	if err != nil {
		return nil, err
	}
	if r.skipBlanks(); r.pos < len(r.text) {
		return nil, r.problem(r.pos, "text follows the value", "remove it; comments are not read")
	}
	return node, r.Err()
}

// value reads one value, from its first character.
func (r *reader) value() (*Node, error) {
	if !r.budget.spend(0) {
		return nil, r.limit(limits)
	}
	return r.valueOrName()
}

// valueOrName reads a value, or the name of a field, which is none of the values
// that the limits count.
func (r *reader) valueOrName() (*Node, error) {
	node := &Node{At: r.at(r.pos)}
	switch c := r.peek(); {
	case c == '\'', c == '"':
		return node, r.quoted(node)
	case c == '{':
		return node, r.dict(node)
	case c == '[':
		_, err := r.list(node, ']')
		return node, err
	case c == '(':
		comma, err := r.list(node, ')')
		if err == nil && len(node.Items) == 1 && !comma {
			return node.Items[0], nil // one value in parentheses
		}
		return node, err
	case c == '+', c == '-', c == '.', '0' <= c && c <= '9':
		return node, r.number(node)
	case c == 0:
		return nil, r.problem(r.pos, "it ends where a value is expected", "")
	}
	return node, r.word(node)
}

// items reads from an opening bracket to its closing one, and each item with
// read. It reports whether a comma follows the last item.
func (r *reader) items(closing byte, read func() error) (comma bool, err error) {
	start := r.pos
	if r.depth == maxDepth {
		return false, r.limit("nested too deeply")
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
			return false, r.problem(r.pos, "a comma or the closing bracket is missing after an item", "put a comma between the items; operators and comments are not read")
		}
	}
}

// list reads a list or a tuple.
func (r *reader) list(node *Node, closing byte) (comma bool, err error) {
	node.Kind = List
	return r.items(closing, func() error {
		item, err := r.value()
		node.Items = append(node.Items, item)
		return err
	})
}

func (r *reader) dict(node *Node) error {
	node.Kind = Map
	seen := map[string]bool{}
	_, err := r.items('}', func() error {
		start := r.pos
		name, err := r.name()
		if err != nil {
			return err
		}
		if seen[name.Text] {
			r.AddErr(r.problem(start, r.duplicate(name.Text), ""))
		}
		seen[name.Text] = true
		value, err := r.value()
		node.Fields = append(node.Fields, Field{Name: name.Text, At: name.At, Value: value})
		return err
	})
	return err
}

// duplicate returns the message for a name that is there twice. It does not show
// a name in a literal, where a wrong quote makes a name of a value.
func (r *reader) duplicate(name string) string {
	if r.literal != nil {
		return "duplicate key"
	}
	return "duplicate field " + keyname.Show(name)
}

// name reads the name of a field and its colon, up to the value.
func (r *reader) name() (*Node, error) {
	start := r.pos
	name, err := r.valueOrName()
	if err != nil {
		return nil, err
	}
	r.skipBlanks()
	switch c := r.peek(); {
	case c == ',' || c == '}':
		return nil, r.problem(start, "a set, which is neither a map nor a list", "write [ ] around a list, or KEY: VALUE in a map")
	case c != ':':
		return nil, r.problem(r.pos, "a colon is missing after a key", "")
	case name.Kind != String && name.Kind != Number && name.Kind != Bool:
		return nil, r.problem(start, "a key must be a string, a number or a boolean, not "+name.Kind.String(), "")
	}
	r.pos++
	r.skipBlanks()
	return name, nil
}
