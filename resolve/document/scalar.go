package document

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// wordLength returns the length of the letters, digits and underscores that
// text starts with.
func wordLength(text string) int {
	return len(text) - len(strings.TrimLeftFunc(text, func(c rune) bool {
		return c == '_' || unicode.IsLetter(c) || unicode.IsNumber(c)
	}))
}

var (
	jsonWords   = map[string]Kind{"true": Bool, "false": Bool, "null": Null}
	pythonWords = map[string]Kind{"True": Bool, "False": Bool, "None": Null}
)

func (r *reader) word(node *Node) error {
	words := pythonWords
	if r.json {
		words = jsonWords
	}
	start := r.pos
	r.pos += wordLength(r.text[start:])
	node.Text = r.text[start:r.pos]
	kind, known := words[node.Text]
	node.Kind = kind
	switch next := r.peek(); {
	case node.Text == "":
		return r.problem(start, "no value starts with this character", "write strings, numbers, True, False, None, lists, tuples or maps, without comments")
	case next == '\'' || next == '"':
		return r.problem(start, "a string with a prefix", `write the string without a prefix, and \\ for a backslash`)
	case !known:
		return r.problem(start, "a word that is neither quoted nor True, False or None", "quote it")
	}
	return nil
}

// pythonNumber matches an integer or a float (The Python Language Reference,
// 2.4), and zeros before a decimal integer. It is compiled when it is first
// needed: most tasks hold no literal, and every job would pay at its start.
var pythonNumber = sync.OnceValue(func() *regexp.Regexp {
	const digits = `[0-9](?:_?[0-9])*`
	return regexp.MustCompile(`^[+-]?(?:0[xX](?:_?[[:xdigit:]])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|` +
		`(?:` + digits + `(?:\.(?:` + digits + `)?)?|\.` + digits + `)(?:[eE][+-]?` + digits + `)?)`)
})

func (r *reader) number(node *Node) error {
	rest := r.text[r.pos:]
	node.Kind = Number
	if r.json {
		node.Text = rest[:len(rest)-len(strings.TrimLeft(rest, "+-.0123456789eE"))]
	} else {
		node.Text = pythonNumber().FindString(rest)
	}
	if node.Text == "" || wordLength(rest[len(node.Text):]) > 0 {
		return r.problem(r.pos, "not a number", "quote it if it is text")
	}
	r.pos += len(node.Text)
	return nil
}

// quoted reads a string, from its opening quote.
func (r *reader) quoted(node *Node) error {
	start, quote, half := r.pos, r.peek(), false
	var text strings.Builder
	for r.pos++; r.peek() != quote; {
		switch r.peek() {
		case 0, '\n', '\r':
			return r.problem(start, "a string is not closed", `write \n for a line break`)
		case '\\':
			c, err := r.escape()
			if err != nil {
				return err
			}
			if c == "" {
				half, c = true, string(utf8.RuneError)
			}
			text.WriteString(c)
		default:
			rest := r.text[r.pos:]
			length := len(rest)
			if i := strings.IndexAny(rest, "\\\n\r"+string(quote)); i >= 0 {
				length = i
			}
			text.WriteString(rest[:length])
			r.pos += length
		}
	}
	r.pos++
	node.Kind, node.Text = String, text.String()
	if half {
		r.AddErr(r.problem(start, `a \u escape is half of a surrogate pair`, ""))
	}
	if r.skipBlanks(); r.peek() == '\'' || r.peek() == '"' {
		return r.problem(r.pos, "a string follows a string", "write one string, in one pair of single or double quotes")
	}
	return nil
}

// An escape of one character of escaped denotes the same place of denoted.
const (
	escaped = `\'"abfnrtv`
	denoted = "\\'\"\a\b\f\n\r\t\v"
)

// escape reads a backslash and its sequence (RFC 8259, section 7, and The Python
// Language Reference, 2.4.1.1), and returns what they denote.
func (r *reader) escape() (string, error) {
	start := r.pos
	r.pos++
	c := r.peek()
	switch i := strings.IndexByte(escaped, c); {
	case i >= 0:
		r.pos++
		return denoted[i : i+1], nil
	case c == '/' && r.json:
		r.pos++
		return "/", nil
	case '0' <= c && c <= '7':
		octal := r.text[r.pos:min(r.pos+3, len(r.text))]
		return r.character(start, len(octal)-len(strings.TrimLeft(octal, "01234567")), 8)
	case c == 'N':
		return "", r.problem(start, "an escape by a character's name", "write the character")
	}
	if length := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]; length > 0 {
		r.pos++
		return r.character(start, length, 16)
	}
	return `\`, nil // Python keeps the backslash of an unknown escape
}

// character reads the digits of a code in that base, and returns the character.
// Its escape begins at start. It returns "" for half of a surrogate pair in JSON.
func (r *reader) character(start, length, base int) (string, error) {
	digits := r.text[r.pos:min(r.pos+length, len(r.text))]
	number, err := strconv.ParseUint(digits, base, 32)
	code := rune(number)
	r.pos += len(digits)
	switch {
	case err != nil, len(digits) < length:
		return "", r.problem(start, "an escape with too few digits", "")
	case r.json && utf16.IsSurrogate(code):
		return r.pair(code), nil
	case !utf8.ValidRune(code):
		return "", r.problem(start, "an escape of an invalid character", "write the character")
	}
	return string(code), nil
}

// pair returns the character of a surrogate pair if its second half is next.
func (r *reader) pair(first rune) string {
	if rest := r.text[r.pos:]; len(rest) >= 6 && rest[:2] == `\u` {
		second, _ := strconv.ParseUint(rest[2:6], 16, 16)
		if code := utf16.DecodeRune(first, rune(second)); code != utf8.RuneError {
			r.pos += 6
			return string(code)
		}
	}
	return ""
}
