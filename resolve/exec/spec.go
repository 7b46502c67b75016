// Package exec reads secrets from programs: the clients of other stores.
//
// It owns the form of the declaration, and the processes that it starts: each
// runs without a shell, in a session of its own, and nothing of its process group
// is left when it has ended. It shows a program's name and exit status, and never
// what the program wrote. Data flows document.Node -> Spec -> Programs -> Finding.
package exec

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keylist"
)

// Secret is a key, and the name by which the program knows its value: the
// identifier, its last argument.
type Secret = keylist.Key

// Spec describes an exec source as declared.
type Spec struct {
	Command []string
	Secrets []Secret // none: every key that the program prints, as Format
	Format  string   // "json", "lines" or "dotenv": it prints all keys at once; "": one value

	Temporary []int // exit statuses after which a retry may help
	Missing   []int // exit statuses that report a missing secret

	EmptyIsMissing bool // status 0 with nothing printed reports a missing secret too
}

// Formats lists the formats in which a program can print all keys.
var Formats = []string{"json", "lines", "dotenv"}

// Parse reads a declaration: a map, or a string that holds a map as a JSON or
// Python literal, as --secrets passes it. It looks for no program.
func Parse(n *document.Node) (Spec, error) {
	n, err := document.Unwrap(n)
	if err != nil {
		return Spec{}, err
	}
	var spec Spec
	var problems document.Problems
	if n.Kind != document.Map {
		problems.Add(n.At, "", "an exec source must be a map, not %s", n.Kind)
		return spec, problems.Err()
	}
	secrets, format := n.Field("secrets") != nil, n.Field("format") != nil
	for _, f := range n.Fields {
		spec.field(&problems, f, format)
	}
	switch {
	case n.Field("command") == nil:
		problems.Add(n.At, "write command: [PROGRAM, ARGUMENT]", "an exec source needs a command")
	case !secrets && !format:
		problems.Add(n.At, "give secrets for one run per key, or format for one run for all keys", "an exec source needs secrets or a format")
	}
	return spec, problems.Err()
}

// field reads one field. With a format, the program prints all keys at once.
func (s *Spec) field(problems *document.Problems, f document.Field, format bool) {
	switch f.Name {
	case "command":
		s.Command = command(problems, f.Value)
	case "secrets":
		s.Secrets = secrets(problems, f.Value, format)
	case "format":
		s.Format = problems.Choice(f.Value, "format", Formats)
	case "temporary":
		s.Temporary = statuses(problems, f.Value, f.Name)
	case "missing":
		s.Missing = statuses(problems, f.Value, f.Name)
	case "empty_is_missing":
		if f.Value.Kind != document.Bool {
			problems.Add(f.Value.At, "", "empty_is_missing must be true or false, not %s", f.Value.Kind)
		}
		s.EmptyIsMissing = strings.EqualFold(f.Value.Text, "true")
	default:
		problems.Unknown(f, "an exec source", "command", "secrets", "format", "temporary", "missing", "empty_is_missing")
	}
}

// command reads a program and its arguments. Arguments may be equal.
func command(problems *document.Problems, n *document.Node) (command []string) {
	switch {
	case n.Kind == document.String:
		problems.Add(n.At, "write a list, [PROGRAM, ARGUMENT]: no shell reads it", "a command must be a list, not a string")
	case n.Kind != document.List:
		problems.Add(n.At, "", "a command must be a list, not %s", n.Kind)
	case len(n.Items) == 0 || n.Items[0].Scalar() && n.Items[0].Text == "":
		problems.Add(n.At, "", "a command's program is empty")
	}
	for _, item := range n.Items {
		command = append(command, argument(problems, item))
	}
	return command
}

func argument(problems *document.Problems, n *document.Node) string {
	switch {
	case !n.Scalar():
		problems.Add(n.At, "", "a command must hold strings, not %s", n.Kind)
	case strings.ContainsRune(n.Text, 0):
		problems.Add(n.At, "", "a command holds a NUL byte, which an argument cannot")
	}
	return n.Text
}

// statuses reads a list of exit statuses, other than 0.
func statuses(problems *document.Problems, n *document.Node, what string) (statuses []int) {
	if n.Kind != document.List {
		problems.Add(n.At, "", "%s must be a list of exit statuses, not %s", what, n.Kind)
	}
	for _, item := range n.Items {
		status, err := strconv.Atoi(item.Text)
		if err != nil || status < 1 || status > 255 {
			problems.Add(item.At, "", "%s must hold exit statuses from 1 to 255", what)
		}
		statuses = append(statuses, status)
	}
	return statuses
}

// Name returns the program's name for messages. Its arguments are not shown: they
// may hold a credential.
func (s Spec) Name() string { return path.Base(s.Command[0]) }

// Keys returns the declared keys, nil if only the program knows them.
func (s Spec) Keys() []string { return keylist.Names(s.Secrets) }

// Defaults returns the keys that have a default.
func (s Spec) Defaults() []resolve.Default { return keylist.Defaults(s.Secrets) }

// Only returns the source of one declared key.
func (s Spec) Only(key string) Spec {
	s.Secrets = slices.DeleteFunc(slices.Clone(s.Secrets), func(secret Secret) bool { return secret.Key != key })
	return s
}

// secrets reads the declared keys. With a format, a key's name is a key of the output.
func secrets(problems *document.Problems, n *document.Node, format bool) []Secret {
	form := keylist.Form{Source: "an exec source", Map: true}
	if !format {
		form.CheckName = checkIdentifier
	}
	switch empty := len(n.Items)+len(n.Fields) == 0 && n.Kind >= document.List; {
	case empty && format:
		problems.Add(n.At, "name each key, or remove secrets to take every key", "secrets of an exec source is empty")
	case empty:
		problems.Add(n.At, "name each key: the launcher does not ask a program for a list", "secrets of an exec source is empty")
	}
	return form.Parse(problems, n)
}

// checkIdentifier refuses what no argument can hold.
func checkIdentifier(problems *document.Problems, at document.Position, identifier string) bool {
	if strings.ContainsRune(identifier, 0) {
		problems.Add(at, "", "an identifier holds a NUL byte, which an argument cannot")
		return false
	}
	return true
}
