package file

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/joho/godotenv"
	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/resolve/document"
)

// seeds are files as people write them; the second half are godotenv's own.
var seeds = []string{
	"DB_PASSWORD=pa$word\nAPI_KEY = abc==\n\n# note\nEMPTY=\n",
	"\xef\xbb\xbfA=1\r\nB='2'\r\n",
	"export KEY=\"-----BEGIN KEY-----\nMIIE\n-----END KEY-----\n\"\nB=2 # c\n",
	"A='it\\'s'\nB=\"\\\"x\\\"\"\nC=\"\\\\\"\nD=$A ${A} \\$A $(A)\n",
	"A=1\nA=2\nB\n=3\nC D=4\nE=5\rF=6\n",
	"A='x\r\ny'\nB=\xff\xfe\nC=\"\xff\"\nD= # x\nE=a # b # c\nF=\u00a0x\u0085\n",
	"A='C:\\'\n# the cat's\nB=1",
	"\xff\xfeA\x00=\x001\x00",
	"# Full line comment\nfoo=bar # baz\nbar=foo#baz\nbaz=\"foo\"#bar\n",
	"OPTION_A=1\nOPTION_B=${OPTION_A}\nOPTION_C=$OPTION_B\nOPTION_E=${OPTION_NOT_DEFINED}\n",
	"OPTION_D='\\n'\nOPTION_H=\"\\n\"\nOPTION_I = \"echo 'asd'\"\nOPTION_J='line 1\nline 2'\nOPTION_K='this is \\'quoted\\'\nx'\n",
	"OPTION_C= 3\nOPTION_D =4\nOPTION_F = \nOPTION_G=\nOPTION_H=1 2",
	"INVALID LINE\nfoo=bar\n",
	"A: 1\nB: x=y\nC=a:b\n",
	"A=\"pa\\ss\"\nB=\"it's a\\tb\\n\"\nC='\\\\server\\share'\nD=\"a\\\"\"\n",
	"A=${db_user}/a\nB=$(cat x)\nC=\"\\${A}\"\nD=abc$def\nE=`id`\nF=pa#ss\n",
	"\u00a0A=1\nB\u2003=2\nC=3\u200b\n\ufeffD=4\n",
	"# old Mac\rA=1\rB=2\r",
}

// message is every text that a problem may have: names, places and fixed words.
var message = regexp.MustCompile(`^o(:\d+:1)?: (` + strings.Join([]string{
	`duplicate key "[^"]+", in line \d+ and line \d+`,
	`the value( of "[A-Za-z0-9_.]+")? [a-zA-Z4 "#$(){},=-]*`, `text that is not UTF-8`, `a CR line ending, as old Macs wrote it`,
	`an invisible character, such as a no-break space, (beside a key|in a line without a key)`,
	`neither KEY=value nor a comment`, `is UTF-16`, `more than \d+ keys`,
	`a NUL byte: the file is binary or UTF-16`,
	`a byte order mark that is not at the start of the file`,
	`a dotenv name holds no "-"`,
	`the text before the "=" is not a key`, `a key starts with export`,
	`this line may continue the value above it`, `a PEM block that continues in the next lines`, `duplicate key, in line \d+ and line \d+`,
	`too many problems: the rest of the file is not read`,
}, "|") + `)$`)

// requireSecret parses a text with the canary put into every value, and checks
// that no message holds it, or anything but names.
func requireSecret(t *testing.T, text string, format Format) {
	_, err := Parse("o", []byte(strings.ReplaceAll(text, "=", "="+canary)), format)
	if err == nil {
		return
	}
	require.NotContains(t, err.Error(), canary)
	for _, line := range strings.Split(err.Error(), "\n") {
		require.Regexp(t, message, line)
	}
	require.True(t, errors.As(err, new(*document.Problem)))
}

func FuzzLines(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	for _, value := range hostile {
		f.Add([]byte("KEY=" + value[:min(len(value), 1<<10)] + "\nB=2"))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		requireSecret(t, string(text), Lines)
		entries, err := Parse("o", text, Lines)
		if err != nil {
			return
		}
		var rendered bytes.Buffer
		for _, e := range entries {
			rendered.WriteString("#\n" + e.Key + "=" + string(e.Value.Reveal()) + "\n")
		}
		again, err := Parse("o", rendered.Bytes(), Lines)
		require.NoError(t, err)
		require.Len(t, again, len(entries))
		for i, e := range entries {
			require.Equal(t, e.Key, again[i].Key)
			require.Equal(t, e.Value.Reveal(), again[i].Value.Reveal())
			require.Equal(t, 2*i+2, again[i].Line)
		}
	})
}

// FuzzDotenv holds Parse to godotenv: what the one accepts, the other reads as
// the same map.
func FuzzDotenv(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		requireSecret(t, string(text), Dotenv)
		entries, err := Parse("o", text, Dotenv)
		if err != nil {
			return
		}
		got := map[string]string{}
		for _, e := range entries {
			got[e.Key] = string(e.Value.Reveal())
		}
		want, err := godotenv.UnmarshalBytes(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Len(t, entries, len(want))
	})
}

// FuzzDotenvValue holds Parse to the value that was meant.
func FuzzDotenvValue(f *testing.F) {
	for _, value := range hostile {
		f.Add(value[:min(len(value), 1<<10)])
	}
	f.Fuzz(requireExactInAllForms)
}
