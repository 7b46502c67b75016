package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"
)

// parseJSON reads one JSON value that only blanks follow.
func parseJSON(origin string, text []byte) (*Node, error) {
	r := &reader{json: true, origin: origin, text: string(text)}
	node, err := r.document()
	if !r.overLimits && !json.Valid(text) {
		return nil, notJSON(origin, text)
	}
	return node, err
}

// notJSON returns a Problem with the place and without the library's message,
// which quotes the text.
func notJSON(origin string, text []byte) error {
	offset, message := invalidAt(text), "not valid JSON"
	switch {
	case offset == len(text):
		message += ": it ends too early"
	case json.NewDecoder(bytes.NewReader(text)).Decode(new(json.RawMessage)) == nil:
		message += ": text follows the value"
	}
	return &Problem{At: place(origin, text, offset), Message: message}
}

// invalidAt returns the offset of the first byte that makes a text invalid JSON,
// or the length of a text that ends too early.
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
