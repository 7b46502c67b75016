package file

import (
	"bytes"
	"encoding/base64"
	"slices"
)

// A value that was wrapped over several lines reaches a file of KEY=value lines
// without quotes: base64(1) and openssl wrap at 76 and 64 columns. A reader of
// lines would cut it at the first line end, and would take its last line for a
// key, as base64 ends in "=". Most of its lines hold no "=" and are refused
// anyway. A line with a "=" is refused as well, and shown to nobody, if
//
//   - its value is nothing but "=": the end of base64 or base32;
//   - it has no value, and together with the value above it is whole base64
//     with its padding, so that it may be the last line of that value;
//   - its key mixes capitals, small letters and digits, in 8 characters or
//     more, below a value that may go on;
//   - it has no value, its key is such a mix, and the key has 20 characters or
//     more, or is whole base64 with its "=".
//
// A value may go on if it is 32 characters of base64 or more, without padding,
// and mixes capitals, small letters and digits: hexadecimal does not, a token
// may. Blank lines do not matter. A comment does: a line below it is a new one.
// A PEM block is refused at its first line, and its other lines are skipped.
//
// An ordinary file is not refused: there KEY=value follows such a value, with a
// key in one letter case, or in two without a digit.

// completeValue stands for a value above that does not go on: one in quotes, or none
// yet. Only a comment leaves no value above.
var completeValue = []byte("-")

// The advice and the message for a value of several lines.
const (
	wrappedAdvice = `write the value in one line (base64 -w0), or in quotes with "format: dotenv"; if the line is a key, put a comment above it`
	errWrapped    = "this line may continue the value above it"
	errPEM        = "a PEM block that continues in the next lines"
)

// minWrapped is the least length of base64 that may go on in the next line.
const minWrapped = 32

// mayContinue reports whether a line may be the rest of the value above it.
func mayContinue(above, key, value []byte) bool {
	if len(value) > 0 && isQuote(value[len(value)-1]) {
		value = value[:len(value)-1] // of a value that starts with one, in a file of lines
	}
	switch empty := len(value) == 0; {
	case !empty && len(bytes.Trim(value, "=")) == 0:
		return true
	case empty && mayGoOn(above) && isWholeBase64(unframed(above), key):
		return true
	case empty && above != nil && looksRandom(key, 8) && (len(key) >= 20 || isWholeBase64(nil, key)):
		return true
	}
	return mayGoOn(above) && looksRandom(key, 8)
}

// opensQuote reports whether a value starts with a quote and does not end with it.
func opensQuote(value []byte) bool {
	return len(value) > 0 && isQuote(value[0]) && (len(value) == 1 || value[len(value)-1] != value[0])
}

func isQuote(c byte) bool { return c == '"' || c == '\'' }

// mayGoOn reports whether a value may be the first line of wrapped base64.
func mayGoOn(value []byte) bool {
	for _, c := range unframed(value) {
		if !inBase64(c) {
			return false
		}
	}
	return looksRandom(value, minWrapped)
}

// unframed returns a value without a quote at its start and the backslash with
// which a shell continues a line.
func unframed(value []byte) []byte {
	if len(value) > 0 && isQuote(value[0]) {
		value = value[1:]
	}
	return bytes.TrimSuffix(value, []byte(`\`))
}

// looksRandom reports whether text is so long, and mixes capitals, small letters and
// digits, as base64 of most bytes does.
func looksRandom(text []byte, length int) bool {
	const capital, small, digit = 1, 2, 4
	mixed := 0
	for _, c := range text {
		switch {
		case 'A' <= c && c <= 'Z':
			mixed |= capital
		case 'a' <= c && c <= 'z':
			mixed |= small
		case '0' <= c && c <= '9':
			mixed |= digit
		}
	}
	return len(text) >= length && mixed == capital|small|digit
}

// inBase64 reports whether a byte is one of base64's, in either alphabet.
func inBase64(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || bytes.IndexByte([]byte("+/-_"), c) >= 0
}

// isWholeBase64 reports whether a value and the key of the next line are base64
// with one "=" at its end.
func isWholeBase64(above, key []byte) bool {
	text := slices.Concat(above, key, []byte("="))
	_, standard := base64.StdEncoding.Strict().DecodeString(string(text))
	_, url := base64.URLEncoding.Strict().DecodeString(string(text))
	return standard == nil || url == nil
}

// opensPEM reports whether a value starts a PEM block and does not end it.
func opensPEM(value []byte) bool {
	return bytes.Contains(value, []byte("-----BEGIN ")) && !bytes.Contains(value, []byte("-----END "))
}

// restOfPEM returns the length of a PEM block's lines below its first one, 0 if the
// text has no last line of a block.
func restOfPEM(text []byte) int {
	end := bytes.Index(text, []byte("-----END "))
	if end < 0 {
		return 0
	}
	return end + len(firstLine(text[end:]))
}
