package summon

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// defaultTag finds default='VALUE' in a tag. A VALUE may have quotes and colons.
var defaultTag = regexp.MustCompile(`(?:^|:)default='(.*)'(?:$|:)`)

// readTag reads the tags of a value, such as !var:file, and reports whether it knows
// all of them.
func (s *secret) readTag(value *yaml.Node) bool {
	if value.Style&yaml.TaggedStyle == 0 {
		return true
	}
	tags := strings.TrimLeft(value.ShortTag(), "!")
	if m := defaultTag.FindStringSubmatchIndex(tags); m != nil {
		s.fallback = tags[m[2]:m[3]]
		tags = strings.Trim(tags[:m[0]]+":"+tags[m[1]:], ":")
		if tags == "" {
			tags = "str"
		}
	}
	for tag := range strings.SplitSeq(tags, ":") {
		switch tag {
		case "var":
			s.variable = true
		case "file":
			s.file = true
		case "str", "int", "bool", "float":
		default:
			return false
		}
	}
	return true
}

// reference finds $NAME and $$.
var reference = regexp.MustCompile(`\$(\$|\w+)`)

// replace puts the variables' values into the text. It reports whether all of them
// are defined.
func (s *secret) replace(variables map[string]string) bool {
	defined := true
	s.text = reference.ReplaceAllStringFunc(s.text, func(name string) string {
		if name == "$$" {
			return "$"
		}
		value, ok := variables[name[1:]]
		defined = defined && ok
		return value
	})
	return defined
}
