package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// jsonReader builds the tree from the standard library's tokens.
type jsonReader struct {
	origin string
	text   []byte
	tokens *json.Decoder

	// The place of the last token asked for, carried forward so that a large
	// document is walked once.
	offset, line, column int

	Problems
}

func newJSONReader(origin string, text []byte) *jsonReader {
	r := &jsonReader{origin: origin, text: text, line: 1, column: 1, tokens: json.NewDecoder(bytes.NewReader(text))}
	r.tokens.UseNumber()
	return r
}

// parseJSON reads one JSON value (RFC 8259) with nothing but blanks after it.
func parseJSON(origin string, text []byte) (*Node, error) {
	r := newJSONReader(origin, text)
	node, err := r.value(0)
	if err == nil {
		if _, end := r.tokens.Token(); !errors.Is(end, io.EOF) {
			err = errors.New("more follows the value")
		}
	}
	if err != nil {
		return nil, r.problem(err)
	}
	return node, r.Err()
}

// errDeep ends the reading of a document that nests without end.
var errDeep = errors.New("nested too deeply")

// problem keeps the place; the library's own messages quote the text.
func (r *jsonReader) problem(err error) error {
	offset, message := int(r.tokens.InputOffset()), "not valid JSON"
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		offset = int(syntax.Offset) - 1
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		offset, message = len(r.text), "not valid JSON: it ends too early"
	default:
		message += ": " + err.Error()
	}
	return &Problem{At: place(r.origin, r.text, offset), Message: message}
}

// place is where a byte offset of a text is.
func place(origin string, text []byte, offset int) Position {
	before := text[:max(0, min(offset, len(text)))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return Position{origin, bytes.Count(before, []byte{'\n'}) + 1, utf8.RuneCount(before[start:]) + 1}
}

// next is the next token and its place.
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
		r.checkEscapes(at, r.text[from:r.tokens.InputOffset()], s)
	}
	return token, at, err
}

// checkEscapes refuses a \u escape that is half of a surrogate pair: the
// library would put U+FFFD in its place.
func (r *jsonReader) checkEscapes(at Position, raw []byte, decoded string) {
	written := bytes.Count(raw, []byte("\uFFFD")) + bytes.Count(bytes.ToLower(raw), []byte(`\ufffd`))
	if strings.Count(decoded, "\uFFFD") > written {
		r.Add(at, "", `a \u escape is half of a surrogate pair`)
	}
}

func (r *jsonReader) value(depth int) (*Node, error) {
	token, at, err := r.next()
	if err != nil {
		return nil, err
	}
	node := &Node{At: at}
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
		value, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		if seen[name] {
			r.Add(at, "", "field %q is there twice", name)
		}
		seen[name] = true
		node.Fields = append(node.Fields, Field{name, at, value})
	}
	_, _, err := r.next()
	return err
}
