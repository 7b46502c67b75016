package cli

import "github.com/urfave/cli/v2"

// List holds the values of a repeatable flag, unchanged: the library's own list
// trims and splits them.
type List []string

// Set adds a value.
func (l *List) Set(value string) error { *l = append(*l, value); return nil }

// String returns "", so that the help shows no default.
func (l *List) String() string { return "" }

// Get returns the values as []string.
func (l *List) Get() any { return []string(*l) }

// Values returns the values of a repeatable flag.
func Values(c *cli.Context, flag string) []string {
	values, _ := c.Value(flag).([]string)
	return values
}
