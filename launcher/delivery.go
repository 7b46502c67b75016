package launcher

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/handler"
	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve"
)

// Delivery is the way by which the context reaches the handler.
type Delivery string

// The deliveries.
const (
	Stdin  Delivery = task.DeliverStdin  // the JSON on standard input, then end of file
	FD     Delivery = task.DeliverFD     // a sealed, read-only memfd on the first free descriptor from 3
	Env    Delivery = task.DeliverEnv    // a variable a secret, the rest in LAUNCHER_CONTEXT_JSON
	Files  Delivery = task.DeliverFiles  // a file a secret, the rest in context.json, in a directory on tmpfs
	Socket Delivery = task.DeliverSocket // HTTP on a Unix socket in such a directory
)

// Stays reports whether the handler needs a parent that stays: to remove the
// directory, and to end the process that answers.
func (d Delivery) Stays() bool { return d == Files || d == Socket }

// DefaultDelivery returns stdin if standard input has nothing to lose: it is
// /dev/null, or closed, where the Go runtime opens /dev/null. Otherwise it returns
// fd, which leaves standard input to the handler.
func DefaultDelivery() Delivery {
	var stdin, null unix.Stat_t
	if unix.Fstat(0, &stdin) != nil || unix.Stat(os.DevNull, &null) == nil && stdin.Rdev == null.Rdev && stdin.Mode&unix.S_IFMT == unix.S_IFCHR {
		return Stdin
	}
	return FD
}

// EnvOptions are the settings for the variables that a delivery sets.
type EnvOptions struct {
	Prefix string   // env: export Prefix + upper(key), as MLRun names its variables
	Allow  []string // dangerous names to let through, as patterns and lists with commas
	Files  bool     // files: export the path of each file, as KEY_FILE
}

// maxVariable is the longest NAME=value that Linux takes, without its final
// NUL: MAX_ARG_STRLEN of execve(2), 32 pages of 4 KiB.
const maxVariable = 131071

// RefusedError is a secret that the delivery cannot carry, or something else
// that is asked for and cannot be had.
type RefusedError struct {
	Key    string // "" where it is no secret
	Reason string
	Advice string
}

func (e *RefusedError) Error() string {
	if e.Key == "" {
		return e.Reason
	}
	return fmt.Sprintf("secret %q: %s", e.Key, e.Reason)
}

// Hint is what to do about it.
func (e *RefusedError) Hint() string { return e.Advice }

const adviseStdin = "use --deliver stdin, which carries every value"

// Routes returns, for each secret, how it reaches the handler: the variable's name
// in the env delivery, the file's or the path to ask for in files and socket, and
// its place in the context's JSON otherwise. The error joins a RefusedError for
// each one that the delivery cannot carry.
func (d Delivery) Routes(secrets []resolve.Secret, options EnvOptions) ([]string, error) {
	routes := make([]string, len(secrets))
	var refused []error
	holder := map[string]string{} // the key of each variable
	for i, s := range secrets {
		switch d {
		case Env:
			routes[i] = options.variable(s.Key)
			refused = append(refused, options.check(s, routes[i], holder))
		case Files:
			routes[i] = s.Key
			if s.Key == handler.File {
				refused = append(refused, &RefusedError{s.Key, "files: this name is reserved for the context's file", "give its source a prefix, or " + adviseStdin})
			}
			if name, ok := options.FileVariable(s); ok {
				refused = append(refused, options.checkFileVariable(s.Key, name, holder))
			}
		case Socket:
			routes[i] = "/v1/secrets/" + url.PathEscape(s.Key)
		default:
			routes[i] = member(s.Value) + "." + s.Key
		}
	}
	return routes, errors.Join(refused...)
}

// variable is the name under which a key is exported: the key with "_" for
// what a shell's name cannot hold (POSIX 1.2024, XBD 3.216), and before a
// leading digit. With a prefix it is the prefix and the key in upper case and
// nothing is replaced, as that is the name which MLRun looks up.
func (o EnvOptions) variable(key string) string {
	if o.Prefix != "" {
		return o.Prefix + strings.ToUpper(key)
	}
	name := strings.Map(func(r rune) rune {
		if r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, key)
	if name[0] >= '0' && name[0] <= '9' {
		name = "_" + name
	}
	return name
}

// FileVariable returns the name of the variable that has the path of a secret's file,
// and false if there is none. A secret with env: true has none: images that read
// KEY_FILE refuse KEY beside it.
func (o EnvOptions) FileVariable(s resolve.Secret) (name string, ok bool) {
	return EnvOptions{}.variable(s.Key) + "_FILE", o.Files && !s.Env
}

// checkFileVariable returns the error for a key whose path no variable may have. It
// records the variable's key.
func (o EnvOptions) checkFileVariable(key, name string, holder map[string]string) error {
	other, taken := holder[name]
	holder[name] = key
	switch danger := dangerous(name); {
	case danger != "" && !o.allows(name):
		return &RefusedError{key, fmt.Sprintf("files: variable %s %s", name, danger), "use --allow-env " + name + " to allow it, or remove --file-env"}
	case taken:
		return &RefusedError{key, fmt.Sprintf("files: variable %s is also used for secret %q", name, other), "give one of their sources a prefix, or remove --file-env"}
	}
	return nil
}

// allows reports whether --allow-env lets the name through.
func (o EnvOptions) allows(name string) bool {
	return matches(strings.ReplaceAll(strings.Join(o.Allow, " "), ",", " "), name)
}

// check returns the error for a secret that the variable cannot have. It records the
// variable's key.
func (o EnvOptions) check(s resolve.Secret, name string, holder map[string]string) error {
	value := s.Value.Reveal()
	danger := dangerous(name)
	other, taken := holder[name]
	holder[name] = s.Key
	switch {
	case danger != "" && !o.allows(name):
		return &RefusedError{s.Key, fmt.Sprintf("env: variable %s %s", name, danger),
			"use --allow-env " + name + " to allow it, or " + adviseStdin}
	case slices.Contains(value, 0):
		return &RefusedError{s.Key, "env: the value holds a NUL byte, which a variable cannot", adviseStdin}
	case len(name)+1+len(value) > maxVariable:
		return &RefusedError{s.Key, fmt.Sprintf("env: %s=VALUE is longer than %d bytes, the limit of a variable", name, maxVariable), adviseStdin}
	case taken:
		return &RefusedError{s.Key, fmt.Sprintf("env: variable %s is also used for secret %q", name, other),
			"give one of their sources a prefix, or " + adviseStdin}
	}
	return nil
}
