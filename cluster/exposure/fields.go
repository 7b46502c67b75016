package exposure

import (
	"regexp"
	"slices"
	"strings"
)

// assigned matches a field of JSON, YAML, TOML or a properties file, and its value.
var assigned = regexp.MustCompile(`(?m)(?:^|[{,])[ \t]*(?:- |export )?["']?([A-Za-z][\w.-]*)["']?[ \t]*[:=][ \t]*("[^"\n]*"|'[^'\n]*'|[^\s"'{}\[\](),;]+)`)

// secretFields returns the fields of a configuration in a text that look like secrets
// which are written out. A text of one line is one only if it is JSON.
func secretFields(text string) (names []string) {
	text = strings.TrimSpace(text)
	if !strings.Contains(text, "\n") && !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "[") {
		return nil
	}
	for _, at := range assigned.FindAllStringSubmatchIndex(text, -1) {
		name, value := text[at[2]:at[3]], strings.Trim(text[at[4]:at[5]], `"'`)
		call := at[1] < len(text) && strings.ContainsRune("([{", rune(text[at[1]])) // of a program
		if !call && looksSecret(name, value) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
