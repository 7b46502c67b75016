// Package keyname owns what the key of a secret is, and how a name that comes
// from outside is printed.
//
// It refuses text that is not a key. It prints no more of such text than could
// be one, as the rest may be a value. Data flows text -> error or printed text;
// it imports nothing of this project, so that every package can use it.
package keyname

import "strings"

// Max is the longest key, in bytes: the limit of a Kubernetes Secret's.
const Max = 253

// advice is the hint for text that is not a key.
const advice = `use 1 to 253 letters, digits, "_", "-" and "."`

// Error says why text is not a key. It holds at most the part of the text
// before the first character that no key can hold.
type Error struct{ message, hint string }

func (e *Error) Error() string { return e.message }

// Hint returns what to do about it, for a "hint:" line.
func (e *Error) Hint() string { return e.hint }

// Check returns an *Error if text is not a key: 1 to 253 letters, digits, "_",
// "-" and ".", all of ASCII. A key does not start with ".." and is not ".",
// which name directories.
func Check(text string) error {
	end := foreign(text)
	switch {
	case text == "":
		return &Error{"a key is empty", advice}
	case assigned(text, end) && text[end] == ':':
		return &Error{Show(text) + " is not a key: a blank is missing after the colon", "write KEY: VALUE, with a blank after the colon"}
	case assigned(text, end):
		return &Error{Show(text) + " is not a key: it is followed by a value", "name only the key"}
	case end < len(text):
		return &Error{"text that is not a key: it holds " + describe(text[end:]), advice}
	case len(text) > Max:
		return &Error{"text that is not a key: it is longer than 253 bytes", advice}
	case text == "." || strings.HasPrefix(text, ".."):
		return &Error{`a key cannot be "." or start with "..", which name directories`, advice}
	}
	return nil
}

// Show returns text for a message, in quotes. Text that is not a key may be a
// value: of KEY:VALUE and KEY=VALUE it shows the key, of other text nothing.
func Show(text string) string {
	switch end := foreign(text); {
	case assigned(text, end):
		return `"` + text[:end] + `…"`
	case end < len(text) || len(text) > Max:
		return `"…"`
	}
	return `"` + text + `"`
}

// foreign returns the index of the first byte that no key can hold, or the
// length of the text.
func foreign(text string) int {
	for i := range len(text) {
		c := text[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && !('0' <= c && c <= '9') && c != '_' && c != '-' && c != '.' {
			return i
		}
	}
	return len(text)
}

// assigned reports whether text is a key, a colon or an equals sign at end, and
// more. Base64 that ends in equals signs is not.
func assigned(text string, end int) bool {
	if end == 0 || end > Max || end == len(text) || text[end] != ':' && text[end] != '=' {
		return false
	}
	return strings.Trim(text[end:], ":=") != ""
}

// describe names the kind of the character that text starts with, and only the
// kind: the character may be part of a value.
func describe(text string) string {
	switch c := text[0]; {
	case c == ' ' || c == '\t':
		return "a blank"
	case c < ' ' || c == 0x7f:
		return "a control character"
	case c == '"' || c == '\'' || c == '`':
		return "a quote"
	case strings.IndexByte("{}[]()<>", c) >= 0:
		return "a brace or a bracket"
	case c >= 0x80:
		return "a character that is not ASCII"
	}
	return "a punctuation character"
}
