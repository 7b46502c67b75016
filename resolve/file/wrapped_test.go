package file

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// keystores returns 200 random values of 1 to 400 bytes, in base64.
func keystores(encoding *base64.Encoding) (all []string) {
	random := rand.New(rand.NewPCG(3, 3))
	for range 200 {
		b := make([]byte, 1+random.IntN(400))
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		all = append(all, encoding.EncodeToString(b))
	}
	return all
}

// wrap puts a line end after every so many characters, of which the first line
// has fewer if something stands before it.
func wrap(text string, width, taken int) string {
	var lines []string
	for width > taken && len(text) > width-taken {
		lines, text = append(lines, text[:width-taken]), text[width-taken:]
		taken = 0
	}
	return strings.Join(append(lines, text), "\n")
}

// TestAWrappedValueIsNotCut writes 200 keystores as people do who wrap them. Each
// is refused, or arrives whole if it needs only one line.
func TestAWrappedValueIsNotCut(t *testing.T) {
	for name, encoding := range map[string]*base64.Encoding{
		"standard": base64.StdEncoding, "without padding": base64.RawStdEncoding, "for URLs": base64.URLEncoding, "for URLs, without padding": base64.RawURLEncoding,
	} {
		for i, value := range keystores(encoding) {
			if name != "standard" && i%4 > 0 {
				continue // the alphabet matters little
			}
			for _, width := range []int{64, 76} {
				for form, text := range map[string]string{
					"by base64(1)":      "KEYSTORE=" + wrap(value, width, 0),
					"by fold(1)":        wrap("KEYSTORE="+value, width, 0),
					"below its key":     "KEYSTORE=\n" + wrap(value, width, 0),
					"after a blank":     "KEYSTORE = " + wrap(value, width, 0),
					"with blank lines":  "KEYSTORE=" + strings.ReplaceAll(wrap(value, width, 0), "\n", "\n\n"),
					"CR LF":             "KEYSTORE=" + strings.ReplaceAll(wrap(value, width, 0), "\n", "\r\n"),
					"with a backslash":  "KEYSTORE=" + strings.ReplaceAll(wrap(value, width, 0), "\n", "\\\n"),
					"indented":          "KEYSTORE=" + strings.ReplaceAll(wrap(value, width, 0), "\n", "\n  "),
					"in lines of a PEM": "KEYSTORE=-----BEGIN X-----\n" + wrap(value, width, 0) + "\n-----END X-----",
				} {
					if form == "below its key" && len(value) <= width {
						continue // it is not wrapped
					}
					for _, format := range []Format{Lines, Dotenv} {
						what := fmt.Sprintf("%s, %d, %d columns, %s, %s", name, i, width, form, format)
						requireWhole(t, what, "A=1\n"+text+"\nB=2\n", value, format)
					}
				}
			}
		}
	}
}

// requireWhole checks that a text is refused without a part of the value, or
// read as the value.
func requireWhole(t *testing.T, what, text, value string, format Format) {
	entries, err := Parse("o", []byte(text), format)
	if err != nil {
		for i := 0; i+8 <= len(value); i += 4 {
			if strings.Contains(err.Error(), value[i:i+8]) {
				t.Fatalf("%s: the message holds a part of the value", what)
			}
		}
		return
	}
	require.Len(t, entries, 3, what)
	require.Equal(t, value, string(entries[1].Value.Reveal()), what)
}

func TestALineThatMayBeTheRestOfAValueIsRefused(t *testing.T) {
	const rest, pemOpen = "this line may continue the value above it", "a PEM block that continues in the next lines"
	const first = "MIIKPAIBAzCCCfYGCSqGSIb3DQEHAaCCCecEggnjMIIJ3zCCBg8GCSqGSIb3DQEH"
	for _, c := range []struct {
		text string
		want []string
	}{
		{"K=" + first + "\nqET8s7QxAAAA==", []string{"o:2:1: " + rest}},
		{"K=" + first + "\nAw==", []string{"o:2:1: " + rest}},
		{"K=" + first + "\nqET8s7QxAAE=", []string{"o:2:1: " + rest}},
		{"K=" + first + "\n\nqET8s7QxAAE=", []string{"o:3:1: " + rest}},
		{"K=" + first + "\nqET8s7Qx=AAE", []string{"o:2:1: " + rest}},
		{"K=\"" + first + "\nqET8s7QxAAE=\"", []string{"o:2:1: " + rest}},
		{"K=" + first + "\\\nqET8s7QxAAE=", []string{"o:2:1: " + rest}},
		{"A=1\nMFRGGZDFMZTWQ2LK===", []string{"o:2:1: " + rest}},
		{"K=\nqET8s7QxAAE=", []string{"o:2:1: " + rest}},
		{"A=1\nqET8s7QxAAAAqET8s7QxAAE=", []string{"o:2:1: " + rest}},
		{"K=a;b\nqET8s7QxAAE=", []string{"o:2:1: " + rest}},
		{"qET8s7QxAAAAqET8s7QxAAE=", []string{"o:1:1: " + rest}},
		{"A=1\nSIGNATURE6lz60fzGmOtcrzwFJioDo94v5EVl1=", []string{"o:2:1: " + rest}},
		{"K=-----BEGIN X-----\nA=b", []string{"o:1:1: " + pemOpen}},
		{"K=-----BEGIN X-----\n" + first + "\nqET8s7QxAAE=\n-----END X-----\nfoo", []string{"o:1:1: " + pemOpen, "o:5:1: neither KEY=value nor a comment"}},
		{"K=-----BEGIN X-----\n" + first + "\nA=b", []string{"o:1:1: " + pemOpen, "o:2:1: neither KEY=value nor a comment"}},
		{"K=" + first + "\n" + first + "\nqET8s7QxAAAA==\n", []string{"o:2:1: neither KEY=value nor a comment", "o:3:1: " + rest}},
		{"K=" + first + "\nabc+/wQ=\nqET8s7QxAAE=", []string{`o:2:1: the text before the "=" is not a key`, "o:3:1: " + rest}},
	} {
		requireRefused(t, c.text, Lines, c.want...)
	}
}

// An ordinary file has such values too, and a key below each.
func TestAnOrdinaryFileIsRead(t *testing.T) {
	for _, text := range []string{
		"AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\nAWS_SESSION_TOKEN=\nAWS_REGION=eu-west-1",
		"JWT_SECRET=dGhpcyBpcyBhIHNlY3JldCBvZiBzb21lIGxlbmd0aA==\nDEBUG=\nPORT=80",
		"SHA=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\nKEY=\nFOO=",
		"A=MIIKPAIBAzCCCfYGCSqGSIb3DQEHAaCCCecEggnjMIIJ3zCCBg8GCSqGSIb3DQEH\nB=MIIKPAIBAzCCCfYGCSqGSIb3DQEHAaCCCecEggnjMIIJ3zCCBg8GCSqGSIb3DQEH\nC=x",
		"GITHUB_TOKEN=ghp_16C7e42F292c6912E7710c838347Ae178B4a\nSENTRY_DSN=\nS3_BUCKET=",
		"clientSecret=MIIKPAIBAzCCCfYGCSqGSIb3DQEHAaCCCecEggnjMIIJ3zCCBg8GCSqGSIb3DQEH\naccessToken=abc\nrefreshToken=",
		"A=abcd\nKEY=\nB=\nC=\nD=prod\nKEZ=", "EMPTY=\nKEY=\nANOTHER_EMPTY_ONE=\nlowercase=\ncamelCaseName=",
		"K=MIIKPAIBAzCCCfYGCSqGSIb3DQEHAaCCCecEggnjMIIJ3zCCBg8GCSqGSIb3DQEH\n# a key of its own\nqET8s7QxAAE=",
		"C=-----BEGIN X----- MIIC -----END X-----\nD=1", "U=https://h/?a=b==\nV=a==\nW=1",
	} {
		for _, format := range []Format{Lines, Dotenv} {
			entries, err := Parse("o", []byte(text), format)
			require.NoError(t, err, text)
			require.NotEmpty(t, entries)
		}
	}
}
