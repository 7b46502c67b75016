package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/seed45446ece/launcher/resolve/keyname"
)

// jsonReader builds the tree from the standard library's tokens.
type jsonReader struct {
	origin  string
	literal *Position // of the literal that the text is; nil if it is a document
	text    []byte
	tokens  *json.Decoder

	// The place of the last token asked for, carried forward so that a large
	// document is walked once.
	offset, line, column int

	budget budget
	Problems
}

func newJSONReader(origin string, text []byte) *jsonReader {
	r := &jsonReader{origin: origin, text: text, line: 1, column: 1, tokens: json.NewDecoder(bytes.NewReader(text))}
	r.tokens.UseNumber()
	return r
}

// parseJSON reads one JSON value (RFC 8259) that only blanks follow.
func parseJSON(origin string, text []byte) (*Node, error) {
	r := newJSONReader(origin, text)
	node, err := r.value(0)
	if err == nil {
		if _, end := r.tokens.Token(); !errors.Is(end, io.EOF) {
			err = errMore
		}
	}
	if err != nil {
		return nil, r.problem(err)
	}
	return node, r.Err()
}

// The errors that end the reading of a document at its limits.
var (
	errDeep   = errors.New("nested too deeply")
	errLimits = errors.New(limits)
)

var errMore = errors.New("more follows the value")

// problem returns a Problem with the place and without the library's message,
// which quotes the text.
func (r *jsonReader) problem(err error) error {
	if errors.Is(err, errDeep) || errors.Is(err, errLimits) {
		return &Problem{At: place(r.origin, r.text, int(r.tokens.InputOffset())-1), Message: err.Error()}
	}
	offset, message := invalidAt(r.text), "not valid JSON"
	switch {
	case errors.Is(err, errMore):
		message += ": " + err.Error()
	case offset == len(r.text):
		message += ": it ends too early"
	}
	return &Problem{At: place(r.origin, r.text, offset), Message: message}
}

// invalidAt returns the offset of the first byte that makes a text invalid JSON,
// or the length of a text that ends too early. The decoder's own offset leaves
// out the bytes between its tokens.
func invalidAt(text []byte) int {
	const never = '\x00' // never part of a JSON text
	var syntax *json.SyntaxError
	if err := json.Unmarshal(append(bytes.Clone(text), never), new(json.RawMessage)); errors.As(err, &syntax) {
		return int(syntax.Offset) - 1
	}
	return len(text)
}

// place returns the position of a byte offset in a text.
func place(origin string, text []byte, offset int) Position {
	before := text[:max(0, min(offset, len(text)))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return Position{origin, bytes.Count(before, []byte{'\n'}) + 1, utf8.RuneCount(before[start:]) + 1}
}

// next returns the next token and its place.
func (r *jsonReader) next() (json.Token, Position, error) {
	from := int(r.tokens.InputOffset())
	for from < len(r.text) && strings.IndexByte(" \t\r\n,:", r.text[from]) >= 0 {
		from++
	}
	passed := r.text[r.offset:from]
	if i := bytes.LastIndexByte(passed, '\n'); i >= 0 {
		r.line += bytes.Count(passed, []byte{'\n'})
		r.column, passed = 1, passed[i+1:]
	}
	r.column += utf8.RuneCount(passed)
	r.offset = from
	at := Position{r.origin, r.line, r.column}
	token, err := r.tokens.Token()
	if s, ok := token.(string); ok && strings.ContainsRune(s, utf8.RuneError) {
		if raw := r.text[from:r.tokens.InputOffset()]; hasHalfPair(string(raw)) {
			r.note(at, `a \u escape is half of a surrogate pair`)
		}
	}
	return token, at, err
}

// note adds a problem at a place of the text.
func (r *jsonReader) note(at Position, message string) {
	if r.literal != nil {
		at, message = *r.literal, fmt.Sprintf("line %d, column %d of the literal: %s", at.Line, at.Column, message)
	}
	r.Add(at, "", "%s", message)
}

// nodePlace returns the place that a node has.
func (r *jsonReader) nodePlace(at Position) Position {
	if r.literal != nil {
		return *r.literal
	}
	return at
}

// twiceMessage returns the message for a duplicate name. A name in a literal may be a
// value, and is not shown.
func (r *jsonReader) twiceMessage(name string) string {
	if r.literal != nil {
		return keyTwice
	}
	return "field " + keyname.Show(name) + " is there twice"
}

// hasHalfPair reports whether one of the \u escapes of a JSON string, in its
// quotes, is half of a surrogate pair: the library puts U+FFFD in its place.
func hasHalfPair(raw string) bool {
	for {
		_, after, ok := strings.Cut(raw, `\`)
		if !ok {
			return false
		}
		if raw = after[1:]; after[0] != 'u' {
			continue
		}
		first := utf16Unit(raw)
		if raw = raw[4:]; !utf16.IsSurrogate(first) {
			continue
		}
		if !strings.HasPrefix(raw, `\u`) || utf16.DecodeRune(first, utf16Unit(raw[2:])) == utf8.RuneError {
			return true
		}
		raw = raw[6:]
	}
}

// utf16Unit returns the UTF-16 code unit that the first four digits write.
func utf16Unit(digits string) rune {
	u, _ := strconv.ParseUint(digits[:4], 16, 16) // the library has checked them
	return rune(u)
}

func (r *jsonReader) value(depth int) (*Node, error) {
	token, at, err := r.next()
	if err != nil {
		return nil, err
	}
	node := &Node{At: r.nodePlace(at)}
	if !r.budget.spend(0) {
		return nil, errLimits
	}
	switch token := token.(type) {
	case json.Delim:
		if depth == maxDepth {
			return nil, errDeep
		}
		if token == '[' {
			return node, r.list(node, depth)
		}
		return node, r.object(node, depth)
	case string:
		node.Kind, node.Text = String, token
	case json.Number:
		node.Kind, node.Text = Number, token.String()
	case bool:
		node.Kind, node.Text = Bool, "false"
		if token {
			node.Text = "true"
		}
	}
	return node, nil
}

func (r *jsonReader) list(node *Node, depth int) error {
	node.Kind = List
	for r.tokens.More() {
		item, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		node.Items = append(node.Items, item)
	}
	_, _, err := r.next()
	return err
}

func (r *jsonReader) object(node *Node, depth int) error {
	node.Kind = Map
	seen := map[string]bool{}
	for r.tokens.More() {
		token, at, err := r.next()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		if seen[name] {
			r.note(at, r.twiceMessage(name))
		}
		seen[name] = true
		value, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		node.Fields = append(node.Fields, Field{Name: name, At: r.nodePlace(at), Value: value})
	}
	_, _, err := r.next()
	return err
}
