package cli

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/internal/suggest"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// UsageError is a command line or a setting that the program refuses.
type UsageError struct{ Message, Advice string }

func (e UsageError) Error() string { return e.Message }

// Hint returns the advice, for a "hint:" line.
func (e UsageError) Hint() string { return e.Advice }

// Usage returns a UsageError; an empty advice prints no hint.
func Usage(message, advice string) error { return UsageError{message, advice} }

// wrongValue matches what the flag package says of a value that it cannot parse.
const wrongValue = `(?s)^invalid (?:boolean )?value (".*") for (?:flag )?-([^:]*): [^"]*$`

// usageError returns a UsageError for what the flag library reports, which writes
// flags with one hyphen.
func usageError(c *cli.Context, err error, _ bool) error {
	if usage := (UsageError{}); errors.As(err, &usage) {
		return err // of a variable
	}
	advice := "see " + c.Command.HelpName + " --help"
	if name, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -"); ok && keyname.Check(name) == nil { // else it may be a value
		return Usage("unknown flag: "+dashed(name), suggest.Hint(advice, name, "--", flagNames(c)...))
	}
	if name, ok := strings.CutPrefix(err.Error(), "flag needs an argument: -"); ok {
		return Usage(dashed(name)+" needs a value", advice)
	}
	if parts := regexp.MustCompile(wrongValue).FindStringSubmatch(err.Error()); parts != nil {
		if f := findFlag(c, parts[2]); f != nil {
			value, _ := strconv.Unquote(parts[1])
			return f.refuse(dashed(parts[2]), value)
		}
	}
	return Usage("a word of the command line starts with a hyphen but is not a flag", advice)
}

func flagNames(c *cli.Context) []string {
	names := []string{"help"}
	for _, each := range c.Command.Flags {
		names = append(names, each.Names()[0])
	}
	return names
}

// dashed returns a flag as it is written.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
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
