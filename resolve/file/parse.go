package file

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// Entry is one key of a file.
type Entry struct {
	Key   string
	Value resolve.Value
	Line  int // of the key, from 1
}

// Limits on what a file may unfold to: far above any list of secrets, and
// below what a file of the largest size could ask for.
const (
	maxEntries  = 50_000
	maxProblems = 100
)

// blanks are not part of a key or a value that they surround.
const blanks = " \t\r"

// Parse reads a text's keys in order. It accepts a UTF-8 byte order mark at the
// start and CR LF line ends. It refuses UTF-16, NUL bytes, and a duplicate key, as
// tools disagree on which one counts.
//
// The errors are document.Problems, joined, each with its line: all of them, up
// to a hundred. Origin names the text in them.
func Parse(origin string, text []byte, format Format) ([]Entry, error) {
	text, err := asText(origin, text)
	if err != nil {
		return nil, err
	}
	p := parser{origin: origin, line: 1, valueAbove: completeValue, seen: map[string]int{}}
	var statement func(text []byte) (size int)
	switch format {
	case Lines:
		statement = p.lineStatement
	case Dotenv:
		statement = p.dotenvStatement
	default:
		return nil, fmt.Errorf("%s: unknown format of a file", origin)
	}
	for len(text) > 0 && !p.limitReached() {
		size := statement(text)
		p.line += bytes.Count(text[:size], []byte{'\n'})
		text = text[size:]
	}
	if err := p.problems.Err(); err != nil {
		return nil, err
	}
	return p.entries, nil
}

// asText strips the byte order mark. Other than document.Text it lets through
// bytes that are not UTF-8, which a value may hold.
func asText(origin string, text []byte) ([]byte, error) {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		at := document.Position{Origin: origin}
		return nil, &document.Problem{At: at, Message: "is UTF-16", Advice: "save it as UTF-8"}
	}
	text = bytes.TrimPrefix(text, bom)
	if i := bytes.IndexByte(text, 0); i >= 0 {
		at := document.Position{Origin: origin, Line: bytes.Count(text[:i], []byte{'\n'}) + 1, Column: 1}
		return nil, &document.Problem{At: at, Message: "a NUL byte: this is not a text, or it is UTF-16"}
	}
	return text, nil
}

// bom is the UTF-8 byte order mark.
var bom = []byte("\xef\xbb\xbf")

// parser collects what the statements of a text say.
type parser struct {
	origin     string
	line       int    // of the statement being read
	valueAbove []byte // the value of the line above it; nil after a comment
	entries    []Entry
	seen       map[string]int // the line of each key
	problems   document.Problems
	refused    int
}

// refuse notes a problem of the present statement.
func (p *parser) refuse(hint, format string, args ...any) {
	p.refused++
	p.problems.Add(document.Position{Origin: p.origin, Line: p.line, Column: 1}, hint, format, args...)
}

// limitReached ends the reading of a file that is something else altogether, a log or
// an archive, before its problems fill the memory.
func (p *parser) limitReached() bool {
	switch {
	case p.refused >= maxProblems:
		p.refuse("", "too many problems: the rest of the file is not read")
	case len(p.entries) > maxEntries:
		p.refuse("", "more than %d keys", maxEntries)
	default:
		return false
	}
	return true
}

// checkKey refuses text that is not a key, and shows nothing of it: the line may
// be the rest of a value. A byte order mark is left where two files were joined.
func (p *parser) checkKey(key []byte) bool {
	if bytes.HasPrefix(key, bom) {
		p.refuse("remove it", "a byte order mark that is not at the start of the file")
		return false
	}
	if keyname.Check(string(key)) != nil {
		p.refuse(keyAdvice, errNotKey)
		return false
	}
	return true
}

// The message and the advice for text before a "=" that is not a key.
const (
	errNotKey = `text that is not a key stands before the "="`
	keyAdvice = `write KEY=value; a key is 1 to 253 letters, digits, "_", "-" and "."`
)

// checkWhole refuses a line that may be the rest of the value above it, and a
// value that goes on in the next line.
func (p *parser) checkWhole(key, value []byte) bool {
	switch {
	case mayContinue(p.valueAbove, key, value):
		p.refuse(wrappedAdvice, errWrapped)
		return false
	case opensPEM(value):
		p.refuse(wrappedAdvice, errPEM)
		return false
	}
	p.valueAbove = append([]byte{}, value...)
	return true
}

// mayShow reports whether a message may have the key. It may be a part of a value
// that began before if a line above was refused, or if it looks like base64.
func (p *parser) mayShow(key string) bool { return p.refused == 0 && !looksRandom([]byte(key), 8) }

// add notes an entry whose key was checked.
func (p *parser) add(key string, value []byte) {
	if first, twice := p.seen[key]; twice {
		what := "a key"
		if p.mayShow(key) {
			what = "key " + keyname.Show(key)
		}
		p.refuse("keep one of them", "%s is there twice, in line %d and line %d", what, first, p.line)
		return
	}
	p.seen[key] = p.line
	p.entries = append(p.entries, Entry{key, resolve.NewValue(slices.Clip(value)), p.line})
}

// firstLine returns a text up to and including its first line end.
func firstLine(text []byte) []byte {
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		return text[:i+1]
	}
	return text
}

// errNeither is the message for a line that is not a statement.
const errNeither = "neither KEY=value nor a comment"

// lineStatement reads one line: a key, the first "=", a value, blanks around
// both, and nothing in the value that has a meaning.
func (p *parser) lineStatement(text []byte) int {
	whole := firstLine(text)
	line := bytes.Trim(whole, blanks+"\n")
	if p.skipLine(line) {
		return len(whole)
	}
	key, value, found := bytes.Cut(line, []byte{'='})
	key, value = bytes.TrimRight(key, blanks), bytes.TrimLeft(value, blanks)
	switch {
	case !found:
		p.refuseLine()
	case bytes.HasPrefix(key, []byte("export ")):
		p.refuse(`dotenv has export and quotes: use "format: dotenv"`, "a key starts with export")
	case p.checkKey(key) && p.checkWhole(key, value):
		p.add(string(key), value)
	}
	return len(whole)
}

// skipLine reports whether a line without the blanks around it is empty or a
// comment. No value goes on after a comment.
func (p *parser) skipLine(line []byte) bool {
	if len(line) > 0 && line[0] == '#' {
		p.valueAbove = nil
	}
	return len(line) == 0 || line[0] == '#'
}

// refuseLine refuses a line without "=".
func (p *parser) refuseLine() {
	advice := "write KEY=value"
	if p.valueAbove != nil && (len(p.valueAbove) == 0 || mayGoOn(p.valueAbove)) {
		advice = wrappedAdvice
	}
	p.refuse(advice, errNeither)
}
