package keyname

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
)

// maxQuoted is the most of a name that a message has, in bytes.
const maxQuoted = 256

// Quote returns a name from outside, such as a path or a URL, for a message: in
// quotes, with what no terminal shows as itself escaped, and cut after 256
// bytes. A name that is to be a key goes through Show.
func Quote(name string) string {
	cut := ""
	if len(name) > maxQuoted {
		name, cut = strings.ToValidUTF8(name[:maxQuoted], ""), "…"
	}
	if Printable(name) {
		quoted := strconv.Quote(name)
		return quoted[:len(quoted)-1] + cut + `"`
	}
	quoted := strconv.QuoteToASCII(name)
	return quoted[:len(quoted)-1] + cut + `"`
}

// Plain returns a name from outside as itself if it can be printed, and
// otherwise as Quote does. It is for tables and for places such as FILE:LINE.
func Plain(name string) string {
	if Printable(name) {
		return name
	}
	return Quote(name)
}

// Printable reports whether a terminal shows every character of text as itself:
// there are no control characters, invalid bytes, characters that change the
// direction of writing, or characters without a width.
func Printable(text string) bool {
	for i, r := range text {
		if !printable(r) || r == unicode.ReplacementChar && !strings.HasPrefix(text[i:], "\uFFFD") {
			return false
		}
	}
	return true
}

func printable(r rune) bool {
	if r < unicode.MaxASCII {
		return r >= ' '
	}
	return strconv.IsPrint(r) && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// Escape returns a message with what is not printable escaped as Go does. It is
// the last net, for text whose names were not quoted.
func Escape(message string) string {
	return escape(message, func(r rune) string {
		quoted := strconv.QuoteRuneToASCII(r)
		return quoted[1 : len(quoted)-1]
	})
}

// EscapeJSON returns the same JSON with what is not printable in its strings
// escaped as \uXXXX. Line ends and tabs between its values are kept.
func EscapeJSON(text string) string {
	return escape(text, func(r rune) string {
		if r == '\n' || r == '\t' {
			return string(r)
		}
		var escaped strings.Builder
		for _, unit := range utf16.AppendRune(nil, r) {
			hex := strconv.FormatUint(uint64(unit), 16)
			escaped.WriteString(`\u` + strings.Repeat("0", 4-len(hex)) + hex)
		}
		return escaped.String()
	})
}

func escape(text string, one func(rune) string) string {
	if Printable(text) {
		return text
	}
	var escaped strings.Builder
	for _, r := range text {
		if printable(r) {
			escaped.WriteRune(r)
		} else {
			escaped.WriteString(one(r))
		}
	}
	return escaped.String()
}
