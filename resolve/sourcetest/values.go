package sourcetest

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve"
)

// Canary is a value that nothing else has a piece of.
const Canary = "c4N@ry~Xq7%zK"

// Values is what has been changed on the way from a source to a handler, in one
// program or another.
var Values = []struct{ Name, Value string }{
	{"plain", "hunter2"},
	{"empty", ""},
	{"one blank", " "},
	{"blanks around", " a b\t"},
	{"a line end", "a\n"},
	{"only line ends", "\n\r\n"},
	{"lines", "-----BEGIN KEY-----\nMIIE\n-----END KEY-----\n"},
	{"CR LF", "a\r\nb\r\n"},
	{"a lone CR", "a\rb"},
	{"dollars", "pa$word ${HOME} $(id) $$ $1"},
	{"quotes", `'"` + "`" + `"'`},
	{"in quotes", `"quoted"`},
	{"backslashes", `\n \\ \" \`},
	{"a comment's sign", "a #b # c"},
	{"only a comment", "# c"},
	{"equals", "a=b==&c"},
	{"a number", "012"},
	{"a float", "1.10"},
	{"a large number", "123456789012345678901234567890"},
	{"a boolean", "true"},
	{"no boolean", "no"},
	{"null", "null"},
	{"a tilde", "~"},
	{"YAML", "a: &b [*c, !d e]"},
	{"JSON", `{"a": "\u00e9\n", "b": [1, null]}`},
	{"a template", "{{ .Values.x }} %{x} %s %d <%= x %>"},
	{"markup", "<a href=\"x\">&amp;</a>"},
	{"beyond ASCII", "pässwörd ключ 日本 😀"},
	{"composed and not", "é e\u0301"},
	{"no-break space around", "\u00a0x\u00a0"},
	{"line ends of Unicode", "a\u2028b\u2029c\u0085d"},
	{"a byte order mark", "\ufeffx"},
	{"tabs", "\ta\tb"},
	{"control characters", "\x01\x02\x1b[31m\x7f"},
	{"a replacement character", "a\ufffdb"},
	{"NUL", "a\x00b"},
	{"not UTF-8", "a\xff\xfe\xc3("},
	{"every byte", everyByte()},
	{"a KiB less one", strings.Repeat("k", 1023)},
	{"more than a pipe holds", strings.Repeat("0123456789abcdef", 5000)},
	{"a MiB", strings.Repeat("M", 1<<20)},
}

func everyByte() string {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return string(all)
}

// RequireHidden checks that a text has neither the value nor any of its
// spellings: raw, escaped, as numbers of any base, base64.
func RequireHidden(t *testing.T, text, value string) {
	t.Helper()
	if len(value) < 4 { // what has so few bytes is in many a text
		return
	}
	b := []byte(value)
	quoted, err := json.Marshal(value)
	require.NoError(t, err)
	spellings := []string{
		value, string(quoted[1 : len(quoted)-1]), withoutEnds(strconv.Quote(value)), withoutEnds(strconv.QuoteToASCII(value)),
		url.QueryEscape(value), url.PathEscape(value), hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b)),
		base64.RawStdEncoding.EncodeToString(b), base64.RawURLEncoding.EncodeToString(b),
	}
	for _, verb := range []string{"%d", "%o", "%b", "%x", "%#x", "% x", "% X", "%#o", "%c", "%U", "%q", "%#v"} {
		spellings = append(spellings, withoutEnds(fmt.Sprintf(verb, b)), withoutEnds(fmt.Sprintf(verb, []rune(value))), withoutEnds(fmt.Sprintf(verb, value)))
	}
	for _, s := range spellings {
		if i := strings.Index(text, s); i >= 0 && len(s) > 3 { // without printing all that is printed
			require.Failf(t, "a value is shown", "%q", text[max(0, i-80):min(len(text), i+len(s)+80)])
		}
	}
}

// withoutEnds returns a text without its first and last character: quotes or
// brackets.
func withoutEnds(s string) string {
	if len(s) < 2 {
		return s
	}
	return s[1 : len(s)-1]
}

// Verbs returns every verb and flag of package fmt that could print a byte, except
// %w and %p: if they do not fit, they call no method, and vet refuses them.
func Verbs() []string {
	var verbs []string
	for _, flags := range []string{"", "+", "#", " ", "0", "-", "+#", "# ", "12", "-40", "#.3", ".9", "+-#0 30.20"} {
		for _, verb := range "vTtbcdoOqxXUeEfFgGsz" {
			verbs = append(verbs, "%"+flags+string(verb))
		}
	}
	return verbs
}

// Printed returns v as every verb, encoder and logger prints it.
func Printed(v any) string {
	var out strings.Builder
	for _, verb := range Verbs() {
		_, _ = fmt.Fprintf(&out, verb+"\n", v)
	}
	text, err := json.Marshal(v)
	_, _ = fmt.Fprintln(&out, string(text), err, v)
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "v", v, slog.Group("g", slog.Any("v", v)))
	slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "v", v, slog.Group("g", slog.Any("v", v)))
	return out.String()
}

// printsNoValue also opens what the value's holder might: the source itself, and the
// whole of what Resolve takes and gives.
func (s Suite) printsNoValue(t *testing.T) {
	holds := map[string]string{"CANARY": Canary, "OTHER": Canary}
	source := s.open(t, holds, s.declared(holds)...)
	found, err := source.Find(t.Context())
	require.NoError(t, err)
	bound := []resolve.Bound{{Source: source}}
	resolution, err := resolve.Resolve(t.Context(), bound)
	require.NoError(t, err)
	for _, v := range []any{source, &source, found, bound, &bound, resolution, resolution.Rows, resolution.Secrets} {
		RequireHidden(t, Printed(v), Canary)
	}
	for _, f := range found {
		RequireHidden(t, f.Where, Canary)
	}
}
