package task

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/seed45446ece/launcher/resolve/document"
)

// ParseParameter reads NAME=VALUE of a flag. The value is YAML; an empty one is
// the empty string.
func ParseParameter(flag, text string) (name string, value *document.Node, err error) {
	at := document.Position{Origin: flag}
	name, text, ok := strings.Cut(text, "=")
	if !ok || name == "" || !utf8.ValidString(name) {
		return "", nil, &document.Problem{At: at, Message: "is not NAME=VALUE", Advice: "write, for instance, " + flag + " rate=0.5"}
	}
	at.Origin += " " + name
	if strings.TrimSpace(text) == "" {
		return name, &document.Node{Kind: document.String, Text: text, At: at}, nil
	}
	value, err = document.Parse(at.Origin, []byte(text))
	for _, e := range document.Unjoin(err) {
		if problem, ok := errors.AsType[*document.Problem](e); ok {
			problem.Advice = `put text that is not YAML in double quotes: 'NAME="..."'`
		}
	}
	return name, value, err
}
