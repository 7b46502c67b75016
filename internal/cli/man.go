package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"
)

// man names the command that prints the manual page, which packages contain. It
// is not in the help: a user reads the page with man(1).
const man = "man"

// printMan prints a program's manual page in the language of man(7), from its
// commands and flags. The date is the page's.
func printMan(c *cli.Context, version string) error {
	if c.NArg() > 1 {
		return Usage("man takes at most one date", c.Command.UsageText)
	}
	app := c.App
	var page strings.Builder
	write := func(format string, args ...any) { _, _ = fmt.Fprintf(&page, format, args...) }
	write(".TH %s 1 %q %q\n", strings.ToUpper(app.Name), c.Args().First(), app.Name+" "+version)
	write(".SH NAME\n%s \\- %s\n", roff(app.Name), roff(strings.TrimSuffix(app.Usage, ".")))
	write(".SH SYNOPSIS\n.B %s\n%s\n", roff(app.HelpName), roff(strings.TrimPrefix(app.UsageText, app.HelpName+" ")))
	write(".SH DESCRIPTION\n%s\n", roff(app.Usage))
	write(".SH COMMANDS\n")
	for _, each := range completables(nil, app.Commands, nil) {
		if c := each.command; c != nil && c.Subcommands == nil && c.UsageText != "" { // the library's help has none
			write(".SS %s\n%s\n.PP\n%s.\n", roff(strings.Join(each.words, " ")), roff(c.UsageText), roff(strings.TrimSuffix(c.Usage, ".")))
			for _, f := range each.flags {
				write("%s", f.man())
			}
		}
	}
	write(".SH EXIT STATUS\n")
	for line := range strings.SplitSeq(app.Description, "\n") {
		switch row := strings.TrimSpace(line); {
		case row == "":
			write(".PP\n")
		case row != line: // of a table
			status, meaning, _ := strings.Cut(row, " ")
			write(".TP\n.B %s\n%s\n", roff(status), roff(strings.TrimSpace(meaning)))
		default:
			write("%s\n", roff(line))
		}
	}
	_, err := io.WriteString(app.Writer, page.String())
	return err
}

// man returns the flag's lines in the manual page.
func (f *flag) man() string {
	head, usage := f.help()
	name, argument, _ := strings.Cut(head, " ")
	if f.Alias != "" {
		var long string
		long, argument, _ = strings.Cut(argument, " ")
		name += " " + long
	}
	if argument != "" {
		argument = " \\fI" + roff(argument) + "\\fR"
	}
	return ".TP\n\\fB" + roff(name) + "\\fR" + argument + "\n" + roff(usage) + "\n"
}

// roff returns text in lines, with what is special in the language escaped. A
// character outside ASCII is named by its number.
func roff(text string) string {
	var escaped strings.Builder
	lineStarts := true
	for _, r := range wrap(text, helpWidth) {
		if lineStarts && (r == '.' || r == '\'') {
			escaped.WriteString(`\&`)
		}
		lineStarts = r == '\n'
		switch {
		case r == '\\':
			escaped.WriteString(`\e`)
		case r == '-':
			escaped.WriteString(`\-`)
		case r == '\'':
			escaped.WriteString(`\(aq`)
		case r == '^':
			escaped.WriteString(`\(ha`)
		case r == '~':
			escaped.WriteString(`\(ti`)
		case r == '`':
			escaped.WriteString(`\(ga`)
		case r > 0x7e:
			_, _ = fmt.Fprintf(&escaped, `\[u%04X]`, r)
		default:
			escaped.WriteRune(r)
		}
	}
	return escaped.String()
}
