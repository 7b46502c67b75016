package file

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheDocsAboutFiles holds docs/files.md to what Parse does.
func TestTheDocsAboutFiles(t *testing.T) {
	page, err := os.ReadFile("../../docs/files.md")
	require.NoError(t, err)
	_, table, _ := strings.Cut(string(page), "Only in `dotenv`:")
	for refusedText, written := range map[string]map[string]string{ // and the value
		`"pa\ss"`:          {`'pa\ss'`: `pa\ss`},
		`'\\host\share'`:   {`\\host\share`: `\\host\share`},
		`'it\'s'`:          {`"it's"`: "it's"},
		"${HOME}/x":        nil,
		"$(id -u)":         nil,
		"abc$DEF":          {"'abc$DEF'": "abc$DEF", "abc$def": "abc$def"},
		"$1":               nil,
		"pass#word":        {"'pass#word'": "pass#word"},
		"`id`":             {"'`id`'": "`id`"},
		`"ends in \`:       nil,
		"not UTF-8 \xe4":   nil,
		"\"${HOME}\"":      nil,
		"\u00a0no-break":   nil,
		"a CR\rwithout LF": nil,
	} {
		_, err := Parse("o", []byte("A="+refusedText), Dotenv)
		require.Error(t, err, refusedText)
		if written != nil {
			require.Contains(t, table, refusedText)
		}
		for right, value := range written {
			require.Contains(t, table, right)
			require.Equal(t, value, values(t, "A="+right, Dotenv)["A"])
		}
	}
	require.Contains(t, string(page), "what each parser makes of 349 texts")
	require.Len(t, storedReadings(t), 349)
}
