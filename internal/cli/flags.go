package cli

import (
	"errors"
	stdflag "flag"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/internal/suggest"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// Flag describes one flag of a command: a row of a program's table.
type Flag struct {
	Name     string
	Alias    string   // one letter, "" for none
	Argument string   // what follows the flag, "" for nothing or for its choices
	Default  any      // a bool, int, time.Duration or List; nil or a string for text
	Usage    string   // says the default itself if it has "(default: "
	Choices  []string // the values that it accepts, nil for any
}

// Variable returns the name of the launcher's variable that sets a flag.
func Variable(flag string) string {
	return "LAUNCHER_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// Flags returns rows as the library's flags. A flag takes its value from its
// variable in environ; nil is for a program that reads no variables.
func Flags(environ map[string]string, rows ...Flag) []cli.Flag {
	flags, all := make([]cli.Flag, len(rows)), make([]flag, len(rows))
	for i, row := range rows {
		all[i] = flag{Flag: row, names: []string{row.Name}}
		if environ != nil {
			all[i].variable = Variable(row.Name)
			all[i].value = environ[all[i].variable]
		}
		flags[i] = &all[i]
	}
	return flags
}

// flag implements the library's flag for a row. The library's own types find
// their names by a regular expression, some hundred times in a run, and trim and
// split the values of a list.
type flag struct {
	Flag
	names           []string // without the alias: the library would copy values from one to the other
	variable, value string   // "" if the program reads no variables
}

func (f *flag) Names() []string { return f.names }

func (*flag) IsSet() bool { return false } // of the library's required flags

func (*flag) IsVisible() bool { return true }

// Apply defines the flag, with its variable's value if that is not empty. The
// variable of a list is read by its user: a flag overrides all of its lines.
func (f *flag) Apply(set *stdflag.FlagSet) error {
	switch value := f.Default.(type) {
	case nil:
		set.String(f.Name, "", "")
	case string:
		set.String(f.Name, value, "")
	case bool:
		set.Bool(f.Name, value, "")
	case int:
		set.Int(f.Name, value, "")
	case time.Duration:
		set.Duration(f.Name, value, "")
	case List:
		set.Var(new(List), f.Name, "")
	}
	if f.Alias != "" {
		set.Var(set.Lookup(f.Name).Value, f.Alias, "")
	}
	if _, list := f.Default.(List); !list && f.value != "" && set.Set(f.Name, f.value) != nil {
		return f.refuse("variable "+f.variable+":", f.value)
	}
	return nil
}

// refuse returns the error for a value that the flag does not accept.
func (f *flag) refuse(origin, value string) error {
	advice, expected := "", "one of "+strings.Join(f.Choices, ", ")
	switch f.Default.(type) {
	case bool:
		expected = "one of true, false, 1, 0"
	case int:
		expected = "a whole number"
	case time.Duration:
		advice, expected = "add a unit: 90s, 2m", "a duration"
	}
	return Usage(origin+" "+keyname.Quote(value)+" is not "+expected, suggest.Hint(advice, value, "", f.Choices...))
}

// findFlag returns a command's flag by name or alias, nil if it has none.
func findFlag(c *cli.Context, name string) *flag {
	for _, each := range c.Command.Flags {
		if f, ok := each.(*flag); ok && (f.Name == name || f.Alias == name) {
			return f
		}
	}
	return nil
}

// CheckChoices returns an error for each flag of a command whose value is not one
// of its choices.
func CheckChoices(c *cli.Context) error {
	var errs []error
	for _, each := range c.Command.Flags {
		f, ok := each.(*flag)
		if !ok || f.Choices == nil {
			continue
		}
		value, origin := c.String(f.Name), "--"+f.Name
		if value == f.value {
			origin = "variable " + f.variable + ":"
		}
		if value != "" && !slices.Contains(f.Choices, value) {
			errs = append(errs, f.refuse(origin, value))
		}
	}
	return errors.Join(errs...)
}

// String returns the flag's lines in the help.
func (f *flag) String() string {
	head, usage := f.help()
	return head + "\n" + wrap(usage, helpWidth) + "\n"
}

// help returns how to write the flag, and what it does, its default and its variable.
func (f *flag) help() (head, usage string) {
	head, usage = "--"+f.Name, f.Usage
	if f.Alias != "" {
		head = "-" + f.Alias + ", " + head
	}
	if argument := f.Argument + strings.Join(f.Choices, "|"); argument != "" {
		head += " " + argument
	}
	if _, list := f.Default.(List); list && f.variable != "" {
		usage += "; repeatable, one per line in its variable"
	} else if list {
		usage += "; repeatable"
	}
	if text := f.defaultText(); text != "" && !strings.Contains(usage, "(default: ") {
		usage += " (default: " + text + ")"
	}
	if f.variable != "" {
		usage += " [$" + f.variable + "]"
	}
	return head, usage
}

// defaultText returns the default as a user would write it, "" if there is none.
func (f *flag) defaultText() string {
	switch value := f.Default.(type) {
	case bool:
		return "off"
	case time.Duration:
		return strings.ReplaceAll(strings.ReplaceAll(value.String(), "m0s", "m"), "h0m", "h")
	case nil, List:
		return ""
	}
	return fmt.Sprint(f.Default)
}

// helpWidth is the longest line of a flag's usage: 80 columns, less what the
// library indents it by.
const helpWidth = 74

// wrap returns text in lines of at most width bytes, if its words allow.
func wrap(text string, width int) string {
	var wrapped strings.Builder
	length := 0
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
		case length+1+len(word) > width:
			wrapped.WriteByte('\n')
			length = 0
		default:
			wrapped.WriteByte(' ')
			length++
		}
		wrapped.WriteString(word)
		length += len(word)
	}
	return wrapped.String()
}
