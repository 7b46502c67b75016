package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// masked returns a text after a new stream, which must give the same in whole and
// byte by byte.
func masked(t *testing.T, s *Set, text string) string {
	t.Helper()
	st := s.Stream()
	whole := string(st.Flush(st.Append(nil, []byte(text))))
	var got []byte
	for _, c := range []byte(text) {
		got = st.Append(got, []byte{c})
	}
	require.Equal(t, whole, string(st.Flush(got)))
	return whole
}

func values(values ...string) *Set {
	var bytes [][]byte
	for _, value := range values {
		bytes = append(bytes, []byte(value))
	}
	return New(bytes)
}

func TestHides(t *testing.T) {
	for name, c := range map[string]struct {
		values     []string
		text, want string
	}{
		"a value":                 {[]string{"hunter22"}, "pw=hunter22.\n", "pw=***.\n"},
		"every time":              {[]string{"hunter22"}, "hunter22 hunter22hunter22", "*** ******"},
		"but not its start":       {[]string{"hunter22"}, "hunter2 hunter hunter2", "hunter2 hunter hunter2"},
		"no short value":          {[]string{"hunter2", "", "x"}, "hunter2 x", "hunter2 x"},
		"the long one of two":     {[]string{"hunter22", "hunter2233"}, "hunter22 hunter2233 hunter223", "*** *** ***3"},
		"one in another":          {[]string{"hunter22", "the hunter22 shot"}, "the hunter22 shot, the hunter22 sh", "***, the *** sh"},
		"both of two overlapping": {[]string{"password1234", "1234abcdefgh"}, "password1234abcdefgh", "***"},
		"touching in a third":     {[]string{"password", "username", "the passwordusername!"}, "the passwordusername?", "the ******?"},
		"itself overlapping":      {[]string{"abcabcabc"}, "xabcabcabcabcx", "x***x"},
		"after a false start":     {[]string{"aaaaaaab"}, "aaaaaaaaaaab", "aaaa***"},
		"a line end is none":      {[]string{"hunter22\r\n"}, "hunter22\nhunter22\r\n", "***\n***\r\n"},
		"unless it is needed":     {[]string{"hunter2\n"}, "hunter2\nhunter2", "***hunter2"},
		"lines":                   {[]string{"line one\nline two\n"}, "line one\nline two\nline one\r\nline two\r\nline one", "***\n***\r\nline one"},
		"lines with text between": {[]string{"first line of 16\n  second line of 16\nshort line of 1\n"}, "'first line of 16\\n' +\n  '  second line of 16\\n' +\n 'short line of 1'", "'***\\n' +\n  '  ***\\n' +\n 'short line of 1'"},
		"bytes that are no text":  {[]string{"\xff\xfe\x00\x01\xff\xfe\x00\x01"}, "a\xff\xfe\x00\x01\xff\xfe\x00\x01b", "a***b"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, masked(t, values(c.values...), c.text))
		})
	}
}

// hostile are values that each way to write them changes.
func hostile() map[string]string {
	return map[string]string{
		"password": `pa$$ w"o/r\d+1~!'()*`,
		"url":      "https://ana:p@example.org/?a=b&c=<d>#e,f;g",
		"lines":    "-----BEGIN PRIVATE KEY-----\nMIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQC7\nVJTUt9Us8cKjMzEfYyjiWA==\n-----END PRIVATE KEY-----\n",
		"unicode":  "пароль и 😀 \u2028 é\u007f",
		"control":  "a\tb\rc\bd\fe\x01f\x1bg",
		"shortest": "12345678",
		"binary":   "\x00\x01\xfe\xff\x80 \n\"%",
		"long":     long(),
	}
}

// long is a text that is longer than a head in each of its forms.
func long() string {
	var text strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&text, "%x /", i*i)
	}
	return text.String()
}

func TestHidesEachForm(t *testing.T) {
	for name, value := range hostile() {
		text := strings.TrimRight(value, "\n")
		writes := map[string]string{
			"as it is": text, "on a terminal": strings.ReplaceAll(text, "\n", "\r\n"),
			"hex": hex.EncodeToString([]byte(text)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(text))),
			"base64": base64.StdEncoding.EncodeToString([]byte(text)), "base64, no padding": base64.RawStdEncoding.EncodeToString([]byte(text)),
			"base64 for URLs": base64.URLEncoding.EncodeToString([]byte(text)), "base64 for URLs, no padding": base64.RawURLEncoding.EncodeToString([]byte(text)),
			"base64(1)": wrapped(text, 76, "\n"), "base64(1) on a terminal": wrapped(text, 76, "\r\n"), "openssl base64": wrapped(text, 64, "\n"),
			"query": url.QueryEscape(text), "path": url.PathEscape(text), "RFC 3986": strings.ReplaceAll(url.QueryEscape(text), "+", "%20"),
			"user": strings.TrimPrefix(url.UserPassword("", text).String(), ":"),
		}
		for form, written := range writes {
			require.Equal(t, "a ***\n", masked(t, values(value), "a "+written+"\n"), "%s: %s: %q", name, form, written)
		}
		if name == "binary" {
			continue
		}
		for _, html := range []bool{false, true} {
			var json_ bytes.Buffer
			e := json.NewEncoder(&json_)
			e.SetEscapeHTML(html)
			require.NoError(t, e.Encode(text))
			require.Equal(t, "\"***\"\n", masked(t, values(value), json_.String()), "%s: JSON: %q", name, &json_)
		}
	}
}

func wrapped(value string, width int, end string) string {
	text := base64.StdEncoding.EncodeToString([]byte(value))
	var lines []string
	for len(text) > width {
		lines, text = append(lines, text[:width]), text[width:]
	}
	return strings.Join(append(lines, text), end)
}

// TestHidesWhatOtherLanguagesWrite uses the outputs of their own functions.
func TestHidesWhatOtherLanguagesWrite(t *testing.T) {
	const value = "pä/s w~!'()*\"<😀"
	for language, written := range map[string]string{
		"Python's quote":                  "p%C3%A4/s%20w~%21%27%28%29%2A%22%3C%F0%9F%98%80",
		"Python's quote_plus":             "p%C3%A4%2Fs+w~%21%27%28%29%2A%22%3C%F0%9F%98%80",
		"Python's json":                   `p\u00e4/s w~!'()*\"<\ud83d\ude00`,
		"JavaScript's encodeURIComponent": "p%C3%A4%2Fs%20w~!'()*%22%3C%F0%9F%98%80",
		"JavaScript's encodeURI":          "p%C3%A4/s%20w~!'()*%22%3C%F0%9F%98%80",
		"JavaScript's URLSearchParams":    "p%C3%A4%2Fs+w%7E%21%27%28%29*%22%3C%F0%9F%98%80",
		"PHP's urlencode":                 "p%C3%A4%2Fs+w%7E%21%27%28%29%2A%22%3C%F0%9F%98%80",
		"PHP's json_encode":               `p\u00e4\/s w~!'()*\"<\ud83d\ude00`,
		".NET's UrlEncode":                "p%c3%a4%2fs+w%7e!%27()*%22%3c%f0%9f%98%80",
	} {
		require.Equal(t, "a=***&", masked(t, values(value), "a="+written+"&"), language)
	}
}

// TestHidesAValueInsideOfEncodedText may leave the characters at both of its ends
// that also depend on what is beside it.
func TestHidesAValueInsideOfEncodedText(t *testing.T) {
	for name, value := range hostile() {
		text := strings.TrimRight(value, "\n")
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			for before := range 4 {
				for after := range 4 {
					whole := "user:"[:before] + text + "\n;x"[:after]
					got := masked(t, values(value), "Basic "+encoding.EncodeToString([]byte(whole))+" ")
					require.Regexp(t, `^Basic [\w+/-]{0,5}\*\*\*[\w+/-]{0,5}={0,2} $`, got, "%s, %d before, %d after", name, before, after)
				}
			}
		}
	}
}

// TestHoldsBackOnlyWhatMayBecomeAValue is what a prompt needs, and a user who
// waits for a line.
func TestHoldsBackOnlyWhatMayBecomeAValue(t *testing.T) {
	st := values("hunter22", "2 tries left").Stream()
	for _, step := range [][2]string{
		{"password: ", "password: "}, {"hunter2", ""}, {"", ""}, {"1\n", "hunter21\n"}, {"hunt", ""}, {"hunt", "hunt"}, {"er2", ""},
		{"2", "***"}, {" tries left", ""}, {".", "."}, {"hunter22 trees", "*** trees"}, {"2", ""},
	} {
		require.Equal(t, step[1], string(st.Append(nil, []byte(step[0]))), step[0])
	}
	require.Equal(t, "2", string(st.Flush(nil)))
	require.Equal(t, "2hunter2", string(st.Flush(st.Append([]byte("2"), []byte("hunter2")))), "a new stream, appended")
}

// TestALongValueIsHiddenFromItsHeadOn hides a long value before all of it has
// come, and one that was cut off.
func TestALongValueIsHiddenFromItsHeadOn(t *testing.T) {
	value := strings.Repeat("0123456789abcde", 1000) + "."
	st := values(value).Stream()
	require.Empty(t, st.Append(nil, []byte(value[:headLength-1])))
	require.Equal(t, Mark, string(st.Append(nil, []byte{value[headLength-1]})))
	require.Empty(t, st.Append(nil, []byte(value[headLength:])))
	require.Equal(t, "!", string(st.Append(nil, []byte("!"))))
	require.Equal(t, Mark+"!", string(st.Append(nil, []byte(value[:5000]+"!"))))
	require.Equal(t, value[:4000]+"!", string(st.Append(nil, []byte(value[:4000]+"!"))))
}

func TestChangeLooksAgainAtWhatIsHeldBack(t *testing.T) {
	one, two := values("hunter22"), values("hunter22", "unter2 and more")
	st := one.Stream()
	require.Equal(t, "a ", string(st.Append(nil, []byte("a hunter2"))))
	st.Change(two)
	require.Equal(t, "h*** ", string(st.Append(nil, []byte(" and more "))))
	require.Empty(t, st.Append(nil, []byte("hunter2")))
	st.Change(New(nil))
	st.Change(New(nil))
	require.Equal(t, "hunter2", string(st.Append(nil, nil)), "certain with no values")
	require.Equal(t, "2", string(st.Append(nil, []byte("2"))))
}

// TestAStreamOfOneByteEnds takes hours if every byte takes as long as a value is.
func TestAStreamOfOneByteEnds(t *testing.T) {
	const length = 1 << 18
	short, long := strings.Repeat("a", headLength-1), strings.Repeat("a", length)
	fibonacci, last := "a", "b"
	for len(fibonacci) < length {
		fibonacci, last = fibonacci+last, fibonacci
	}
	s := values(long, short+"b", long[:length/2]+"b", fibonacci)
	want := map[string]string{long: Mark, long + "b" + long: Mark + Mark, long + long[1:] + "c": Mark + "c", fibonacci + "c": Mark + "c"}
	for text, want := range want {
		st := s.Stream()
		require.Equal(t, want, string(st.Flush(st.Append(nil, []byte(text)))))
	}
	near := strings.Repeat(fibonacci[:headLength-1]+"c", 500)
	st := values(fibonacci).Stream()
	require.Equal(t, near, string(st.Flush(st.Append(nil, []byte(near)))))
}
