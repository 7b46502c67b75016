package file

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/sourcetest"
)

func TestConformance(t *testing.T) {
	has := strings.ContainsAny
	for name, suite := range map[string]struct {
		right   func(value string) string // of the equals sign
		carries func(value string) bool
		refuses func(value string) bool
	}{
		"lines.txt": {
			func(value string) string { return value },
			func(value string) bool { return strings.Trim(value, " \t\r\n") == value },
			func(value string) bool { return has(value, "\n\r\x00") || hasInvisibleEnd([]byte(value)) },
		},
		"single.env": {
			func(value string) string { return "'" + value + "'" },
			func(value string) bool { return !has(value, "'") && !strings.Contains(value, "\r\n") },
			func(value string) bool {
				return has(value, "\r\x00") || strings.Contains(value, `\\`) || strings.HasSuffix(value, `\`) || !utf8.ValidString(value)
			},
		},
		"double.env": {
			escaped, nil,
			func(value string) bool {
				return has(value, "$\x00") || !utf8.ValidString(value) || strings.HasSuffix(value, `"`) || strings.HasSuffix(value, `\`)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			sourcetest.Run(t, sourcetest.Suite{
				Open: func(t *testing.T, holds map[string]string, _ ...string) (resolve.Source, error) {
					var text strings.Builder
					for key, value := range holds {
						text.WriteString(key + "=" + suite.right(value) + "\n")
					}
					path := &document.Node{Kind: document.String, Text: write(t, name, []byte(text.String()))}
					return New(resolve.Declaration{Source: path}, &Pipes{})
				},
				Lists: true, Carries: suite.carries, Refuses: suite.refuses,
				Spells: func(key string) bool { return !has(key, "=\n") },
			})
		})
	}
}
