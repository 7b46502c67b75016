package file

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve/document"
)

// canary is in every value of a text that is refused, and in no message.
const canary = "hunter2canary"

const pem = "-----BEGIN KEY-----\nMIIEvQ+/==\n# not a comment\nA=b\n-----END KEY-----\n"

// hostile are values that some reader of such files damages.
var hostile = map[string]string{
	"empty":                "",
	"dollar name":          "pa$word",
	"dollar variable":      "pa$WORD",
	"dollar braces":        "${HOME}/${home}",
	"dollar command":       "$(id) $(ID) `id`",
	"dollar dollar":        "$$ $",
	"dollar digit":         "$1$2y$10$abc",
	"escaped dollar":       `\$HOME \\$HOME`,
	"hash":                 "a#b",
	"hash first":           "#a",
	"hash after blank":     "a # b # c",
	"single quotes":        `'a'`,
	"single quote":         `it's`,
	"double quotes":        `"a"`,
	"double quote":         `5" disk`,
	"quotes only":          `"""`,
	"both quotes":          `'"'"'`,
	"backslashes":          `C:\new\r\`,
	"backslash":            `\`,
	"backslash quote":      `\"x\"`,
	"equals":               "==a=b==",
	"inner blanks":         "a  b\tc",
	"outer blanks":         " a ",
	"no-break space":       "\u00a0a\u00a0",
	"vertical tab":         "\va\f",
	"newlines":             "a\nb\n\nc\n",
	"carriage return":      "a\rb",
	"CR LF":                "a\r\nb\r\n",
	"PEM":                  pem,
	"JSON":                 `{"a": "b", "c": [1, "$X"]}`,
	"URL":                  "postgres://u:p%40$s@h:5432/d?x=1&y=2#z",
	"export":               "export A=1",
	"byte order mark":      "\xef\xbb\xbfa",
	"emoji":                "🔑é\u2028",
	"not UTF-8":            "\xff\xfe\x80a\xc3",
	"large":                strings.Repeat("0123456789abcdef", 1<<16),
	"large and in lines":   strings.Repeat("0123456789abcde\n", 1<<16),
	"number":               "012",
	"long number":          "12345678901234567890.10",
	"control":              "\x01\x1b[31m\x7f",
	"looks like a comment": "# A=b",
}

// values is what Parse makes of a text.
func values(t *testing.T, text string, format Format) map[string]string {
	entries, err := Parse("o", []byte(text), format)
	require.NoError(t, err)
	got := map[string]string{}
	for _, e := range entries {
		got[e.Key] = string(e.Value.Reveal())
	}
	return got
}

func TestLinesKeepHostileValues(t *testing.T) {
	for name, value := range hostile {
		if strings.ContainsAny(value, "\n\r") || strings.Trim(value, blanks) != value || hasInvisibleEnd([]byte(value)) {
			continue // no line can hold it
		}
		t.Run(name, func(t *testing.T) {
			text := "BEFORE=1\nKEY=" + value + "\nAFTER=2"
			require.Equal(t, map[string]string{"BEFORE": "1", "KEY": value, "AFTER": "2"}, values(t, text, Lines))
		})
	}
}

func TestLines(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"no line end", "A=1", "A=1:1"},
		{"first equals", "A=b=c", "A=b=c:1"},
		{"blanks around", " \tA\t =\t b c \t\n", "A=b c:1"},
		{"empty value", "A=\nB= \t", "A=:1 B=:2"},
		{"comments and empty lines", "#x\n \t# y=z\n\n \t\r\nA=1 # not one", "A=1 # not one:5"},
		{"CR LF", "A=1\r\n\r\n#x\r\nB=2\r\n", "A=1:1 B=2:4"},
		{"CR at the end", "A=1\r", "A=1:1"},
		{"byte order mark", "\xef\xbb\xbfA=1", "A=1:1"},
		{"byte order mark and comment", "\xef\xbb\xbf# x\nA=1", "A=1:2"},
		{"keys exactly", "a.b-C_d=1\nexported=2\n-=3", "a.b-C_d=1:1 exported=2:2 -=3:3"},
		{"case", "a=1\nA=2", "a=1:1 A=2:2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, listed(t, c.text, Lines))
		})
	}
}

// listed is KEY=VALUE:LINE for each entry.
func listed(t *testing.T, text string, format Format) string {
	entries, err := Parse("o", []byte(text), format)
	require.NoError(t, err)
	var list []string
	for _, e := range entries {
		list = append(list, fmt.Sprintf("%s=%s:%d", e.Key, e.Value.Reveal(), e.Line))
	}
	return strings.Join(list, " ")
}

// requireRefused checks that a text is refused with exactly these messages and
// that none holds its values.
func requireRefused(t *testing.T, text string, format Format, want ...string) {
	t.Helper()
	entries, err := Parse("o", []byte(text), format)
	require.Nil(t, entries)
	require.EqualError(t, err, strings.Join(want, "\n"))
	require.NotContains(t, err.Error(), canary)
	var p *document.Problem
	require.True(t, errors.As(err, &p))
	require.NotContains(t, p.Hint(), canary)
}

func TestLinesRefuse(t *testing.T) {
	const neither = "neither KEY=value nor a comment"
	const badKey = `the text before the "=" is not a key`
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"no equals", "A=1\n" + canary + "\nB=2", []string{"o:2:1: " + neither}},
		{"empty key", "\n\n = " + canary, []string{"o:3:1: " + badKey}},
		{"blank", canary + " b=x", []string{"o:1:1: " + badKey}},
		{"beyond ASCII", canary + "É=x", []string{"o:1:1: " + badKey}},
		{"separator", "a/b=" + canary, []string{"o:1:1: " + badKey}},
		{"control", "a\x01b=" + canary, []string{"o:1:1: " + badKey}},
		{"old Mac's line ends", "A=1\r\nB=" + canary + "\rC=2", []string{"o:2:1: a CR line ending, as old Macs wrote it"}},
		{"invisible", "\u00a0A=" + canary + "\nB\u2003=" + canary + "\nC=" + canary + "\u200b\nD=\f" + canary, []string{
			"o:1:1: " + errInvisible, "o:2:1: " + errInvisible, "o:3:1: the value " + anInvisible, "o:4:1: the value " + anInvisible,
		}},
		{"long key", strings.Repeat(canary, 99) + "=x", []string{"o:1:1: " + badKey}},
		{"key not UTF-8", "\xff" + canary + "=x", []string{"o:1:1: " + badKey}},
		{"NUL", "A=1\nB=" + canary + "\x00\n", []string{"o:2:1: a NUL byte: the file is binary or UTF-16"}},
		{"UTF-16", "\xff\xfeA\x00=\x00", []string{"o: is UTF-16"}},
		{"UTF-16, large end first", "\xfe\xff\x00A\x00=", []string{"o: is UTF-16"}},
		{"UTF-16 without a mark", "A\x00=\x00", []string{"o:1:1: a NUL byte: the file is binary or UTF-16"}},
		{"joined files", "A=1\n\xef\xbb\xbfB=" + canary, []string{"o:2:1: a byte order mark that is not at the start of the file"}},
		{"twice", "A=" + canary + "\nB=\nA=" + canary, []string{`o:3:1: duplicate key "A", in line 1 and line 3`}},
		{"all of them", "x\nA=" + canary + "\n=" + canary + "\nA=\n A =", []string{
			"o:1:1: " + neither, "o:3:1: " + badKey,
			"o:4:1: duplicate key, in line 2 and line 4",
			"o:5:1: duplicate key, in line 2 and line 5",
		}},
	} {
		t.Run(c.name, func(t *testing.T) { requireRefused(t, c.text, Lines, c.want...) })
	}
}

func TestParseRefusesAnUnknownFormat(t *testing.T) {
	_, err := Parse("o", []byte("A=1"), "")
	require.EqualError(t, err, "o: unknown format of a file")
}

func TestParseEndsWithAFileThatIsSomethingElse(t *testing.T) {
	for _, format := range []Format{Lines, Dotenv} {
		_, err := Parse("o", bytes.Repeat([]byte("x\n"), maxSize/2), format)
		lines := strings.Split(err.Error(), "\n")
		require.Len(t, lines, maxProblems+1)
		require.Equal(t, "o:101:1: too many problems: the rest of the file is not read", lines[maxProblems])
	}
}

func TestParseLimitsTheKeys(t *testing.T) {
	var text bytes.Buffer
	for i := range maxEntries {
		fmt.Fprintf(&text, "%x=\n", i)
	}
	entries, err := Parse("o", text.Bytes(), Lines)
	require.NoError(t, err)
	require.Len(t, entries, maxEntries)

	text.WriteString("one=more\nand=more\n")
	_, err = Parse("o", text.Bytes(), Lines)
	require.EqualError(t, err, "o:50002:1: more than 50000 keys")
}

func TestAValueDoesNotReachIntoTheNext(t *testing.T) {
	text := []byte("A=1\nB=2")
	entries, err := Parse("o", text, Lines)
	require.NoError(t, err)
	_ = append(entries[0].Value.Reveal(), "overwritten"...)
	require.Equal(t, "A=1\nB=2", string(text))
}
