package file

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"github.com/joho/godotenv"

	"github.com/seed45446ece/launcher/resolve/keyname"
)

// The advice for what dotenv cannot say.
const (
	singleQuote = `put the value in single quotes; a value that holds one itself needs "format: lines"`
	otherNames  = `write KEY=value; for other names use "format: lines"`
)

// maxValue is the longest dotenv value, in bytes. godotenv takes twenty times
// as much memory, and a second for every 4 MiB.
const maxValue = 8 << 20

// rawValue is the right side of a statement, as written in the file.
type rawValue struct {
	quote byte   // ' or ", 0 for a bare value
	body  []byte // between the quotes, or up to the end of the line
	tail  []byte // what follows the closing quote in its line
	size  int    // to the end of the last line, with its line end
	ended bool   // a quoted value has a closing quote
}

// splitValue finds where a value ends, by godotenv's rule: a bare one with its
// line, a quoted one at the first such quote that has no backslash before it.
func splitValue(text []byte) rawValue {
	left := bytes.TrimLeft(text, " \t")
	blank := len(text) - len(left)
	if len(left) == 0 || left[0] != '\'' && left[0] != '"' {
		line := firstLine(text)
		return rawValue{body: withoutEnd(line), size: len(line), ended: true}
	}
	quote := left[0]
	for i := 1; i < len(left); i++ {
		if left[i] == quote && left[i-1] != '\\' {
			tail := firstLine(left[i+1:])
			return rawValue{quote, left[1:i], withoutEnd(tail), blank + i + 1 + len(tail), true}
		}
	}
	return rawValue{quote: quote, body: left[1:], size: len(text)}
}

// withoutEnd removes the line end.
func withoutEnd(line []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte{'\n'}), []byte{'\r'})
}

// dotenvStatement reads one statement of as many lines as its quoted value has.
// Each goes to godotenv alone, so that the line is known, nothing can be
// expanded from an earlier one, and its recursion over comment lines cannot
// exhaust the stack. A value counts only if godotenv and the plain reading of the
// same text agree.
func (p *parser) dotenvStatement(text []byte) int {
	line := firstLine(text)
	if p.skipLine(bytes.Trim(line, blanks+"\n")) {
		return len(line)
	}
	equals := bytes.IndexByte(line, '=')
	if equals < 0 {
		p.refuseLine()
		return len(line)
	}
	value := splitValue(text[equals+1:])
	size := equals + 1 + value.size
	key, what := p.dotenvKey(text[:equals]), "the value"
	if key != "" && p.mayShow(key) {
		what += " of " + keyname.Show(key)
	}
	if plain, ok := p.plainValue(value, what); ok && key != "" && p.dotenvWhole(key, value, plain) {
		got, err := godotenvValue(text[:size], key)
		switch {
		case err != nil:
			p.refuse(singleQuote, "%s: %v", what, err)
		case got != string(plain):
			hint, reason := explainDifference(value)
			p.refuse(hint, "%s %s", what, reason)
		default:
			p.add(key, plain)
		}
	}
	return size
}

// dotenvWhole calls checkWhole for a value without quotes. Quotes show where a
// value ends.
func (p *parser) dotenvWhole(key string, w rawValue, plain []byte) bool {
	if w.quote != 0 {
		p.valueAbove = completeValue
		return true
	}
	return p.checkWhole([]byte(key), plain)
}

// dotenvKey returns a statement's key, without "export", or "".
func (p *parser) dotenvKey(left []byte) string {
	key := bytes.Trim(left, " \t")
	if rest, found := bytes.CutPrefix(key, []byte("export")); found && len(rest) > 0 {
		if name := bytes.TrimLeft(rest, " \t"); len(name) < len(rest) {
			key = name
		}
	}
	if !p.checkKey(key) {
		return ""
	}
	for _, c := range key {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '_' || c == '.'
		if !letter {
			p.refuse(otherNames, `a dotenv name holds letters, digits, "_" and "." only`)
			return ""
		}
	}
	return string(key)
}

// plainValue reads a value with nothing expanded; what names it in a problem.
// It refuses what dotenv readers do not agree on.
func (p *parser) plainValue(w rawValue, what string) ([]byte, bool) {
	tail := bytes.TrimLeft(w.tail, " \t")
	switch {
	case !w.ended:
		p.refuse("a quote after a backslash is no end", "the quotes around %s do not end", what)
	case len(tail) > 0 && tail[0] != '#':
		p.refuse("write one KEY=value on a line", "more follows %s in the line", what)
	case len(w.body) > maxValue:
		p.refuse(`use "format: lines"`, "%s is longer than %d MiB", what, maxValue>>20)
	case w.quote == 0:
		return bareValue(w.body), true
	case w.quote == '\'' && !bytes.Contains(w.body, []byte(`'`)):
		return w.body, true
	case w.quote == '"':
		if plain, ok := unescape(w.body); ok {
			return plain, true
		}
		fallthrough
	default:
		p.refuse(`use "format: lines"`, "%s holds a backslash before a quote that may or may not end it", what)
	}
	return nil, false
}

// bareValue returns an unquoted value: up to the first "#" that follows a blank.
func bareValue(body []byte) []byte {
	for i := 1; i < len(body); i++ {
		if body[i] == '#' && (body[i-1] == ' ' || body[i-1] == '\t') {
			body = body[:i]
		}
	}
	return bytes.Trim(body, " \t")
}

// unescape reads double quotes as godotenv does: \n and \r are the line ends,
// another character after a backslash is itself. It returns false if a quote
// within the value has an even number of backslashes before it, so that the
// value ended there.
func unescape(body []byte) ([]byte, bool) {
	plain := make([]byte, 0, len(body))
	for i := 0; i < len(body); i++ {
		c := body[i]
		if c == '"' {
			return nil, false
		}
		if c == '\\' && i+1 < len(body) {
			i++
			switch c = body[i]; c {
			case 'n':
				c = '\n'
			case 'r':
				c = '\r'
			}
		}
		plain = append(plain, c)
	}
	return plain, true
}

// errOther stands for godotenv's own messages, which quote the text.
var errOther = errors.New("godotenv does not read this as one KEY=value")

// godotenvValue returns the value that godotenv reads in one statement. It fails
// with errOther if godotenv fails, or finds anything except the one key.
func godotenvValue(statement []byte, key string) (value string, err error) {
	defer func() {
		if recover() != nil { // the panic's text may hold the value
			value, err = "", errOther
		}
	}()
	values, err := godotenv.UnmarshalBytes(statement)
	if _, found := values[key]; err != nil || !found || len(values) != 1 {
		return "", errOther
	}
	return values[key], nil
}

// explainDifference returns why godotenv reads a value differently, and a hint.
func explainDifference(w rawValue) (hint, reason string) {
	switch {
	case !utf8.Valid(w.body):
		return singleQuote, "is not UTF-8, and has no quotes"
	case bytes.Contains(w.body, []byte("\r\n")):
		return "save the file with LF line ends", "holds CR LF line ends, which godotenv does not keep"
	case bytes.IndexByte(w.body, '$') >= 0:
		return singleQuote, "holds a $ that godotenv would expand or unescape"
	case w.quote != 0:
		return singleQuote, "holds an escaped quote at its edge, which godotenv takes away"
	}
	return singleQuote, "has two readings, a comment or a blank among them"
}
