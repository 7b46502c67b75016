// Package kubernetes is the secret source of a project's Kubernetes Secret, as
// it reaches a pod: variables that MLRun's pod specification fills by
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
	"strings"

	"github.com/seed45446ece/launcher/resolve"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// internal is how MLRun's own keys start: never mounted, never listed.
const internal = "mlrun."

// Spec is a kubernetes source as declared.
type Spec struct {
	Keys   []string // none: every key of the project
	Prefix string   // of the variables
	Mount  string   // directory of a mounted Secret, instead of variables

	// Confidential takes only what is not written in the pod's specification, as
	// far as a pod can tell: variables with MLRun's prefix, and Kubernetes volumes.
	Confidential bool
}

// Parse reads a declaration's source: a list of keys, a string of them
// ("a, b", or a literal list, as mlrun run -s gives it), or a map of secrets,
// env_prefix and mount. A nil node is the source of a task that declares none.
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
			if f.Value.Kind == document.String && keyname.Check(s.Prefix) != nil {
				problems.Add(f.Value.At, "", "env_prefix is not the start of a variable's name")
			}
		case "mount":
			if s.Mount = problems.Text(f.Value, "mount"); f.Value.Kind == document.String && s.Mount == "" {
				problems.Add(f.Value.At, "", "mount must be a directory")
			}
		default:
			problems.Unknown(f, "a kubernetes source", "secrets", "env_prefix", "mount")
		}
	}
	if s.Mount != "" && n.Field("env_prefix") != nil {
		problems.Add(n.At, "keep the one that the pod has", "env_prefix and mount exclude each other")
	}
}

func parseKeys(problems *document.Problems, n *document.Node) []string {
	if n.Kind == document.String && strings.HasPrefix(strings.TrimSpace(n.Text), "[") {
		literal, err := document.ParseLiteral(n.At, n.Text)
		if err != nil {
			problems.AddErr(err)
			return nil
		}
		n = literal
	}
	names := problems.Keys(n, "a kubernetes source")
	for _, key := range names {
		if Internal(key) {
			problems.Add(n.At, "", "%s is internal to MLRun (%s*) and not for a job", keyname.Show(key), internal)
		}
	}
	return names
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
		return mount{s.Mount, s.Keys, s.Confidential}
	}
	return variables{s, func() resolve.Environ { return environ }}
}

// Variables returns the names of the variables that carry the secrets, also those
// with the prefix that the task does not ask for.
func (s Spec) Variables(environ resolve.Environ) []string {
	if s.Mount != "" {
		return nil
	}
	carriers := environ.WithPrefix(s.Prefix)
	for _, key := range s.Keys {
		if _, ok := environ[s.Prefix+strings.ToUpper(key)]; !ok {
			carriers = append(carriers, key)
		}
	}
	return carriers
}

type variables struct {
	Spec
	environ func() resolve.Environ // as no verb prints what it closes over
}

// Find looks for key K in the variable PREFIX + upper(K), then in K. Listed
// keys are under the rest of their variable's name.
func (v variables) Find(context.Context) ([]resolve.Finding, error) {
	var found []resolve.Finding
	environ := v.environ()
	for _, key := range v.Keys {
		found = append(found, v.find(environ, key))
	}
	if len(v.Keys) > 0 {
		return found, nil
	}
	var wrong []error
	for _, name := range environ.WithPrefix(v.Prefix) {
		key := name[len(v.Prefix):]
		err := keyname.Check(key)
		switch {
		case key == "" || Internal(key):
		case err != nil:
			wrong = append(wrong, notKeyError("a variable that starts with "+v.Prefix, err))
		default:
			found = append(found, environ.Find(key, name))
		}
	}
	return found, errors.Join(wrong...)
}

// find returns the finding of a declared key. The variable of the key's own name
// may be written in the pod's specification.
func (v variables) find(environ resolve.Environ, key string) resolve.Finding {
	name := v.Prefix + strings.ToUpper(key)
	if !v.Confidential {
		return environ.Find(key, name, key)
	}
	found := environ.Find(key, name)
	if _, ok := environ[key]; ok && found.Err != nil {
		found.Err = resolve.Absent(fmt.Sprintf("variable %s is not set, and --require-confidential does not take variable %s, "+
			"whose value may be written in the pod's specification", name, key))
	}
	return found
}

// notKeyError returns an error that says where text is that is not a key. It does
// not show the text, which may be a value.
func notKeyError(where string, err error) error { return fmt.Errorf("%s: %w", where, err) }
