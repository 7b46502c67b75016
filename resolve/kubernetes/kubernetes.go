// Package kubernetes is the secret source of a project's Kubernetes Secret, or of
// any other, as it reaches a pod: variables that the pod's specification fills by
// secretKeyRef, or the files of a mounted Secret volume.
//
// It owns the names of those variables and files; it calls no API server. It
// refuses a name that is not a key, and MLRun's internal ones (mlrun.*). Data
// flows Environ or mount -> Finding.
package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keylist"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// internal is how MLRun's own keys start: never mounted, never listed.
const internal = "mlrun."

// Spec is a kubernetes source as declared.
type Spec struct {
	Keys   []keylist.Key // none: every key of the project, or of the mounted Secret
	Secret string        // the Kubernetes Secret; "" is the project's
	Prefix string        // of the variables
	Mount  string        // directory of a mounted Secret, instead of variables
	Listed Listed        // what the pod says are its project's secrets

	// Confidential takes only what is not written in the pod's specification, as
	// far as a pod can tell: variables with MLRun's prefix, and Kubernetes volumes.
	Confidential bool
}

var fields = []string{"secrets", "secret", "env_prefix", "mount"}

// Parse reads a declaration's source: a list of keys, a string of them
// ("a, b", or a literal list, as mlrun run -s gives it), or a map of secrets,
// secret, env_prefix and mount. A nil node is the source of a task that declares none.
func Parse(n *document.Node) (Spec, error) {
	spec := Spec{Prefix: keyname.MLRunPrefix}
	var problems document.Problems
	switch {
	case n == nil:
	case n.Kind == document.Map:
		spec.parseFields(&problems, n)
	default:
		spec.Keys = parseKeys(&problems, n)
	}
	return spec, problems.Err()
}

func (s *Spec) parseFields(problems *document.Problems, n *document.Node) {
	for _, f := range n.Fields {
		switch f.Name {
		case "secrets":
			s.Keys = parseKeys(problems, f.Value)
		case "env_prefix":
			s.Prefix = problems.Text(f.Value, "env_prefix")
			if f.Value.Kind == document.String && s.Prefix != "" && keyname.Check(s.Prefix) != nil {
				problems.Add(f.Value.At, "", "env_prefix is not the start of a variable's name")
			}
		case "mount":
			if s.Mount = problems.Text(f.Value, "mount"); f.Value.Kind == document.String && s.Mount == "" {
				problems.Add(f.Value.At, "", "mount must be a directory")
			}
		case "secret":
			s.Secret = problems.Text(f.Value, "secret")
			if f.Value.Kind == document.String && !validSecret(s.Secret) {
				problems.Add(f.Value.At, "use 1 to 253 lower-case letters, digits, hyphens and dots",
					"%s is not the name of a Kubernetes Secret", keyname.Show(s.Secret))
			}
		default:
			problems.Unknown(f, "a kubernetes source", slices.Clone(fields)...)
		}
	}
	if list := n.Field("secrets"); s.Secret != "" && s.Mount == "" && n.Field("mount") == nil && (list == nil || list.Kind == document.List && len(list.Items) == 0) {
		problems.Add(n.At, "list the keys in secrets, or mount the Secret and give mount", "the keys of Secret %s are missing", keyname.Show(s.Secret))
	}
	if s.Mount != "" && n.Field("env_prefix") != nil {
		problems.Add(n.At, "keep the one that the pod has", "env_prefix and mount cannot be used together")
	}
}

func parseKeys(problems *document.Problems, n *document.Node) []keylist.Key {
	return keylist.Form{Source: "a kubernetes source", Map: n.Kind == document.Map, CheckName: checkName}.Parse(problems, n)
}

// checkName refuses a key of the Secret that is MLRun's own.
func checkName(problems *document.Problems, at document.Position, name string) bool {
	if !problems.CheckKey(at, name) {
		return false
	}
	if Internal(name) {
		problems.Add(at, "", "%s is internal to MLRun (%s*) and not for a job", keyname.Show(name), internal)
	}
	return !Internal(name)
}

// validSecret reports whether a Kubernetes Secret can have this name.
func validSecret(name string) bool {
	const characters = "abcdefghijklmnopqrstuvwxyz0123456789-."
	return name != "" && len(name) <= 253 && strings.Trim(name, characters) == "" && strings.Trim(name, "-.") == name
}

// Internal reports whether a key is MLRun's own. Letter case is ignored, as a
// variable's name has the key in upper case.
func Internal(key string) bool {
	return len(key) >= len(internal) && strings.EqualFold(key[:len(internal)], internal)
}

// CheckConfidential returns an error if the variables have another prefix than
// MLRun's, by which a task could name any variable of the pod.
func (s Spec) CheckConfidential(at document.Position) error {
	var problems document.Problems
	if s.Mount == "" && s.Prefix != keyname.MLRunPrefix {
		problems.Add(at, "use MLRun's prefix "+keyname.MLRunPrefix+", or mount", "--require-confidential refuses env_prefix, which can name any variable")
	}
	return problems.Err()
}

// Source returns the source of this specification. Its Find answers with every
// declared key, or with all that the pod carries if none is declared.
func (s Spec) Source(environ resolve.Environ) resolve.Source {
	if s.Mount != "" {
		return mount{s}
	}
	return variables{s, func() resolve.Environ { return environ }}
}

// Defaults implements resolve.Defaulted.
func (s Spec) Defaults() []resolve.Default { return keylist.Defaults(s.Keys) }

// Variable returns the variable in which the pod has a key: the prefix and, in
// upper case, the key of the project's Secret. Without a prefix the letter case
// stays, as in MLRun 1.8 and later. Keys of several other Secrets may have one name,
// so theirs is the key that the handler asks for.
func (s Spec) Variable(key keylist.Key) string {
	if s.Prefix == "" {
		return s.plain(key)
	}
	return s.Prefix + strings.ToUpper(s.plain(key))
}

// plain returns the variable that is looked at next.
func (s Spec) plain(key keylist.Key) string {
	if s.Secret != "" {
		return key.Key
	}
	return key.Name
}

// ListsAll reports whether the source is for all secrets of the project that the
// pod has.
func (s Spec) ListsAll() bool { return s.Mount == "" && len(s.Keys) == 0 }

// Variables returns the names of the variables that carry the secrets, also those
// with the prefix that the task does not ask for.
func (s Spec) Variables(environ resolve.Environ) []string {
	if s.Mount != "" {
		return nil
	}
	carriers := s.prefixed(environ)
	for _, key := range s.Keys {
		if _, ok := environ[s.Variable(key)]; !ok || s.Prefix == "" {
			carriers = append(carriers, s.plain(key))
		}
	}
	return carriers
}

// prefixed returns the names of the variables that start with the prefix; none if it
// is empty.
func (s Spec) prefixed(environ resolve.Environ) []string {
	if s.Prefix == "" {
		return nil
	}
	return environ.WithPrefix(s.Prefix)
}

type variables struct {
	Spec
	environ func() resolve.Environ // as no verb prints what it closes over
}

// Find looks for name N in the variable PREFIX + upper(N), then in N. If the source
// lists no keys, it finds those that the pod lists, and all other variables with the
// prefix under the rest of their names.
func (v variables) Find(context.Context) ([]resolve.Finding, error) {
	environ := v.environ()
	keys := v.Keys
	if len(keys) == 0 {
		keys = v.Listed.keys(v.Spec, environ)
	}
	var found []resolve.Finding
	taken := map[string]bool{}
	for _, key := range keys {
		found = append(found, v.find(environ, key))
		taken[v.Variable(key)] = true
	}
	if len(v.Keys) > 0 {
		return found, nil
	}
	var wrong []error
	for _, name := range v.prefixed(environ) {
		key := name[len(v.Prefix):]
		err := keyname.Check(key)
		switch {
		case key == "" || Internal(key) || taken[name]:
		case err != nil:
			wrong = append(wrong, notKeyError("a variable that starts with "+v.Prefix, err))
		default:
			found = append(found, environ.Find(key, name))
		}
	}
	return found, errors.Join(wrong...)
}

// find returns the finding of a declared key. The plain variable may be written in
// the pod's specification, unless whoever configures the launcher says otherwise.
func (v variables) find(environ resolve.Environ, key keylist.Key) resolve.Finding {
	name, plain := v.Variable(key), v.plain(key)
	names := []string{name}
	takesPlain := !v.Confidential || v.Secret == "" && v.Listed.vouchesFor(plain)
	if takesPlain && plain != name {
		names = append(names, plain)
	}
	found := environ.Find(key.Key, names...)
	if _, ok := environ[plain]; ok && found.Err != nil && !takesPlain {
		found.Err = plainError{name, plain}
	}
	return v.missing(key, found)
}

// missing adds the Secret's name to what is said about a key that is missing.
func (v variables) missing(key keylist.Key, found resolve.Finding) resolve.Finding {
	if v.Secret != "" && found.Err != nil {
		found.Err = secretError{found.Err, v.Secret, key.Name}
	}
	return found
}

// secretError is a key that a pod lacks, of a Secret with a name.
type secretError struct {
	error
	secret, name string
}

func (e secretError) Unwrap() error { return e.error }

// Hint returns what to do about it.
func (e secretError) Hint() string {
	return fmt.Sprintf("add key %s to Secret %s and to the pod, or mark the source optional: true", keyname.Show(e.name), keyname.Show(e.secret))
}

// plainError is a key that only a variable of its own name has, which
// --require-confidential does not take.
type plainError struct{ name, plain string }

func (e plainError) Error() string {
	return fmt.Sprintf("variable %s is not set, and --require-confidential does not accept variable %s, "+
		"which the pod's specification may hold", e.name, e.plain)
}

func (plainError) Is(target error) bool { return target == resolve.ErrAbsent }

// Hint returns what to do about it.
func (e plainError) Hint() string {
	return "if the pod fills it by secretKeyRef, list it: --project-secrets " + e.plain + "; or mark the source optional: true"
}

// notKeyError returns an error that says where text is that is not a key. It does
// not show the text, which may be a value.
func notKeyError(where string, err error) error { return fmt.Errorf("%s: %w", where, err) }
