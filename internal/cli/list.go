package cli

import "github.com/urfave/cli/v2"

// List holds the values of a repeatable flag, unchanged: the library's own list
// trims and splits them. List(nil) is the default of such a flag.
type List []string

// Set adds a value.
func (l *List) Set(value string) error { *l = append(*l, value); return nil }

// String returns "", which the library asks for.
func (l *List) String() string { return "" }

// Get returns the values as []string.
func (l *List) Get() any { return []string(*l) }

// Values returns the values of a repeatable flag.
func Values(c *cli.Context, flag string) []string {
	values, _ := c.Value(flag).([]string)
	return values
}

// Rows of both programs' tables.
var (
	SecretsFlag = Flag{Name: "secrets", Alias: "s", Argument: "KIND=SOURCE", Default: List(nil), Usage: "add a secret source, as mlrun run -s does; SOURCE that starts with { or [ is JSON"}
	ParamFlag   = Flag{Name: "param", Alias: "p", Argument: "NAME=VALUE", Default: List(nil), Usage: "set a parameter; the value is read as YAML"}
	DomainFlag  = Flag{Name: "azure-domain", Argument: "DOMAIN", Default: List(nil), Usage: "another domain of vaults that a task may name by URL, such as a private cloud's or an emulator's"}
	JSONFlag    = Flag{Name: "json", Default: false, Usage: "print JSON in place of a table"}
)
