// Package handler is what a handler written in Go imports to read the context
// that launcher gave it: the task's metadata and parameters, and its secrets.
//
//	job, err := handler.Read()
//	password, err := job.Secret("DB_PASSWORD")
//
// It owns the reading of the context in every delivery and the rule by which a
// key is found. It refuses a context of a version that it does not know. Data
// flows LAUNCHER_CONTEXT -> Context. It imports the standard library only, and
// of that no network: a Unix socket needs none.
package handler

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
)

// Version is the version of the context that this package reads.
const Version = 1

// ErrNoSecret says that nothing has the key. Every other error of Secret says
// that this could not be found out.
var ErrNoSecret = errors.New("no such secret")

// Metadata says which run of which task this is. Its fields are MLRun's; those
// that the task has not are zero.
type Metadata struct {
	Name        string         `json:"name"`
	UID         string         `json:"uid"`
	Project     string         `json:"project"`
	Iteration   int            `json:"iteration"`
	Labels      map[string]any `json:"labels"`
	Annotations map[string]any `json:"annotations"`
}

// Context is what a handler is given. Its secrets are read by Secret alone, so
// that printing a Context prints none.
type Context struct {
	Metadata Metadata

	// Parameters is spec.parameters as encoding/json decodes it, numbers as
	// json.Number. It is empty, never nil, where the task has none.
	Parameters map[string]any

	// Spec is the task's whole spec, without its secret sources: a JSON object.
	Spec json.RawMessage

	keys   []string
	secret func(key string) (string, error) // a function, as no verb prints what it closes over
}

// Secret is the value of a key, byte for byte: of the key exactly; else of the
// one key that is equal when ASCII letter case is ignored and "-" and "." are
// taken as "_"; else of the process's own variable of exactly that name. An
// empty value is a value. It fails with ErrNoSecret where there is none.
//
// In the socket delivery it asks each time, so that a value which has been
// replaced is seen, and fails where it gets no answer: with the launcher's
// message, or as the process that answers has ended.
func (c *Context) Secret(key string) (string, error) {
	value, err := "", ErrNoSecret
	if c.secret != nil {
		value, err = c.secret(key)
	}
	if !errors.Is(err, ErrNoSecret) {
		return value, err
	}
	if value, ok := os.LookupEnv(key); ok {
		return value, nil
	}
	return "", fmt.Errorf("secret %q: %w", key, err)
}

// Keys is the keys of all secrets, sorted; none in the socket delivery, where
// they are found when they are asked for.
func (c *Context) Keys() []string { return slices.Clone(c.keys) }

// Param is a parameter's value, or fallback where the task has none.
func (c *Context) Param(name string, fallback any) any {
	if value, ok := c.Parameters[name]; ok {
		return value
	}
	return fallback
}

// Match is the one of keys that answers for key: key itself, else the only one
// that is equal when ASCII letter case is ignored and "-" and "." are taken as
// "_". Where two would fit, neither does.
func Match(keys []string, key string) (string, bool) {
	match, found := "", 0
	for _, candidate := range keys {
		if candidate == key {
			return key, true
		}
		if alike(candidate, key) {
			match, found = candidate, found+1
		}
	}
	if found != 1 {
		return "", false
	}
	return match, true
}

func alike(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if fold(a[i]) != fold(b[i]) {
			return false
		}
	}
	return true
}

func fold(c byte) byte {
	switch {
	case c == '-' || c == '.':
		return '_'
	case c >= 'A' && c <= 'Z':
		return c + 'a' - 'A'
	}
	return c
}
