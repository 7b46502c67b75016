package mutation

import (
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"
	"strings"
)

const alphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// writer builds a text and notes its values.
type writer struct {
	random *rand.Rand
	text   []byte
	values []value
}

func (w *writer) write(text string) { w.text = append(w.text, text...) }

// pair writes a key, what stands between, and a value as it is encoded.
func (w *writer) pair(key, between, text string, encode func(string) string) {
	w.entry(value{key: strings.Trim(key, ` '"`), text: text, secret: true}, key+between, encode(text))
}

// entry writes a value that is to be noted.
func (w *writer) entry(v value, before, encoded string) {
	v.from = len(w.text)
	w.write(before)
	v.at = len(w.text)
	w.write(encoded)
	v.end = len(w.text)
	w.values = append(w.values, v)
}

// token returns letters and digits, as of an API.
func (w *writer) token() string { return w.letters(16 + w.random.IntN(24)) }

func (w *writer) letters(count int) string {
	b := make([]byte, count)
	for i := range b {
		b[i] = alphanumeric[w.random.IntN(len(alphanumeric))]
	}
	return string(b)
}

// password returns short words with punctuation between them.
func (w *writer) password() string {
	words := make([]string, 4+w.random.IntN(4))
	for i := range words {
		words[i] = w.letters(3+w.random.IntN(4)) + string("!#$%&*+/:;=?@^_~.,-"[w.random.IntN(19)])
	}
	return strings.Join(words, "") + w.letters(3)
}

// phrase returns words with blanks, and a colon or an equals sign after one.
func (w *writer) phrase() string {
	return w.letters(5) + " " + w.letters(6) + ": " + w.letters(4) + " = " + w.letters(6)
}

// any returns one of the above.
func (w *writer) any() string {
	return []func() string{w.token, w.password, w.phrase}[w.random.IntN(3)]()
}

// keystore returns the base64 of random bytes, of one to some lines.
func (w *writer) keystore(longest int) string {
	b := make([]byte, 24+w.random.IntN(longest))
	for i := range b {
		b[i] = byte(w.random.Uint32())
	}
	return base64.StdEncoding.EncodeToString(b)
}

// pem returns a PEM block without its last line end.
func (w *writer) pem(longest int) string {
	return "-----BEGIN PRIVATE KEY-----\n" + wrap(w.keystore(longest), 64) + "\n-----END PRIVATE KEY-----"
}

// wrap puts a line end after every so many characters.
func wrap(text string, width int) string {
	var lines []string
	for ; len(text) > width; text = text[width:] {
		lines = append(lines, text[:width])
	}
	return strings.Join(append(lines, text), "\n")
}

// window is how many bytes of a value an output may not hold.
const window = 8

// Leak returns the key of a value of which an output holds eight bytes or more,
// as they are, in hexadecimal or in base64; "" for none.
func (in *Input) Leak(output string) string {
	parts := in.parts()
	lower := strings.ToLower(output)
	for i := range output {
		for _, size := range []int{window, 2 * window, window * 3 / 2} {
			if i+size > len(output) {
				continue
			}
			if key, ok := parts[output[i:i+size]]; ok {
				return key
			}
			if key, ok := parts[lower[i:i+size]]; ok && size == 2*window {
				return key
			}
		}
	}
	return ""
}

// parts returns every run of eight bytes of a secret value by its spellings.
func (in *Input) parts() map[string]string {
	parts := map[string]string{}
	for _, v := range in.values {
		for line := range strings.SplitSeq(v.text, "\n") {
			if !v.secret || strings.HasPrefix(line, "-----") {
				continue // the first and last line of PEM are no secret
			}
			for i := range max(0, len(line)-window+1) {
				part := line[i : i+window]
				parts[part] = v.key
				parts[hex.EncodeToString([]byte(part))] = v.key
			}
			for shift := range 3 { // base64 has three spellings, by where the value stands in it
				if shift >= len(line) {
					break
				}
				encoded := base64.RawStdEncoding.EncodeToString([]byte(line[shift:]))
				for i := range max(0, len(encoded)-window*3/2) {
					parts[encoded[i:i+window*3/2]] = v.key
				}
			}
		}
	}
	return parts
}
