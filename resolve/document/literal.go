package document

import (
	"encoding/json"
	"fmt"
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
	character := 0
	for i, c := range text {
		character++
		if _, size := utf8.DecodeRuneInString(text[i:]); c == 0 || c == utf8.RuneError && size == 1 {
			return nil, literalProblem(at, character, "a NUL byte, or not UTF-8", "")
		}
	}
	if !json.Valid([]byte(text)) {
		return parsePython(at, text)
	}
	r := newJSONReader("", []byte(text))
	r.literal = &at
	node, err := r.value(0)
	if err != nil {
		r.note(place("", r.text, int(r.tokens.InputOffset())-1), err.Error())
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return node, nil
}

// ParseArgument reads a value of the command line: a literal if it starts with { or
// [, else a string.
func ParseArgument(at Position, text string) (*Node, error) {
	if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
		return ParseLiteral(at, text)
	}
	return &Node{Kind: String, Text: text, At: at}, nil
}

// literalProblem returns a problem at one character of the literal, counted
// from 1.
func literalProblem(at Position, character int, message, hint string) error {
	return &Problem{At: at, Message: fmt.Sprintf("character %d of the literal: %s", character, message), Advice: hint}
}

const keyTwice = "a key is there twice"
