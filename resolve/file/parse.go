package file

import (
	"bytes"
	"fmt"
	"slices"
	"unicode/utf8"

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
	text, err := asText(origin, text, format)
	if err != nil {
		return nil, err
	}
	p := newParser(origin)
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
		if p.inPEM {
			size += restOfPEM(text[size:])
			p.inPEM = false
		}
		p.line += bytes.Count(text[:size], []byte{'\n'})
		text = text[size:]
	}
	if err := p.problems.Err(); err != nil {
		return nil, err
	}
	return p.entries, nil
}

// asText strips the byte order mark. Other than document.Text it lets through
// bytes that are not UTF-8, which a value of a file of lines may hold.
func asText(origin string, text []byte, format Format) ([]byte, error) {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		at := document.Position{Origin: origin}
		return nil, &document.Problem{At: at, Message: "is UTF-16", Advice: "save it as UTF-8"}
	}
	text = bytes.TrimPrefix(text, bom)
	refuse := func(i int, message, advice string) ([]byte, error) {
		at := document.Position{Origin: origin, Line: bytes.Count(text[:i], []byte{'\n'}) + 1, Column: 1}
		return nil, &document.Problem{At: at, Message: message, Advice: advice}
	}
	if i := bytes.IndexByte(text, 0); i >= 0 {
		return refuse(i, "a NUL byte: the file is binary or UTF-16", "")
	}
	if i := loneCR(text); i >= 0 {
		return refuse(i, "a CR line ending, as old Macs wrote it", `save the file with LF line endings; in double quotes of "format: dotenv", \r is a CR`)
	}
	if i := invalidUTF8(text); i >= 0 && format == Dotenv {
		return refuse(i, "text that is not UTF-8", "save the file as UTF-8")
	}
	return text, nil
}

// loneCR returns the index of the first CR that is neither followed by LF nor the
// last byte, or -1.
func loneCR(text []byte) int {
	for i := 0; i < len(text)-1; i++ {
		next := bytes.IndexByte(text[i:len(text)-1], '\r')
		if next < 0 {
			break
		}
		if i += next; text[i+1] != '\n' {
			return i
		}
	}
	return -1
}

// invalidUTF8 returns the index of the first byte that is not UTF-8, or -1.
func invalidUTF8(text []byte) int {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
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
	inPEM      bool // the statement started a PEM block and did not end it
	hinting    bool // the text is a hint's: its problems need none
}

func newParser(origin string) *parser {
	return &parser{origin: origin, line: 1, valueAbove: completeValue, seen: map[string]int{}}
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
	if hasInvisibleEnd(key) {
		p.refuse(invisibleAdvice, errInvisible)
		return false
	}
	if keyname.Check(string(key)) != nil {
		p.refuse(keyAdvice, errNotKey)
		return false
	}
	return true
}

// The messages and the advice for text before a "=" that is not a key.
const (
	errInvisible = "an invisible character, such as a no-break space, beside a key"

	errNotKey = `the text before the "=" is not a key`
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
		p.inPEM = true
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
		what := "duplicate key"
		if p.mayShow(key) {
			what += " " + keyname.Show(key)
		}
		p.refuse("keep one of them", "%s, in line %d and line %d", what, first, p.line)
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
		p.refuseLine(line)
	case hasInvisibleEnd(value):
		p.refuse(p.hintFor(&refusal{advice: invisibleAdvice, part: "it", value: value})+` in a file of "format: dotenv"`, "the value %s", anInvisible)
	case bytes.HasPrefix(key, []byte("export ")):
		p.refuse(`use "format: dotenv" for export and quotes`, "a key starts with export")
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
func (p *parser) refuseLine(line []byte) {
	if hasInvisibleEnd(bytes.Trim(line, blanks+"\n")) {
		p.refuse(invisibleAdvice, "an invisible character, such as a no-break space, in a line without a key")
		return
	}
	advice := "write KEY=value; a comment starts with #"
	if p.valueAbove != nil && (len(p.valueAbove) == 0 || mayGoOn(p.valueAbove) || opensQuote(p.valueAbove)) {
		advice = wrappedAdvice
	}
	p.refuse(advice, errNeither)
}
