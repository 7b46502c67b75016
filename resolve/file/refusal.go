package file

import (
	"bytes"
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// refusal says why a dotenv value is refused.
type refusal struct {
	reason  string
	advice  string // what to do about it, besides writing the value in another way
	part    string // of the value, if it belongs to it
	value   []byte // the value that was probably meant; nil if nobody knows
	escaped bool   // the file has it with escapes
}

// Why a value is refused. The parsers are python-dotenv, dotenv of npm and godotenv.
const (
	aReference  = "holds a ${reference} or a $(command), which some parsers replace"
	aHash       = `holds a "#" at which some parsers end it`
	aDollar     = `holds a "$" that some parsers replace`
	aBackquote  = "starts with a backquote, which some parsers take for a quote"
	aBackslash  = "holds a backslash that parsers read in different ways"
	aDoubled    = "holds two backslashes, which some parsers read as one"
	aQuote      = "holds a quote after a backslash, which may or may not end it"
	anEdge      = "starts or ends with a quote that some parsers remove"
	anInvisible = "starts or ends with an invisible character, such as a no-break space"
)

// What to do about it.
const (
	referenceAdvice = "write the value in place of the reference, or make the parts separate keys"
	commentAdvice   = "put a comment on a separate line"
	dollarAdvice    = "write the value in place of a reference"
	invisibleAdvice = "remove the character"
	escapeAdvice    = "write a character itself in place of its escape"
)

// maxHinted is the longest value, in bytes, for which a way to write it is sought.
const maxHinted = 8 << 10

// howToWrite returns the first form in which the value arrives.
func howToWrite(value []byte, escaped bool) string {
	if len(value) > maxHinted {
		return ""
	}
	text, quoted, bare := string(value), "put the value in single quotes", "write the value without quotes"
	if escaped {
		quoted, bare = quoted+", without escapes", bare+" and escapes"
	}
	for _, form := range []struct {
		advice, right string
		read          func(p *parser, statement []byte) (size int)
	}{
		{quoted, "'" + text + "'", (*parser).dotenvStatement},
		{bare, text, (*parser).dotenvStatement},
		{
			`put the value in double quotes, with \ before each \, " and $`,
			`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`).Replace(text) + `"`, (*parser).dotenvStatement,
		},
		{`move the key to a file of "format: lines", and ` + bare, text, (*parser).lineStatement},
	} {
		p := newParser("")
		p.hinting = true
		statement := []byte("K=" + form.right)
		if size := form.read(p, statement); size == len(statement) && len(p.entries) == 1 && bytes.Equal(p.entries[0].Value.Reveal(), value) {
			return form.advice
		}
	}
	return "take the value from a source of another kind"
}

// hint returns what to do. It advises only a form in which the value arrives.
func (r *refusal) hint() string {
	if r.value == nil {
		return r.advice
	}
	how := howToWrite(r.value, r.escaped)
	if r.part == "" || how == "" {
		return cmp.Or(r.advice, how)
	}
	return r.advice + "; if " + r.part + " belongs to the value, " + how
}

// hintFor returns a refusal's hint, "" in a text that is a hint's.
func (p *parser) hintFor(r *refusal) string {
	if p.hinting {
		return ""
	}
	return r.hint()
}

// isInvisible reports whether a character looks like a blank, or like nothing,
// and is none of the blanks that every parser removes.
func isInvisible(r rune) bool {
	return r > ' ' && unicode.IsSpace(r) || r == '\v' || r == '\f' || r >= 0x1c && r <= 0x1f || r == '\u200b' || r == '\u2060' || r == '\ufeff'
}

// hasInvisibleEnd reports whether the first or the last character is invisible.
func hasInvisibleEnd(text []byte) bool {
	first, _ := utf8.DecodeRune(text)
	last, _ := utf8.DecodeLastRune(text)
	return isInvisible(first) || isInvisible(last)
}
