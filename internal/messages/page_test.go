package messages

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

var placeholders = regexp.MustCompile(open + "([^" + shut + "]*)" + shut)

// plain returns a template as the page shows it.
func plain(text string) string {
	return strings.ReplaceAll(placeholders.ReplaceAllString(text, "$1"), "\n", " ")
}

func TestDump(t *testing.T) {
	s := readSources(t, "../..")
	for _, p := range s.packages {
		fmt.Println("##", p.dir)
		for _, m := range s.messages(p) {
			fmt.Printf("%s | %s | %s\n", m.status, plain(m.text), plain(m.hint))
		}
	}
}
