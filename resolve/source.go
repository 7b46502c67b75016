// Package resolve turns the secret sources that a task declares into secrets.
//
// It owns what a source is, the precedence among them and the report of where
// each key was looked for. It refuses text that is not a key (package keyname). Data flows Declaration -> Source -> Finding -> Resolution.
// The sources themselves are packages of their own below this one; it knows
// none of them, reads nothing and reaches no network.
package resolve

import (
	"context"
	"errors"

	"github.com/seed45446ece/launcher/resolve/document"
)

// ErrAbsent says that a source answered and does not have the key (or, from
// Find itself, that the source does not exist). Only this may be forgiven, by
// "optional: true" or --missing=warn; every other error stops the start.
var ErrAbsent = errors.New("absent")

// ErrDenied says that the place has the key, and that the value may not be read:
// it is disabled, or forbidden. It stops the start, but for --missing=warn and
// an optional source, which do without the key and warn.
var ErrDenied = errors.New("denied")

// ErrUnavailable marks a failure that a later try may not meet again:
// throttled, timed out, unreachable.
var ErrUnavailable = errors.New("unavailable")

// Declaration is one entry of a task's secret_sources.
type Declaration struct {
	Kind     string
	Source   *document.Node
	Prefix   string // put before every key, as MLRun does
	Optional bool   // an absent key or source is no error
	Env      bool   // the handler gets the keys as variables too
	At       document.Position
}

// Source finds secrets.
type Source interface {
	// Find answers with one Finding for every key that the source declares, or
	// that it lists where it declares none, in a stable order. An error is of
	// the source as a whole; a Finding beside it whose Err is that error has a
	// Row, and no message of its own. It returns when ctx ends.
	Find(ctx context.Context) ([]Finding, error)
}

// Finding is a source's answer for one key.
type Finding struct {
	Key    string // without the declaration's prefix
	Where  string // the one place that was looked at: "variable DB_PASSWORD", "/etc/app.env:3"
	Value  Value  // where Err is nil
	Note   string // what a user should know of a value that was found; "" for nothing
	Detail string // the same, only for --verbose
	Err    error  // wraps ErrAbsent where the place does not have the key
}

// Default is the value of a key that is missing. The task holds it.
type Default struct {
	Key   string // without the declaration's prefix
	Value Value
	At    document.Position
}

// Where returns the place of a default, for a Row.
func (d Default) Where() string { return "default in " + d.At.String() }

// Defaulted is a source with defaults. A default is taken if no source of the task
// has the key. It does not replace an error.
type Defaulted interface {
	Source
	Defaults() []Default
}

// DefaultsOf returns the defaults of a source.
func DefaultsOf(s Source) []Default {
	if defaulted, ok := s.(Defaulted); ok {
		return defaulted.Defaults()
	}
	return nil
}

// absence is an ErrAbsent with a text of its own.
type absence string

func (a absence) Error() string      { return string(a) }
func (absence) Is(target error) bool { return target == ErrAbsent }

// Absent is an error that says what does not exist, and is ErrAbsent.
func Absent(what string) error { return absence(what) }

// unavailability is an ErrUnavailable with a text of its own.
type unavailability string

func (u unavailability) Error() string      { return string(u) }
func (unavailability) Is(target error) bool { return target == ErrUnavailable }

// Unavailable is an error that says what a later try may find, and is
// ErrUnavailable.
func Unavailable(what string) error { return unavailability(what) }
