package keyname

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAKeyIsLettersDigitsUnderscoreHyphenAndDot(t *testing.T) {
	for _, key := range []string{"A", "db-password", "a.b_c-9", "_", "-", ".dockerconfigjson", "9", strings.Repeat("k", 253)} {
		require.NoError(t, Check(key), key)
		require.Equal(t, `"`+key+`"`, Show(key))
	}
}

func TestTextThatIsNotAKeyIsRefusedAndNotShown(t *testing.T) {
	for text, want := range map[string]struct{ shown, message string }{
		"DB_PASSWORD:hunter2":    {`"DB_PASSWORD…"`, `"DB_PASSWORD…" is not a key: a blank is missing after the colon`},
		"DB_PASSWORD=hunter2":    {`"DB_PASSWORD…"`, `"DB_PASSWORD…" is not a key: it is followed by a value`},
		"":                       {`""`, "a key is empty"},
		".":                      {`"."`, `a key cannot be "." or start with "..", which name directories`},
		"..data":                 {`"..data"`, `a key cannot be "." or start with "..", which name directories`},
		"hunter2 hunter2":        {`"…"`, "text that is not a key: it holds a blank"},
		"hunter2\x1b[31m":        {`"…"`, "text that is not a key: it holds a control character"},
		"hunter2'":               {`"…"`, "text that is not a key: it holds a quote"},
		"{hunter2":               {`"…"`, "text that is not a key: it holds a brace or a bracket"},
		"hunter2é":               {`"…"`, "text that is not a key: it holds a character that is not ASCII"},
		"hunter2\xff":            {`"…"`, "text that is not a key: it holds a character that is not ASCII"},
		"qET8s7QxAAAA+/":         {`"…"`, "text that is not a key: it holds a punctuation character"},
		"qET8s7QxAAAA==":         {`"…"`, "text that is not a key: it holds a punctuation character"},
		"=hunter2":               {`"…"`, "text that is not a key: it holds a punctuation character"},
		strings.Repeat("s", 254): {`"…"`, "text that is not a key: it is longer than 253 bytes"},
	} {
		err := Check(text)
		require.EqualError(t, err, want.message, text)
		require.Equal(t, want.shown, Show(text), text)
		require.NotContains(t, err.Error()+err.(*Error).Hint(), "hunter2")
	}
}

func TestANameFromOutsideIsQuotedIfItCannotBePrinted(t *testing.T) {
	for name, want := range map[string]string{
		"/etc/app.env": "/etc/app.env", "a b": "a b", "größe": "größe", "日本": "日本", "\uFFFD": "\uFFFD",
		"a\x1b[31mb": `"a\x1b[31mb"`, "a\nb": `"a\nb"`, "a\u202eb": `"a\u202eb"`, "a\u200bb": `"a\u200bb"`, "\u2066": `"\u2066"`,
		"a\u00a0b": `"a\u00a0b"`, "a\u3164b": `"a\u3164b"`, "a\ufe0fb": `"a\ufe0fb"`, "a\x9bb": `"a\x9bb"`, "\x7f": `"\x7f"`, "\ufeff": `"\ufeff"`,
	} {
		require.Equal(t, want, Plain(name))
		require.Equal(t, want == name, Printable(name), name)
		require.True(t, Printable(Quote(name)), name)
		require.True(t, Printable(Escape(name)), name)
	}
	require.Equal(t, `"größe"`, Quote("größe"))
	require.Equal(t, `"`+strings.Repeat("x", 256)+`…"`, Quote(strings.Repeat("x", 300)))
	require.Equal(t, `one\u202e two\n`, Escape("one\u202e two\n"))
	require.Equal(t, "{\n\t\"a\\u202e\": \"\\udb40\\udc01\\u007f\"\n}\n", EscapeJSON("{\n\t\"a\u202e\": \"\U000e0001\x7f\"\n}\n"))
}

func FuzzKey(f *testing.F) {
	for _, seed := range []string{"DB_PASSWORD", "DB_PASSWORD:hunter2-very-secret", "A=b", "qET8s7Qx==", "..", "a\u202eb", "\xff", "é", strings.Repeat("a", 254)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		err := Check(text)
		for _, shown := range []string{Show(text), Quote(text), Plain(text), Escape(text)} {
			require.True(t, Printable(shown))
		}
		if err == nil {
			require.Equal(t, `"`+text+`"`, Show(text))
			require.Empty(t, strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."))
			return
		}
		// With a value after it, the key is all that is shown of both.
		for _, separator := range []string{":", "="} {
			value := "~" + base64.StdEncoding.EncodeToString([]byte(text))
			both := Check("KEY" + separator + value + text)
			require.NotContains(t, both.Error()+Show("KEY"+separator+value+text), value)
		}
		require.True(t, Printable(err.Error()))
	})
}
