package file

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// inDoubleQuotes writes a value as a careful person would.
func inDoubleQuotes(value string) string {
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
	requireExact(t, value, inDoubleQuotes(value), !has(value, "$") && !ends(value, `\`) && !ends(value, `"`))
	if !has(value, "'") {
		requireExact(t, value, "'"+value+"'", !strings.Contains(value, "\r\n") && !ends(value, `\`))
	}
	means := has(value, "\n") || strings.Trim(value, blanks) != value || // another value by the rules
		strings.Contains(value, " #") || strings.Contains(value, "\t#") || strings.IndexAny(value, `'"`) == 0
	if !means {
		plain := strings.IndexFunc(value, func(r rune) bool { return r < ' ' || r > '~' || r == '$' }) < 0
		requireExact(t, value, value, plain)
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
		{"comments", "# x\n\t#y=z\nA=1 # c\nB=\"2\" # c\nC='3'#c\nD=4#d", "A=1:3 B=2:4 C=3:5 D=4#d:6"},
		{"hash", "A=#a\nB='#b'\nC=\"c # c\"", "A=#a:1 B=#b:2 C=c # c:3"},
		{"escapes", `A="a\nb\rc\\d\"e\f\' \a"`, "A=a\nb\rc\\d\"ef' a:1"},
		{"escaped backslash before n", `A="\\n"`, `A=\n:1`},
		{"no escapes in single quotes", `A='a\nb\\c'`, `A=a\nb\\c:1`},
		{"no escapes in bare values", `A=a\nb\`, `A=a\nb\:1`},
		{"other quotes", `A='say "x"'` + "\n" + `B="it's"` + "\nC=it's", `A=say "x":1 B=it's:2 C=it's:3`},
		{"dollars that stand for themselves", "A=pa$word\nB=$\nC=\"$ $$ ${a}\"\nD=$(id)", "A=pa$word:1 B=$:2 C=$ $$ ${a}:3 D=$(id):4"},
		{"dollars in single quotes", `A='$HOME ${HOME} \$HOME'`, `A=$HOME ${HOME} \$HOME:1`},
		{"multi-line", "A='1\n2\n'\nB=\"\n\n\" # c\nC=3", "A=1\n2\n:1 B=\n\n:4 C=3:7"},
		{"statements in a value", "A='\nB=1\n# c\n'\nC=2", "A=\nB=1\n# c\n:1 C=2:5"},
		{"CR LF", "# c\r\nA=1\r\n\r\nB='2'\r\nC=\"3\" # c\r\n", "A=1:2 B=2:4 C=3:5"},
		{"CR at the end", "A=1\r", "A=1:1"},
		{"byte order mark", "\xef\xbb\xbfA=1", "A=1:1"},
		{"not UTF-8 in quotes", "A='\xff'\nB=\"\xfe\\n\"", "A=\xff:1 B=\xfe\n:2"},
		{"keys", "a.B_9=1\n9=2", "a.B_9=1:1 9=2:2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, listed(t, c.text, Dotenv))
		})
	}
}

func TestDotenvRefuses(t *testing.T) {
	const (
		neither = "neither KEY=value nor a comment"
		names   = `a dotenv name holds letters, digits, "_" and "." only`
		notKey  = `text that is not a key stands before the "="`
		dollar  = `the value of "A" holds a $ that godotenv would expand or unescape`
		edge    = `the value of "A" holds an escaped quote at its edge, which godotenv takes away`
		slash   = `the value of "A" holds a backslash before a quote that may or may not end it`
		more    = `more follows the value of "A" in the line`
		open    = `the quotes around the value of "A" do not end`
		two     = `the value of "A" has two readings, a comment or a blank among them`
		crlf    = `the value of "A" holds CR LF line ends, which godotenv does not keep`
		raw     = `the value of "A" is not UTF-8, and has no quotes`
	)
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
		{"export of nothing", "export =@", []string{`1: the value of "export": godotenv does not read this as one KEY=value`}},
		{"blank in a key", "FOO BAR=@", []string{"1: " + notKey}},
		{"two exports", "export export A=@", []string{"1: " + notKey}},
		{"key with a dash", "FOO-BAR=@", []string{"1: " + names}},
		{"key that godotenv takes by its bytes", "ü=@", []string{"1: " + notKey}},
		{"a directory's name", "..=@", []string{"1: " + notKey}},
		{"variable", "\nA=@$HOME", []string{"2: " + dollar}},
		{"variable in double quotes", `A="@$HOME"`, []string{"1: " + dollar}},
		{"variable of the file", "B=@\nA=$B", []string{"2: " + dollar}},
		{"braces", "A=@${HOME}", []string{"1: " + dollar}},
		{"command with a name", "A=@$(ID)", []string{"1: " + dollar}},
		{"digit", "A=@$1", []string{"1: " + dollar}},
		{"escaped", `A=@\$x`, []string{"1: " + dollar}},
		{"escaped backslash before it", `A="@\\$x"`, []string{"1: " + dollar}},
		{"escaped quotes at the edge", `A="\"@\""`, []string{"1: " + edge}},
		{"backslash at the end, single", `A='@\'` + "\nB=2", []string{"1: " + open}},
		{"backslash at the end, double", `A="@\\"`, []string{"1: " + open}},
		{"swallowed line, single", `A='@\'` + "\n# the cat's\nB=$X", []string{"1: " + more, `3: the value holds a $ that godotenv would expand or unescape`}},
		{"swallowed comment, single", `A='@\' # '`, []string{"1: " + slash}},
		{"swallowed comment, double", `A="@\\" # "`, []string{"1: " + slash}},
		{"escaped single quote", `A='it\'s @'`, []string{"1: " + slash}},
		{"not ended", "A='@\nB=@\nC=$@", []string{"1: " + open}},
		{"not ended, bad name", "A B='@\nB=@", []string{"1: " + notKey, "1: the quotes around the value do not end"}},
		{"two on a line", "A='@' B=@", []string{"1: " + more}},
		{"two on a line by CR", "A=@\rB=@", []string{`1: the value of "A": godotenv does not read this as one KEY=value`}},
		{"by CR in a comment", "A=@ # x\rB=@", []string{`1: the value of "A": godotenv does not read this as one KEY=value`}},
		{"quotes repeated", `A=""@""`, []string{"1: " + more}},
		{"quotes joined", `A="@"'x'`, []string{"1: " + more}},
		{"comment before the value", "A= # @", []string{"1: " + two}},
		{"two comments", "A=@ # b # c", []string{"1: " + two}},
		{"no-break space", "A=@\u00a0", []string{"1: " + two}},
		{"no-break space before a quote", "A=\u00a0'@'", []string{"1: " + two}},
		{"vertical tab", "A=\v@", []string{"1: " + two}},
		{"CR LF in quotes", "A='@\r\n@'", []string{"1: " + crlf}},
		{"bytes without quotes", "A=@\xff", []string{"1: " + raw}},
		{"NUL", "A=1\nB='@\x00'", []string{"2: a NUL byte: this is not a text, or it is UTF-16"}},
		{"twice", "A='@\n'\nA=@", []string{`3: key "A" is there twice, in line 1 and line 3`}},
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

func TestDotenvSaysToSingleQuoteADollar(t *testing.T) {
	_, err := Parse("o", []byte("A=$HOME"), Dotenv)
	var hinted interface{ Hint() string }
	require.ErrorAs(t, err, &hinted)
	require.Contains(t, hinted.Hint(), "single quotes")
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
		requireRefused(t, text, Dotenv, `o:1:1: the value of "A" is longer than 8 MiB`)
	}
	require.Len(t, values(t, "A='"+strings.Repeat("x", maxValue)+"'", Dotenv)["A"], maxValue)
}

func TestDotenvDoesNotReadTheEnvironment(t *testing.T) {
	t.Setenv("HOME", "/home")
	require.NotEmpty(t, os.Getenv("HOME"))
	_, err := Parse("o", []byte("A=$HOME"), Dotenv)
	require.Error(t, err)
}
