package file

import (
	"bytes"
	"cmp"
	"errors"

	"github.com/joho/godotenv"

	"github.com/seed45446ece/launcher/resolve/keyname"
)

// maxValue is the longest dotenv value, in bytes. godotenv takes twenty times
// as much memory, and a second for every 4 MiB.
const maxValue = 4 << 20

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
	if len(left) == 0 || !isQuote(left[0]) {
		line := firstLine(text)
		return rawValue{body: bytes.Trim(line, blanks+"\n"), size: len(line), ended: true}
	}
	quote := left[0]
	for i := 1; i < len(left); i++ {
		if left[i] == quote && left[i-1] != '\\' {
			tail := firstLine(left[i+1:])
			return rawValue{quote, left[1:i], bytes.Trim(tail, blanks+"\n"), blank + i + 1 + len(tail), true}
		}
	}
	return rawValue{quote: quote, body: left[1:], size: len(text)}
}

// dotenvStatement reads one statement of as many lines as its quoted value has.
// Each goes to godotenv alone, so that the line is known, nothing can be
// expanded from an earlier one, and its recursion over comment lines cannot
// exhaust the stack.
func (p *parser) dotenvStatement(text []byte) int {
	line := firstLine(text)
	if p.skipLine(bytes.Trim(line, blanks+"\n")) {
		return len(line)
	}
	equals := bytes.IndexByte(line, '=')
	if equals < 0 {
		p.refuseLine(line)
		return len(line)
	}
	raw := splitValue(text[equals+1:])
	key, what := p.dotenvKey(text[:equals]), "the value"
	if key != "" && p.mayShow(key) {
		what += " of " + keyname.Show(key)
	}
	size := equals + 1 + raw.size
	value, wrong := raw.read(text[:size], key)
	switch {
	case wrong != nil:
		p.refuse(p.hintFor(wrong), "%s %s", what, wrong.reason)
	case key != "" && p.dotenvWhole(key, raw, value):
		p.add(key, value)
	}
	return size
}

// dotenvWhole calls checkWhole for a value without quotes. Quotes show where a
// value ends.
func (p *parser) dotenvWhole(key string, w rawValue, value []byte) bool {
	if w.quote != 0 {
		p.valueAbove = completeValue
		return true
	}
	return p.checkWhole([]byte(key), value)
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
	if bytes.IndexByte(key, '-') >= 0 {
		p.refuse(`write "_" for "-": a handler that asks for either finds it`, `a dotenv name holds no "-"`)
		return ""
	}
	return string(key)
}

// read returns the value with nothing expanded, if godotenv reads the statement
// in the same way. It refuses what dotenv parsers do not agree on. An empty key,
// which was refused, is not read by godotenv.
func (w rawValue) read(statement []byte, key string) ([]byte, *refusal) {
	value, wrong := w.plain()
	if wrong != nil || key == "" {
		return value, wrong
	}
	got, err := godotenvValue(statement, key)
	escaped := w.quote != 0 && !bytes.Equal(w.body, value)
	switch {
	case err != nil:
		return nil, &refusal{reason: err.Error(), value: value, escaped: escaped}
	case got == string(value):
		return value, nil
	case w.quote == 0 && bytes.IndexByte(w.body, '#') >= 0:
		return nil, &refusal{reason: aHash, advice: commentAdvice, part: `the "#"`, value: w.body}
	case bytes.IndexByte(value, '$') >= 0:
		return nil, &refusal{reason: aDollar, advice: dollarAdvice, part: `the "$"`, value: value, escaped: escaped}
	}
	return nil, &refusal{reason: anEdge, value: value, escaped: escaped}
}

// plain reads a value by the rules on which parsers agree.
func (w rawValue) plain() ([]byte, *refusal) {
	switch {
	case !w.ended:
		return nil, &refusal{reason: "has no closing quote", advice: "close the quotes; write a value that ends in a backslash without quotes and escapes"}
	case hasInvisibleEnd(w.tail):
		return nil, &refusal{reason: anInvisible, advice: invisibleAdvice}
	case w.quote == 0 && hasInvisibleEnd(w.body):
		return nil, &refusal{reason: anInvisible, advice: invisibleAdvice, part: "it", value: w.body}
	case len(w.tail) > 0 && w.tail[0] != '#':
		return nil, &refusal{reason: "has text after its closing quote", advice: "write one KEY=value on a line, and all of the value in one pair of quotes"}
	case len(w.body) > maxValue:
		return nil, &refusal{reason: "is longer than 4 MiB"}
	case w.quote == 0:
		return w.bare()
	}
	w.body = bytes.ReplaceAll(w.body, []byte("\r\n"), []byte("\n"))
	if w.quote == '\'' {
		return w.singleQuoted()
	}
	return w.doubleQuoted()
}

// bare returns an unquoted value: up to the first "#" that follows a blank.
func (w rawValue) bare() ([]byte, *refusal) {
	value := w.body
	for i := 1; i < len(value); i++ {
		if value[i] == '#' && (value[i-1] == ' ' || value[i-1] == '\t') {
			value = bytes.TrimRight(value[:i], " \t")
		}
	}
	switch {
	case refers(value):
		return nil, &refusal{reason: aReference, advice: referenceAdvice}
	case bytes.IndexByte(value, '#') >= 0:
		return nil, &refusal{reason: aHash, advice: commentAdvice, part: `the "#"`, value: w.body}
	case bytes.HasPrefix(value, []byte("`")):
		return nil, &refusal{reason: aBackquote, value: value}
	}
	return value, nil
}

// singleQuoted returns a value in which nothing has a meaning.
func (w rawValue) singleQuoted() ([]byte, *refusal) {
	switch {
	case bytes.IndexByte(w.body, '\'') >= 0:
		return nil, &refusal{reason: aQuote, value: bytes.ReplaceAll(w.body, []byte(`\'`), []byte("'")), escaped: true}
	case bytes.Contains(w.body, []byte(`\\`)):
		return nil, &refusal{reason: aDoubled, value: w.body}
	}
	return w.body, nil
}

// doubleQuoted returns a value with its escapes replaced.
func (w rawValue) doubleQuoted() ([]byte, *refusal) {
	escapes := map[byte]byte{'n': '\n', 'r': '\r', '"': '"', '\\': '\\', '$': '$'}
	value, unescaped := make([]byte, 0, len(w.body)), make([]byte, 0, len(w.body))
	reason, escaped := "", false
	for i := 0; i < len(w.body); i++ {
		c := w.body[i]
		if c == '"' {
			reason = aQuote
		}
		if c != '\\' || i+1 == len(w.body) {
			value, unescaped = append(value, c), append(unescaped, c)
			continue
		}
		i++
		if character, ok := escapes[w.body[i]]; ok {
			value, unescaped, escaped = append(value, character), append(unescaped, ' '), true
			continue
		}
		value, reason = append(value, '\\', w.body[i]), cmp.Or(reason, aBackslash)
	}
	switch {
	case refers(unescaped):
		return nil, &refusal{reason: aReference, advice: referenceAdvice}
	case reason == aBackslash && escaped:
		return nil, &refusal{reason: reason, advice: escapeAdvice + `; if the backslash belongs to the value, write \\ for it`}
	case reason == aBackslash:
		return nil, &refusal{reason: reason, advice: escapeAdvice, part: "the backslash", value: value}
	case reason != "":
		return nil, &refusal{reason: reason, value: value, escaped: true}
	}
	return value, nil
}

// refers reports whether text holds a reference or a command.
func refers(text []byte) bool {
	reference, command := bytes.Index(text, []byte("${")), bytes.Index(text, []byte("$("))
	return reference >= 0 && bytes.LastIndexByte(text, '}') > reference || command >= 0 && bytes.LastIndexByte(text, ')') > command
}

// errOther stands for godotenv's own messages, which quote the text.
var errOther = errors.New("is not read by godotenv as one KEY=value")

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
