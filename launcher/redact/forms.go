package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// commonOnly is the length from which on only the usual forms of a value are
// found, as each takes memory.
const commonOnly = 1 << 16

// addForms passes each form of a value to add. It leaves out line ends at the
// value's end, as a shell's $(…) does.
func addForms(value []byte, add func([]byte)) {
	if text := bytes.TrimRight(value, "\r\n"); len(text) >= MinLength {
		value = text
	}
	if len(value) < commonOnly {
		text := hex.AppendEncode(nil, value)
		add(text)
		add(bytes.ToUpper(text))
		addLines(value, add)
	}
	add(value)
	add(terminal(value))
	addBase64(value, add)
	addWrapped(value, add)
	for i, style := range urlStyles {
		if i < commonStyles || len(value) < commonOnly {
			add(style.escape(value))
		}
	}
	if utf8.Valid(value) {
		for _, style := range jsonStyles {
			add(style.escape(value))
		}
	}
}

// minLine is the shortest line of a value of several lines that is hidden, in
// bytes. Shorter ones may be ordinary text.
const minLine = 16

// addLines adds the lines of a value of several lines. Programs print them with other
// text between them: console.log of Node.js does if an object holds the value.
func addLines(value []byte, add func([]byte)) {
	if bytes.IndexByte(value, '\n') < 0 {
		return
	}
	for line := range bytes.SplitSeq(value, []byte{'\n'}) {
		if line = bytes.TrimSpace(line); len(line) >= minLine {
			add(line)
		}
	}
}

// terminal returns the value as a terminal prints it, ONLCR of termios(3).
func terminal(value []byte) []byte {
	return bytes.ReplaceAll(value, []byte("\n"), []byte("\r\n"))
}

// addBase64 adds RFC 4648's base64 in both alphabets, at each of the three
// offsets that a value can have in the encoded bytes. It adds only the
// characters that do not depend on the bytes beside the value, and the longer
// text of a value that ends there.
func addBase64(value []byte, add func([]byte)) {
	for before, begin := range []int{0, 2, 3} {
		text := append(make([]byte, before, before+len(value)), value...)
		standard := base64.StdEncoding.AppendEncode(nil, text)[begin:]
		for _, end := range ends(before+len(value), begin, len(standard)) {
			add(standard[:end])
		}
		url := base64.URLEncoding.AppendEncode(nil, text)[begin:]
		for _, end := range ends(before+len(value), begin, len(url)) {
			add(url[:end])
		}
	}
}

// ends returns where base64 text may end: before the character that the next
// byte changes, after it, or after the padding.
func ends(bytes, begin, length int) []int {
	full := bytes*8/6 - begin
	return []int{full, min(full+1, length), length}
}

// addWrapped adds base64 in lines, as base64(1) and openssl(1) print a file.
func addWrapped(value []byte, add func([]byte)) {
	text := base64.StdEncoding.AppendEncode(nil, value)
	for _, width := range []int{76, 64} {
		if len(text) <= width {
			continue
		}
		for _, end := range ends(len(value), 0, len(text)) {
			var lines []byte
			for line := range slices.Chunk(text[:end], width) {
				lines = append(append(lines, '\n'), line...)
			}
			add(lines[1:])
			add(terminal(lines[1:]))
		}
	}
}

// urlStyle is a way to escape for a URL: what it keeps besides letters and
// digits, whether a space becomes "+", and whether hexadecimal digits are
// lower case.
type urlStyle struct {
	keeps       string
	plus, lower bool
}

const commonStyles = 6

var urlStyles = [...]urlStyle{
	{"-._~", false, false},                 // RFC 3986
	{"-._~", true, false},                  // Go's QueryEscape, Python's quote_plus
	{"-._~", false, true},                  //
	{"-._~", true, true},                   //
	{"-._~/", false, false},                // Python's quote
	{"-._~!'()*", false, false},            // JavaScript's encodeURIComponent
	{"-._*", true, false},                  // forms, as WHATWG's URL has them, and Java
	{"-._", true, false},                   // PHP's urlencode
	{"-_.!*()", true, true},                // .NET's UrlEncode
	{"-._~$&+,;=", false, false},           // Go's URL, a password in it
	{"-._~$&+:=@", false, false},           // Go's PathEscape
	{"-._~!'()*;,/?:@&=+$#", false, false}, // JavaScript's encodeURI
}

func (s urlStyle) escape(value []byte) []byte {
	digits := "0123456789ABCDEF"
	if s.lower {
		digits = "0123456789abcdef"
	}
	var keeps [256]bool
	for c := range keeps {
		keeps[c] = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
	}
	for _, c := range []byte(s.keeps) {
		keeps[c] = true
	}
	text := make([]byte, 0, 2*len(value))
	for _, c := range value {
		switch {
		case keeps[c]:
			text = append(text, c)
		case c == ' ' && s.plus:
			text = append(text, '+')
		default:
			text = append(text, '%', digits[c>>4], digits[c&15])
		}
	}
	return text
}

// jsonStyle is a way to write a JSON string: what it escapes beyond the
// necessary.
type jsonStyle struct{ ascii, html, slash bool }

var jsonStyles = [...]jsonStyle{
	{},                         // JavaScript
	{ascii: true},              // Python
	{html: true},               // Go
	{ascii: true, slash: true}, // PHP
}

// jsonShort lists the characters with a short escape, and jsonLetter their
// letters.
const (
	jsonShort  = "\"\\\b\f\n\r\t/"
	jsonLetter = `"\bfnrt/`
)

func (s jsonStyle) escape(value []byte) []byte {
	text := make([]byte, 0, 2*len(value))
	for _, r := range string(value) {
		text = s.append(text, r)
	}
	return text
}

func (s jsonStyle) append(text []byte, r rune) []byte {
	i := strings.IndexRune(jsonShort, r)
	switch {
	case i >= 0 && (r != '/' || s.slash):
		return append(text, '\\', jsonLetter[i])
	case r < ' ', s.html && (r == '<' || r == '>' || r == '&' || r == '\u2028' || r == '\u2029'), s.ascii && r >= 0x80 && r <= 0xffff:
		return fmt.Appendf(text, `\u%04x`, r)
	case s.ascii && r > 0xffff:
		high, low := utf16.EncodeRune(r)
		return fmt.Appendf(text, `\u%04x\u%04x`, high, low)
	}
	return utf8.AppendRune(text, r)
}
