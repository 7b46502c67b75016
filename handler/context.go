// Package handler reads the context that launcher gave to a handler written in
// Go: the task's metadata and parameters, and its secrets.
//
//	job, err := handler.Read()
//	password, err := job.Secret("DB_PASSWORD")
//
// It owns the reading of the context in every delivery and the rule that finds
// a key. It refuses a context of an unknown version. Data flows
// LAUNCHER_CONTEXT -> Context. It imports only the standard library, and not
// net.
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

// ErrNoSecret reports that nothing has the key. Every other error of Secret
// means that this is not known.
var ErrNoSecret = errors.New("no such secret")

// Metadata identifies a run of a task. Its fields are MLRun's; a field that
// the task lacks is zero.
type Metadata struct {
	Name        string         `json:"name"`
	UID         string         `json:"uid"`
	Project     string         `json:"project"`
	Iteration   int            `json:"iteration"`
	Labels      map[string]any `json:"labels"`
	Annotations map[string]any `json:"annotations"`
}

// Context holds what a handler receives. Only Secret returns its secrets, so
// printing a Context shows none.
type Context struct {
	Metadata Metadata

	// Parameters is spec.parameters as encoding/json decodes it, numbers as
	// json.Number. It is empty, never nil, if the task has none.
	Parameters map[string]any

	// Spec is the task's whole spec, without its secret sources: a JSON object.
	Spec json.RawMessage

	keys   []string
	secret func(key string) (string, error) // a function, as no verb prints what it holds
}

// Secret returns the value of a key, byte for byte. It looks for exactly this
// key; then for the only key that is equal if ASCII letter case is ignored and
// "-" and "." count as "_"; then for the process's own variable of exactly
// this name. An empty value is a value. It returns ErrNoSecret if there is
// none.
//
// In the socket delivery it sends a request each time, so it returns a value
// that was replaced. It returns the launcher's message if there is no answer,
// or ErrEnded if the process that answers has ended.
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
	if matches := Matches(c.keys, key); len(matches) > 1 {
		err = noSecretError(fmt.Sprintf("secret %q: two keys match, %q and %q", key, matches[0], matches[1]))
	}
	if _, complete := err.(noSecretError); complete {
		return "", err
	}
	return "", fmt.Errorf("secret %q: %w", key, err)
}

// noSecretError is an ErrNoSecret that says why.
type noSecretError string

func (e noSecretError) Error() string      { return string(e) }
func (noSecretError) Is(target error) bool { return target == ErrNoSecret }

// Keys returns the sorted keys of all secrets. It returns none in the socket
// delivery, which finds a key only when you ask for it.
func (c *Context) Keys() []string { return slices.Clone(c.keys) }

// Param returns the value of a parameter, or fallback if the task has none.
func (c *Context) Param(name string, fallback any) any {
	if value, ok := c.Parameters[name]; ok {
		return value
	}
	return fallback
}

// Match returns the key itself, or the only one of keys that is equal if ASCII
// letter case is ignored and "-" and "." count as "_". It reports false if two
// keys match.
func Match(keys []string, key string) (string, bool) {
	if matches := Matches(keys, key); len(matches) == 1 {
		return matches[0], true
	}
	return "", false
}

// Matches returns the key itself, or all of keys that are equal if ASCII letter
// case is ignored and "-" and "." count as "_".
func Matches(keys []string, key string) []string {
	var matches []string
	for _, candidate := range keys {
		if candidate == key {
			return []string{key}
		}
		if alike(candidate, key) {
			matches = append(matches, candidate)
		}
	}
	return matches
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
