package main

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// Characters between and at the end of assignments.
const (
	blanks   = " \t"
	lineEnds = "\n\r"
)

var name = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// systemd follows the rules of EnvironmentFile= in systemd.exec(5), as there is
// no library. It leaves out what systemd ignores with a warning: a name that is
// not a variable's, and a value that is not UTF-8.
func systemd(text string) map[string]string {
	values := map[string]string{}
	s := scanner{text}
	for s.text != "" {
		s.text = strings.TrimLeft(s.text, blanks+lineEnds)
		if strings.HasPrefix(s.text, "#") || strings.HasPrefix(s.text, ";") {
			s.until(lineEnds)
			continue
		}
		key := s.until("=" + lineEnds)
		if !strings.HasPrefix(s.text, "=") {
			continue
		}
		s.text = s.text[1:]
		key, value := strings.TrimRight(key, blanks), s.value()
		if name.MatchString(key) && utf8.ValidString(value) {
			values[key] = value
		}
	}
	return values
}

// scanner holds the text that is still to be read.
type scanner struct{ text string }

// until takes the text before the first of the characters.
func (s *scanner) until(chars string) string {
	i := strings.IndexAny(s.text, chars)
	if i < 0 {
		i = len(s.text)
	}
	taken := s.text[:i]
	s.text = s.text[i:]
	return taken
}

// value takes quoted parts, one after the other, and then the rest of the line.
func (s *scanner) value() string {
	var value strings.Builder
	for {
		s.text = strings.TrimLeft(s.text, blanks)
		switch {
		case strings.HasPrefix(s.text, "'"):
			s.text = s.text[1:]
			value.WriteString(s.until("'"))
		case strings.HasPrefix(s.text, `"`):
			s.text = s.text[1:]
			value.WriteString(s.doubleQuoted())
		default:
			value.WriteString(s.bare())
			return value.String()
		}
		s.text = s.text[min(1, len(s.text)):] // the closing quote
	}
}

// doubleQuoted keeps a backslash unless a shell would need it.
func (s *scanner) doubleQuoted() (value string) {
	for value = s.until("\"\\"); len(s.text) > 1 && s.text[0] == '\\'; value += s.until("\"\\") {
		escaped := s.text[1]
		s.text = s.text[2:]
		switch {
		case escaped == '\n':
		case strings.IndexByte("\"\\`$", escaped) >= 0:
			value += string(escaped)
		default:
			value += `\` + string(escaped)
		}
	}
	return value
}

// bare drops every backslash, and a line end after one.
func (s *scanner) bare() (value string) {
	for value = s.until(`\` + lineEnds); strings.HasPrefix(s.text, `\`); value += s.until(`\` + lineEnds) {
		if s.text = s.text[1:]; s.text == "" {
			break
		}
		if !strings.ContainsAny(s.text[:1], lineEnds) {
			value += s.text[:1]
		}
		s.text = s.text[1:]
	}
	return strings.TrimRight(value, blanks)
}
