package document

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// ParseLiteral reads the value that a string holds: JSON if the string is valid
// JSON, else a Python literal, as MLRun does with an inline source that is a
// string. A tuple becomes a List.
//
// Of Python it reads what repr writes: strings in single or double quotes with
// their escapes, numbers, True, False, None, lists, tuples and maps. It also
// takes 012 for a number, and any blanks around the value. Everything else is an
// error, as is a key that is not a string, a number or a boolean, a duplicate
// key, and an escape that is not a character.
//
// All nodes are at at. So are the errors: Problems, joined, with the place
// inside the literal and none of its text, not even a key, since a wrong quote
// makes a key of a value.
func ParseLiteral(at Position, text string) (*Node, error) {
	for i, c := range text {
		if _, size := utf8.DecodeRuneInString(text[i:]); c == 0 || c == utf8.RuneError && size == 1 {
			return nil, (&reader{literal: &at, text: text}).problem(i, "a NUL byte, or not UTF-8", "")
		}
	}
	return parseLiteral(at, text, json.Valid([]byte(text)))
}

func parseLiteral(at Position, text string, json bool) (*Node, error) {
	r := &reader{json: json, literal: &at, text: text}
	node, err := r.document()
	if err != nil {
		return nil, err
	}
	return node, nil
}

// Unwrap returns the value that a string node holds as a literal, as mlrun run -s
// passes a source, and any other node as it is.
func Unwrap(n *Node) (*Node, error) {
	if n.Kind != String {
		return n, nil
	}
	return ParseLiteral(n.At, n.Text)
}

// ParseArgument reads a value of the command line: a literal if it starts with { or
// [, else a string.
func ParseArgument(at Position, text string) (*Node, error) {
	if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
		return ParseLiteral(at, text)
	}
	return &Node{Kind: String, Text: text, At: at}, nil
}
