package document

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// pattern compiles a regular expression when it is first needed: most tasks
// hold no literal, and every job would pay for it at its start.
func pattern(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

// pythonWord is wider than an identifier, which none of its uses accepts.
var pythonWord = pattern(`^[\pL\pN_]+`)

func (r *pythonReader) word() (*Node, error) {
	node := &Node{Text: pythonWord().FindString(r.text[r.pos:]), At: r.at}
	switch node.Text {
	case "True", "False":
		node.Kind = Bool
	case "None":
		node.Kind = Null
	case "":
		return nil, r.problem(r.pos, "no value starts with this character")
	default:
		return nil, r.problem(r.pos, "a word that is neither quoted nor True, False or None")
	}
	r.pos += len(node.Text)
	return node, nil
}

// digits may be parted by single underscores.
const digits = `[0-9](?:_?[0-9])*`

// pythonNumber is an integer or a float without its sign (The Python Language
// Reference, 2.4), but for zeros before a decimal integer.
var pythonNumber = pattern(`^(?:0[xX](?:_?[[:xdigit:]])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|` +
	`(?:` + digits + `(?:\.(?:` + digits + `)?)?|\.` + digits + `)(?:[eE][+-]?` + digits + `)?)`)

func (r *pythonReader) number() (*Node, error) {
	start, sign := r.pos, ""
	if c := r.peek(); c == '+' || c == '-' {
		sign = string(c)
		r.pos++
		r.gap()
	}
	text := pythonNumber().FindString(r.text[r.pos:])
	r.pos += len(text)
	rest := r.text[r.pos:]
	switch {
	case text != "" && (strings.HasPrefix(rest, "j") || strings.HasPrefix(rest, "J")):
		return nil, r.problem(start, "a complex number")
	case text == "" || pythonWord().MatchString(rest):
		return nil, r.problem(start, "not a number")
	}
	return &Node{Kind: Number, Text: sign + text, At: r.at}, nil
}

// pythonQuote is a string literal's prefix and its quotes.
var pythonQuote = pattern(`^([A-Za-z]*)('''|"""|'|")`)

// pythonString is one string literal (The Python Language Reference, 2.4.1).
type pythonString struct {
	kind  Kind // String or Bytes
	raw   bool
	quote string
	start int // of its prefix
}

// strings reads adjacent string literals, which are one value.
func (r *pythonReader) strings() (*Node, error) {
	node := &Node{At: r.at}
	var value []byte
	for pythonQuote().MatchString(r.text[r.pos:]) {
		s, err := r.openString()
		if err != nil {
			return nil, err
		}
		if node.Kind != Null && node.Kind != s.kind {
			return nil, r.problem(s.start, "a string next to bytes")
		}
		node.Kind = s.kind
		if value, err = r.appendString(value, s); err != nil {
			return nil, err
		}
		r.gap()
	}
	node.Text = string(value)
	return node, nil
}

// openString reads what pythonQuote matches.
func (r *pythonReader) openString() (pythonString, error) {
	match := pythonQuote().FindStringSubmatch(r.text[r.pos:])
	s := pythonString{kind: String, quote: match[2], start: r.pos}
	switch strings.ToLower(match[1]) {
	case "", "u":
	case "r":
		s.raw = true
	case "b":
		s.kind = Bytes
	case "br", "rb":
		s.kind, s.raw = Bytes, true
	case "f", "fr", "rf":
		return s, r.problem(s.start, "an f-string")
	default:
		return s, r.problem(s.start, "a string's prefix must be r, u, b or br")
	}
	r.pos += len(match[0])
	return s, nil
}

// appendString appends what s denotes, to its closing quotes.
func (r *pythonReader) appendString(value []byte, s pythonString) ([]byte, error) {
	for {
		rest := r.text[r.pos:]
		switch {
		case strings.HasPrefix(rest, s.quote):
			r.pos += len(s.quote)
			return value, nil
		case rest == "", rest[0] == '\n' && len(s.quote) == 1:
			return nil, r.problem(s.start, "a string is not closed")
		case rest[0] == '\\' && !s.raw:
			var err error
			if value, err = r.appendEscape(value, s.kind); err != nil {
				return nil, err
			}
		case rest[0] >= utf8.RuneSelf && s.kind == Bytes:
			return nil, r.problem(r.pos, "bytes may hold ASCII characters only")
		default:
			length := 1
			if rest[0] == '\\' && len(rest) > 1 && rest[1] < utf8.RuneSelf {
				length = 2 // raw: a quote that follows does not close the string
			}
			value = append(value, rest[:length]...)
			r.pos += length
		}
	}
}

// An escape of one character of escaped denotes the same place of denoted.
const (
	escaped = `\'"abfnrtv`
	denoted = "\\'\"\a\b\f\n\r\t\v"
)

// pythonOctal is an escape's digits; Python takes up to three.
var pythonOctal = pattern(`^[0-7]{1,3}`)

// appendEscape appends what a backslash and its sequence denote (The Python
// Language Reference, 2.4.1.1). In bytes, \u, \U and \N are no sequences.
func (r *pythonReader) appendEscape(value []byte, kind Kind) ([]byte, error) {
	rest := r.text[r.pos+1:]
	if rest == "" {
		r.pos++
		return value, nil // and the string is not closed
	}
	c := rest[0]
	switch i := strings.IndexByte(escaped, c); {
	case i >= 0:
		r.pos += 2
		return append(value, denoted[i]), nil
	case c == '\n':
		r.pos += 2
		return value, nil
	case '0' <= c && c <= '7':
		return r.appendCode(value, kind, 1, len(pythonOctal().FindString(rest)), 8)
	case c == 'x':
		return r.appendCode(value, kind, 2, 2, 16)
	case c == 'u' && kind == String:
		return r.appendCode(value, kind, 2, 4, 16)
	case c == 'U' && kind == String:
		return r.appendCode(value, kind, 2, 8, 16)
	case c == 'N' && kind == String:
		return nil, r.problem(r.pos, "an escape by a character's name; write the character")
	}
	r.pos++
	return append(value, '\\'), nil // Python keeps the backslash that it does not know
}

// appendCode appends the character, or the byte, whose code in that base is
// skip bytes on and length digits long.
func (r *pythonReader) appendCode(value []byte, kind Kind, skip, length, base int) ([]byte, error) {
	start := r.pos
	rest := r.text[start+skip:]
	code, err := strconv.ParseUint(rest[:min(length, len(rest))], base, 32)
	switch {
	case err != nil, len(rest) < length:
		return nil, r.problem(start, "an escape with too few digits")
	case kind == String && !utf8.ValidRune(rune(code)):
		return nil, r.problem(start, "an escape that is no character")
	}
	r.pos += skip + length
	if kind == Bytes {
		return append(value, byte(code)), nil // as Python, which drops the ninth bit of \777
	}
	return utf8.AppendRune(value, rune(code)), nil
}
