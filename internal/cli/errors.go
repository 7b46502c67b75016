package cli

import (
	"errors"
	"strings"
)

// UsageError is a command line or a setting that the program refuses.
type UsageError struct{ Message, Advice string }

func (e UsageError) Error() string { return e.Message }

// Hint returns the advice, for a "hint:" line.
func (e UsageError) Hint() string { return e.Advice }

// Usage returns a UsageError; an empty advice prints no hint.
func Usage(message, advice string) error { return UsageError{message, advice} }

// FlagError returns a UsageError for what the flag library reports, which writes
// flags with one hyphen.
func FlagError(err error, advice string) error {
	message := strings.Replace(err.Error(), "flag provided but not defined: -", "unknown flag: --", 1)
	return UsageError{strings.Replace(message, "for flag -", "for flag --", 1), advice}
}

type hintedError struct {
	error
	hint string
}

func (e hintedError) Hint() string  { return e.hint }
func (e hintedError) Unwrap() error { return e.error }

// WithHint returns err with another hint.
func WithHint(err error, hint string) error { return hintedError{err, hint} }

// Hint returns the hint of an error, "" if it has none.
func Hint(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}
