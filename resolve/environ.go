package resolve

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Environ is a process environment, by name. It prints as nothing but its
// purpose: among its values are secrets.
type Environ map[string]string

// NewEnviron takes the form of os.Environ. Of a name that is there twice the
// first counts, as with getenv; an entry that is not NAME=VALUE is left out.
func NewEnviron(entries []string) Environ {
	environ := make(Environ, len(entries))
	for _, entry := range entries {
		name, value, ok := strings.Cut(entry, "=")
		if _, twice := environ[name]; ok && name != "" && !twice {
			environ[name] = value
		}
	}
	return environ
}

// WithPrefix is the names that start with prefix, sorted.
func (e Environ) WithPrefix(prefix string) []string {
	var names []string
	for name := range e {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// environment is what every verb, logger and encoder makes of an Environ.
const environment = "[environment]"

// Format prints a fixed word for every verb. A struct that holds an Environ in
// an unexported field prints all of it: it keeps a function in its place.
func (Environ) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, environment) }

// MarshalText is what encoding/json, slog and YAML encoders print.
func (Environ) MarshalText() ([]byte, error) { return []byte(environment), nil }

// Find is the Finding of a key that is looked for in the first of the
// variables that is set.
func (e Environ) Find(key string, names ...string) Finding {
	for _, name := range names {
		if value, ok := e[name]; ok {
			return Finding{Key: key, Where: "variable " + name, Value: NewValue([]byte(value))}
		}
	}
	finding := Finding{Key: key, Where: "variable " + strings.Join(names, ", ")}
	reason := "variable " + names[0] + " is not set"
	if len(names) > 1 {
		reason += ", nor is " + strings.Join(names[1:], ", ")
	}
	finding.Err = Absent(reason)
	return finding
}
