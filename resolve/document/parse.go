package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"
)

// Parse reads a YAML or JSON document. A text that starts with { or [ is JSON
// where it can be, as YAML's reading of JSON is not exact (tabs, \u escapes of
// surrogate pairs). A UTF-8 byte order mark is accepted. Origin names the text
// in messages.
//
// The errors are Problems, joined; an empty text is one. Where the text has its
// grammar's form there is a Node beside them, so that its reader can look for
// more.
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

// ParseJSON reads a JSON document, as Parse does where nothing but JSON is
// meant: much that is nearly JSON is YAML, of another meaning.
func ParseJSON(origin string, text []byte) (*Node, error) {
	text, err := checkFilled(origin, text)
	if err != nil {
		return nil, err
	}
	return parseJSON(origin, text)
}

// checkFilled is a text that is not empty.
func checkFilled(origin string, text []byte) ([]byte, error) {
	text, err := Text(origin, text)
	if err == nil && len(bytes.TrimLeft(text, " \t\r\n")) == 0 {
		err = &Problem{At: Position{Origin: origin}, Message: "is empty"}
	}
	return text, err
}

// Text checks that bytes are text that every later reader takes for the same
// characters: UTF-8, without NUL. It strips one UTF-8 byte order mark.
func Text(origin string, text []byte) ([]byte, error) {
	problem := func(at Position, message string) error { return &Problem{At: at, Message: message} }
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return nil, problem(Position{Origin: origin}, "is UTF-16; save it as UTF-8")
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if i := bytes.IndexByte(text, 0); i >= 0 {
		return nil, problem(place(origin, text, i), "a NUL byte: this is not a text")
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
