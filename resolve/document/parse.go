package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"
)

// Parse reads a YAML or JSON document. A text that starts with { or [ is read as
// JSON if it is valid JSON, as YAML reads some JSON differently (tabs, \u escapes
// of surrogate pairs). A UTF-8 byte order mark is accepted. Origin names the text
// in messages.
//
// The errors are Problems, joined; an empty text is one. If the syntax is valid,
// Parse returns a Node beside them, so that its reader can look for more.
func Parse(origin string, text []byte) (*Node, error) {
	text, err := checkFilled(origin, text)
	if err != nil {
		return nil, err
	}
	if first := bytes.TrimLeft(text, " \t\r\n")[0]; first != '{' && first != '[' {
		return parseYAML(origin, text)
	}
	if json.Valid(text) {
		return parseJSON(origin, text)
	}
	documents, notYAML := LoadYAML(origin, text)
	if notYAML == nil {
		return readYAML(origin, text, documents)
	}
	_, err = parseJSON(origin, text)
	var notJSON *Problem
	if errors.As(err, &notJSON) && notJSON.At.before(notYAML.At) { // who got further knows what was meant
		return nil, notYAML
	}
	return nil, err
}

// ParseJSON reads a document that must be JSON. Parse would read much that is
// nearly JSON as YAML, with another meaning.
func ParseJSON(origin string, text []byte) (*Node, error) {
	text, err := checkFilled(origin, text)
	if err != nil {
		return nil, err
	}
	return parseJSON(origin, text)
}

// checkFilled returns the checked text, or a Problem if it is empty.
func checkFilled(origin string, text []byte) ([]byte, error) {
	text, err := Text(origin, text)
	if err == nil && len(bytes.TrimLeft(text, " \t\r\n")) == 0 {
		err = &Problem{At: Position{Origin: origin}, Message: "is empty"}
	}
	return text, err
}

// Text checks that bytes are UTF-8 without NUL, and so the same characters for
// every later reader. It strips one UTF-8 byte order mark.
func Text(origin string, text []byte) ([]byte, error) {
	problem := func(at Position, message string) error { return &Problem{At: at, Message: message} }
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return nil, problem(Position{Origin: origin}, "is UTF-16; save it as UTF-8")
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if i := bytes.IndexByte(text, 0); i >= 0 {
		return nil, problem(place(origin, text, i), "a NUL byte: this is not text")
	}
	if !utf8.Valid(text) {
		i := 0
		for {
			r, size := utf8.DecodeRune(text[i:])
			if r == utf8.RuneError && size == 1 {
				return nil, problem(place(origin, text, i), "not UTF-8")
			}
			i += size
		}
	}
	return text, nil
}
