package file

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/handler"
)

// followed returns a statement that a hint leads to, by doing to the value what the
// hint says, word by word.
func followed(t *testing.T, hint, text, value string) (statement string, format Format) {
	key, right, _ := strings.Cut(text, "=")
	inFormat := Dotenv
	switch _, how, _ := strings.Cut("; "+hint, "belongs to the value, "); { // without it, how is ""
	case strings.Contains(hint, "move the key to a file of \"format: lines\", and write the value without quotes"):
		return key + "=" + value, Lines
	case strings.Contains(how, "write \\\\ for it"):
		return key + "=" + strings.ReplaceAll(right, `\s`, `\\s`), inFormat
	case strings.Contains(hint, "put the value in single quotes"):
		return key + "='" + value + "'", inFormat
	case strings.Contains(hint, "write the value without quotes"):
		return key + "=" + value, inFormat
	case strings.Contains(hint, `put the value in double quotes, with \ before each \, " and $`):
		for _, c := range []string{`\`, `"`, "$"} {
			value = strings.ReplaceAll(value, c, `\`+c)
		}
		return key + `="` + value + `"`, inFormat
	case hint == "write the value in place of the reference, or make the parts separate keys":
		return key + "=" + value, inFormat
	case strings.Contains(hint, "write a value that ends in a backslash without quotes and escapes"):
		return key + "=" + value, inFormat
	case hint == "write one KEY=value on a line, and all of the value in one pair of quotes":
		return key + `="` + value + `"`, inFormat
	case hint == "remove the character", hint == "remove it":
		return strings.Map(func(r rune) rune {
			if isInvisible(r) {
				return -1
			}
			return r
		}, text), inFormat
	case strings.HasPrefix(hint, "save the file with LF line endings"):
		return strings.ReplaceAll(text, "\r", "\n"), inFormat
	case strings.HasPrefix(hint, `write "_" for "-"`):
		return strings.ReplaceAll(key, "-", "_") + "=" + right, inFormat
	case strings.HasPrefix(hint, "write the value in one line (base64 -w0), or in quotes"):
		return key + `="` + right + `"`, inFormat
	case hint == `use "format: dotenv" for export and quotes`:
		return text, inFormat
	}
	require.Fail(t, "a hint that this test cannot follow", "%s: %s", text, hint)
	return "", ""
}

// meant holds a refused text of each kind, and the value that its author meant.
var meant = []struct{ text, value string }{
	// A backslash in double quotes.
	{`A="pa\ss"`, `pa\ss`}, {`A="C:\Users\me"`, `C:\Users\me`}, {`A="a\ b"`, `a\ b`},
	{`A="it's a\tb"`, `it's a\tb`}, {`A="a\sb\nc"`, "a\\sb\nc"}, {`A="it's \s #1"`, `it's \s #1`},
	{`A="\d+'s ${"`, `\d+'s ${`}, {`A="it's\s $HOME"`, `it's\s $HOME`},
	// Quotes and backslashes at the end of a value.
	{`A='it\'s'`, "it's"}, {`A='it\'s #1'`, "it's #1"}, {`A='say \'x\''`, "say 'x'"},
	{`A="\"x\""`, `"x"`}, {`A="say \"it's\""`, `say "it's"`}, {`A="\"it's\""`, `"it's"`}, {`A="# \"it's\""`, `# "it's"`},
	{`A="C:\\"`, `C:\`}, {`A='C:\'`, `C:\`}, {`A="C:\\" # c`, `C:\`},
	{`A='\\server\share'`, `\\server\share`}, {`A='\\server\my #1'`, `\\server\my #1`},
	// A comment, or not.
	{"A=pa#word", "pa#word"}, {"A=#ff0000", "#ff0000"}, {"A=it's#1", "it's#1"}, {"A=a # b # c", "a # b # c"},
	// Dollars and references.
	{"A=abc$DEF", "abc$DEF"}, {"A=$2y$10$N9qo", "$2y$10$N9qo"}, {`A="it's $1"`, "it's $1"}, {`A=\$x`, `\$x`}, {`A="\\$x"`, `\$x`},
	{"A=${HOME}/x", "/root/x"}, {"A=${home}", "/root"}, {"A=x${P}", "xy"}, {`A="$(cat x)"`, "content"}, {`A="a${b}\q"`, "ab"},
	// Backquotes.
	{"A=`id`", "`id`"}, {"A=`it's`", "`it's`"},
	// Invisible characters and line ends.
	{"\u00a0A=1", "1"}, {"A\u00a0=1", "1"}, {"A=1\u00a0", "1\u00a0"}, {"A=\u20031", "\u20031"}, {"A='1'\u00a0", "1"}, {"A=it's\u00a0", "it's\u00a0"}, {"A=1\r#x", "1"},
	// Names, and several lines.
	{"A-B=1", "1"}, {`A-B="x\ny"`, "x\ny"}, {"A='it''s'", "it's"},
	{"A=-----BEGIN X-----\nMIIE\n-----END X-----", "-----BEGIN X-----\nMIIE\n-----END X-----"},
}

func TestField7AHintLeadsToTheValue(t *testing.T) {
	for _, c := range meant {
		hint := hintOf(t, c.text, Dotenv)
		statement, format := followed(t, hint, c.text, c.value)
		entries, err := Parse("o", []byte(statement), format)
		require.NoError(t, err, "%s: %s: %s", c.text, hint, statement)
		require.Len(t, entries, 1)
		require.Equal(t, c.value, string(entries[0].Value.Reveal()), "%s: %s", c.text, hint)
		_, found := handler.Match([]string{entries[0].Key}, "A-B")
		require.True(t, entries[0].Key == "A" || found)
		if refers([]byte(c.text)) {
			require.NotContains(t, hint, "single quotes", "it would deliver the reference")
		}
	}
}

// TestEveryHintOfTheCorpusIsTested keeps the table complete.
func TestEveryHintOfTheCorpusIsTested(t *testing.T) {
	tested := map[string]bool{ // these say nothing of the value
		"write KEY=value; a comment starts with #": true, keyAdvice: true, "keep one of them": true,
		"save the file as UTF-8": true, "remove it": true,
	}
	for _, c := range meant {
		tested[hintOf(t, c.text, Dotenv)] = true
	}
	texts, written := corpus(t)
	for i, text := range texts {
		if r, ok := ours(text, Dotenv).(refused); ok {
			require.True(t, tested[r.Hint], "%s: %s", written[i], r.Hint)
		}
	}
}

// TestAHintOfLinesLeadsToTheValue does the same for a file of lines.
func TestAHintOfLinesLeadsToTheValue(t *testing.T) {
	for _, c := range []struct{ text, value string }{
		{"export A='x y'", "x y"}, {"\u00a0A=1", "1"}, {"A=\"x\ny\"", "x\ny"},
		{"A=-----BEGIN X-----\nMIIE\n-----END X-----", "-----BEGIN X-----\nMIIE\n-----END X-----"},
	} {
		hint := hintOf(t, c.text, Lines)
		if strings.HasPrefix(c.text, `A="`) {
			require.Equal(t, wrappedAdvice, hint)
			require.Equal(t, c.value, values(t, c.text, Dotenv)["A"])
			continue
		}
		statement, format := followed(t, hint, c.text, c.value)
		require.Equal(t, c.value, values(t, statement, format)["A"], hint)
	}
	for _, value := range []string{"1\u00a0", "it's\u00a0"} { // the character is part of it
		hint := hintOf(t, "A="+value, Lines)
		require.Contains(t, hint, ` in a file of "format: dotenv"`)
		statement, _ := followed(t, hint, "A="+value, value)
		require.Equal(t, value, values(t, statement, Dotenv)["A"], hint)
	}
}

func hintOf(t *testing.T, text string, format Format) string {
	_, err := Parse("o", []byte(text), format)
	var hinted interface{ Hint() string }
	require.ErrorAs(t, err, &hinted, "%q", text)
	return hinted.Hint()
}
