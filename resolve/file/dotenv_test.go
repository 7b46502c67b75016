package file

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// escaped writes a value as a careful person would.
func escaped(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`).Replace(value) + `"`
}

// requireExact checks that a value, written on the right side in some way, is
// read back as it is or refused; it must be read where that is certain.
func requireExact(t *testing.T, value, right string, certain bool) {
	t.Helper()
	entries, err := Parse("o", []byte("BEFORE=1\nKEY="+right+"\nAFTER=2"), Dotenv)
	if err != nil {
		require.False(t, certain, "refused: %v", err)
		return
	}
	require.Len(t, entries, 3)
	require.Equal(t, value, string(entries[1].Value.Reveal()))
}

// requireExactInAllForms writes a value bare and in both kinds of quotes.
func requireExactInAllForms(t *testing.T, value string) {
	t.Helper()
	has, ends := strings.ContainsAny, strings.HasSuffix
	if strings.ContainsRune(value, 0) {
		return
	}
	text := utf8.ValidString(value)
	requireExact(t, value, escaped(value), text && !has(value, "$") && !ends(value, `\`) && !ends(value, `"`))
	if !has(value, "'\r") {
		requireExact(t, value, "'"+value+"'", text && !strings.Contains(value, `\\`) && !ends(value, `\`))
	}
	means := has(value, "\n") || strings.Trim(value, blanks) != value || // another value by the rules
		strings.Contains(value, " #") || strings.Contains(value, "\t#") || strings.IndexAny(value, `'"`) == 0
	if !means {
		plain := strings.IndexFunc(value, func(r rune) bool { return r < ' ' || r > '~' || strings.ContainsRune("$#`", r) }) < 0
		whole := !opensPEM([]byte(value)) && (value == "" || strings.Trim(value, `="'`) != "")
		requireExact(t, value, value, plain && whole)
	}
}

func TestDotenvKeepsOrRefusesHostileValues(t *testing.T) {
	for name, value := range hostile {
		t.Run(name, func(t *testing.T) { requireExactInAllForms(t, value) })
	}
}

func TestDotenv(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"no line end", "A=1", "A=1:1"},
		{"an escaped dollar", `A="@\$x"`, "A=@$x:1"},
		{"blanks around", " \tA\t =\t b c \t\n", "A=b c:1"},
		{"empty", "A=\nB=''\nC=\"\"\nD= ", "A=:1 B=:2 C=:3 D=:4"},
		{"export", "export A=1\n export\tB = 2\nexport=3\nexportC=4\nexport.D=5", "A=1:1 B=2:2 export=3:3 exportC=4:4 export.D=5:5"},
		{"comments", "# x\n\t#y=z\nA=1 # c\nB=\"2\" # c\nC='3'#c\nD=4\t#d", "A=1:3 B=2:4 C=3:5 D=4:6"},
		{"hash", "A='#a'\nB='#b'\nC=\"c # c\"", "A=#a:1 B=#b:2 C=c # c:3"},
		{"escapes", `A="a\nb\rc\\d\"e\$f"`, "A=a\nb\rc\\d\"e$f:1"},
		{"escaped backslash before n", `A="\\n"`, `A=\n:1`},
		{"no escapes in single quotes", `A='a\nb\c'`, `A=a\nb\c:1`},
		{"no escapes in bare values", `A=a\nb\`, `A=a\nb\:1`},
		{"other quotes", `A='say "x"'` + "\n" + `B="it's"` + "\nC=it's", `A=say "x":1 B=it's:2 C=it's:3`},
		{"dollars that stand for themselves", "A=pa$word\nB=$\nC=\"$ $$ ${a\"\nD=$(id", "A=pa$word:1 B=$:2 C=$ $$ ${a:3 D=$(id:4"},
		{"dollars in single quotes", `A='$HOME ${HOME} \$HOME'`, `A=$HOME ${HOME} \$HOME:1`},
		{"multi-line", "A='1\n2\n'\nB=\"\n\n\" # c\nC=3", "A=1\n2\n:1 B=\n\n:4 C=3:7"},
		{"statements in a value", "A='\nB=1\n# c\n'\nC=2", "A=\nB=1\n# c\n:1 C=2:5"},
		{"CR LF", "# c\r\nA=1\r\n\r\nB='2'\r\nC=\"3\" # c\r\nD='4\r\n5'\r\n", "A=1:2 B=2:4 C=3:5 D=4\n5:6"},
		{"CR at the end", "A=1\r", "A=1:1"},
		{"byte order mark", "\xef\xbb\xbfA=1", "A=1:1"},
		{"a replacement character", "A=\ufffd", "A=\ufffd:1"},
		{"invisible characters in a value", "A=a\u00a0b\nB='\u00a0'", "A=a\u00a0b:1 B=\u00a0:2"},
		{"keys", "a.B_9=1\n9=2", "a.B_9=1:1 9=2:2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, listed(t, c.text, Dotenv))
		})
	}
}

func TestDotenvRefuses(t *testing.T) {
	const neither, notKey = "neither KEY=value nor a comment", `the text before the "=" is not a key`
	const whole = "is not read by godotenv as one KEY=value"
	const open, more = "has no closing quote", "has text after its closing quote"
	const unseen = "an invisible character, such as a no-break space, beside a key"
	for _, c := range []struct {
		name string
		text string // @ is the canary
		want []string
	}{
		{"no equals", "FOO\nBAR=1", []string{"1: " + neither}},
		{"no equals at the end", "BAR=1\nexport FOO", []string{"2: " + neither}},
		{"YAML", "A: @", []string{"1: " + neither}},
		{"YAML with an equals", "A: @=b", []string{"1: " + notKey}},
		{"empty key", "=@", []string{"1: " + notKey}},
		{"export of nothing", "export =@", []string{`1: the value of "export" ` + whole}},
		{"blank in a key", "FOO BAR=@", []string{"1: " + notKey}},
		{"two exports", "export export A=@", []string{"1: " + notKey}},
		{"key with a dash", "FOO-BAR=@", []string{`1: a dotenv name holds no "-"`}},
		{"key that godotenv takes by its bytes", "ü=@", []string{"1: " + notKey}},
		{"a directory's name", "..=@", []string{"1: " + notKey}},
		{"variable", "\nA=@$HOME", []string{`2: the value of "A" ` + aDollar}},
		{"variable in double quotes", `A="@$HOME"`, []string{`1: the value of "A" ` + aDollar}},
		{"variable of the file", "B=@\nA=$B", []string{`2: the value of "A" ` + aDollar}},
		{"braces", "A=@${HOME}", []string{`1: the value of "A" ` + aReference}},
		{"braces, small letters", `A="@${home}"`, []string{`1: the value of "A" ` + aReference}},
		{"command", "A=@$(id)", []string{`1: the value of "A" ` + aReference}},
		{"escape", `A="@\t"`, []string{`1: the value of "A" ` + aBackslash}},
		{"two backslashes", `A='@\\'`, []string{`1: the value of "A" ` + open}},
		{"two backslashes within", `A='\\@'`, []string{`1: the value of "A" ` + aDoubled}},
		{"backquote", "A=`@`", []string{`1: the value of "A" ` + aBackquote}},
		{"hash", "A=@#1", []string{`1: the value of "A" ` + aHash}},
		{"digit", "A=@$1", []string{`1: the value of "A" ` + aDollar}},
		{"escaped", `A=@\$x`, []string{`1: the value of "A" ` + aDollar}},
		{"escaped backslash before it", `A="@\\$x"`, []string{`1: the value of "A" ` + aDollar}},
		{"escaped quotes at the edge", `A="\"@\""`, []string{`1: the value of "A" ` + anEdge}},
		{"backslash at the end, single", `A='@\'` + "\nB=2", []string{`1: the value of "A" ` + open}},
		{"backslash at the end, double", `A="@\\"`, []string{`1: the value of "A" ` + open}},
		{"swallowed line, single", `A='@\'` + "\n# the cat's\nB=$X", []string{`1: the value of "A" ` + more, "3: the value " + aDollar}},
		{"swallowed comment, single", `A='@\' # '`, []string{`1: the value of "A" ` + aQuote}},
		{"swallowed comment, double", `A="@\\" # "`, []string{`1: the value of "A" ` + aQuote}},
		{"escaped single quote", `A='it\'s @'`, []string{`1: the value of "A" ` + aQuote}},
		{"not ended", "A='@\nB=@\nC=$@", []string{`1: the value of "A" ` + open}},
		{"not ended, bad name", "A B='@\nB=@", []string{"1: " + notKey, "1: the value " + open}},
		{"two on a line", "A='@' B=@", []string{`1: the value of "A" ` + more}},
		{"old Mac's line ends", "A=@\rB=@", []string{"1: a CR line ending, as old Macs wrote it"}},
		{"invisible", "\u00a0A=@\nB\u00a0=@\n\u2003\n", []string{"1: " + unseen, "2: " + unseen, "3: an invisible character, such as a no-break space, in a line without a key"}},
		{"by CR in a comment", "A=@ # x\rB=@", []string{"1: a CR line ending, as old Macs wrote it"}},
		{"quotes repeated", `A=""@""`, []string{`1: the value of "A" ` + more}},
		{"quotes joined", `A="@"'x'`, []string{`1: the value of "A" ` + more}},
		{"comment before the value", "A= # @", []string{`1: the value of "A" ` + aHash}},
		{"two comments", "A=@ # b # c", []string{`1: the value of "A" ` + aHash}},
		{"no-break space", "A=@\u00a0", []string{`1: the value of "A" ` + anInvisible}},
		{"no-break space before a quote", "A=\u00a0'@'", []string{`1: the value of "A" ` + anInvisible}},
		{"vertical tab", "A=\v@", []string{`1: the value of "A" ` + anInvisible}},
		{"file separator, which python-dotenv removes", "A=@\x1c", []string{`1: the value of "A" ` + anInvisible}},
		{"bytes without quotes", "A=@\xff", []string{"1: text that is not UTF-8"}},
		{"bytes in quotes", "A=1\nB='@\xff'", []string{"2: text that is not UTF-8"}},
		{"NUL", "A=1\nB='@\x00'", []string{"2: a NUL byte: the file is binary or UTF-16"}},
		{"twice", "A='@\n'\nA=@", []string{`3: duplicate key "A", in line 1 and line 3`}},
		{"line after a value of lines", "A='@\n\n'\n@", []string{"4: " + neither}},
		{"value of lines under a bad name", "A B='@\nC=$X\n'\n@", []string{"1: " + notKey, "4: " + neither}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for i := range c.want {
				line, message, _ := strings.Cut(c.want[i], ": ")
				c.want[i] = "o:" + line + ":1: " + message
			}
			requireRefused(t, strings.ReplaceAll(c.text, "@", canary), Dotenv, c.want...)
		})
	}
}

// godotenv recurses at every comment line: 16 million of them end the process
// by its stack, which nothing can recover.
func TestDotenvTakesManyComments(t *testing.T) {
	text := append(bytes.Repeat([]byte("#\n"), 16<<20), "A=1"...)
	require.Equal(t, "A=1:16777217", listed(t, string(text), Dotenv))
}

func TestDotenvLimitsAValue(t *testing.T) {
	for _, quote := range []string{"", "'", `"`} {
		text := "A=" + quote + strings.Repeat("x", maxValue+1) + quote
		requireRefused(t, text, Dotenv, `o:1:1: the value of "A" is longer than 4 MiB`)
	}
	require.Len(t, values(t, "A='"+strings.Repeat("x", maxValue)+"'", Dotenv)["A"], maxValue)
}

func TestDotenvDoesNotReadTheEnvironment(t *testing.T) {
	t.Setenv("HOME", "/home")
	require.NotEmpty(t, os.Getenv("HOME"))
	_, err := Parse("o", []byte("A=$HOME"), Dotenv)
	require.Error(t, err)
}
