package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/seed45446ece/launcher/internal/suggest"
	"github.com/seed45446ece/launcher/resolve/keyname"
)

// completion names the command that prints a completion script.
const completion = "completion"

// shells lists the shells that there is a completion script for.
var shells = []string{"bash", "zsh", "fish"}

// printCompletion prints the completion script of a shell.
func printCompletion(c *cli.Context) error {
	shell := c.Args().First()
	var script string
	switch {
	case c.NArg() != 1:
		return Usage("completion takes one of "+strings.Join(shells, ", "), c.Command.UsageText)
	case shell == "bash":
		script = bashScript(c.App)
	case shell == "zsh":
		script = "autoload -Uz compinit bashcompinit && compinit && bashcompinit\n" + bashScript(c.App)
	case shell == "fish":
		script = fishScript(c.App)
	default:
		return Usage("shell "+keyname.Quote(shell)+" is not one of "+strings.Join(shells, ", "), suggest.Hint("", shell, "", shells...))
	}
	_, err := io.WriteString(c.App.Writer, script)
	return err
}

// completable holds what may follow a program's name and the words of a command.
type completable struct {
	words    []string     // of the command
	command  *cli.Command // nil for the program
	commands []*cli.Command
	flags    []*flag
}

// completables returns a program, its commands and theirs.
func completables(words []string, commands []*cli.Command, flags []cli.Flag) []completable {
	at := completable{words: words, commands: commands}
	for _, each := range flags {
		if f, ok := each.(*flag); ok {
			at.flags = append(at.flags, f)
		}
	}
	if len(words) == 1 && words[0] == completion {
		for _, shell := range shells {
			at.commands = append(at.commands, &cli.Command{Name: shell, Usage: "A script for " + shell})
		}
		return []completable{at}
	}
	all := []completable{at}
	for _, c := range commands {
		if c.Hidden {
			continue
		}
		below := completables(append(words[:len(words):len(words)], c.Name), c.Subcommands, c.Flags)
		below[0].command = c
		all = append(all, below...)
	}
	return all
}

// What may follow a flag, for the scripts: words, and these two.
const (
	aFile    = "FILE"
	anything = "-"
)

// values returns what may follow a flag, "" for nothing.
func (f *flag) values() string {
	switch {
	case f.Choices != nil:
		return strings.Join(f.Choices, " ")
	case f.Argument == "FILE", f.Argument == "DIR", strings.HasPrefix(f.Argument, "FILE["):
		return aFile
	case f.Argument != "":
		return anything
	}
	return ""
}

// bashTemplate has the program's name, the commands and flags at each command, and
// the values of each flag. Bash splits --flag=value at the equals sign. After -- or a word that
// is no command it completes files, as for the handler's command.
const bashTemplate = `# Completion of %[1]s for bash. In ~/.bashrc: source <(%[1]s completion bash)
_%[1]s_words() {
	case $1 in
%[2]s	*) return 1 ;;
	esac
}
_%[1]s_values() {
	case $1 in
%[3]s	esac
}
_%[1]s() {
	local at=%[1]s word=${COMP_WORDS[COMP_CWORD]} words= flags= values= i w
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		w=${COMP_WORDS[i]}
		if [[ $values ]]; then
			[[ $w == "=" ]] || values=
			continue
		fi
		case $w in
		--) return ;;
		-*) _%[1]s_values "$at $w" ;;
		*) _%[1]s_words "$at $w" || return 0; at="$at $w" ;;
		esac
	done
	[[ $word == "=" ]] && word=
	case $values in
	'')
		_%[1]s_words "$at"
		[[ $word == -* ]] && words=$flags
		COMPREPLY=($(compgen -W "$words" -- "$word"))
		;;
	FILE) ;;
	-) compopt +o default 2>/dev/null ;;
	*) COMPREPLY=($(compgen -W "$values" -- "$word")) ;;
	esac
}
complete -o default -F _%[1]s %[1]s
`

func bashScript(app *cli.App) string {
	var words, values strings.Builder
	for _, c := range completables(nil, app.Commands, app.Flags) {
		at := strings.Join(append([]string{app.Name}, c.words...), " ")
		all := []string{"--help"}
		for _, f := range c.flags {
			for _, name := range []string{f.Name, f.Alias} {
				if name != "" {
					all = append(all, dashed(name))
				}
				if name != "" && f.values() != "" {
					_, _ = fmt.Fprintf(&values, "\t'%s %s') values='%s' ;;\n", at, dashed(name), f.values())
				}
			}
		}
		_, _ = fmt.Fprintf(&words, "\t'%s') words='%s' flags='%s' ;;\n", at, strings.Join(commandNames(c.commands), " "), strings.Join(all, " "))
	}
	return fmt.Sprintf(bashTemplate, app.Name, words.String(), values.String())
}

func fishScript(app *cli.App) string {
	var script strings.Builder
	_, _ = fmt.Fprintf(&script, "# Completion of %[1]s for fish: %[1]s completion fish >~/.config/fish/completions/%[1]s.fish\n", app.Name)
	for _, c := range completables(nil, app.Commands, app.Flags) {
		seen := "true"
		for _, word := range c.words {
			seen += "; and __fish_seen_subcommand_from " + word
		}
		line := func(when, what, usage string) {
			usage, _, _ = strings.Cut(usage, ";")
			usage, _, _ = strings.Cut(usage, " (default")
			_, _ = fmt.Fprintf(&script, "complete -c %s -n '%s' %s -d %s\n", app.Name, when, what, fishQuote(usage))
		}
		for _, command := range c.commands {
			if command.Hidden {
				continue
			}
			line(seen+"; and not __fish_seen_subcommand_from "+strings.Join(commandNames(c.commands), " "), "-f -a "+command.Name, command.Usage)
		}
		for _, f := range c.flags {
			what := "-l " + f.Name
			if f.Alias != "" {
				what += " -s " + f.Alias
			}
			switch values := f.values(); values {
			case "":
			case aFile:
				what += " -r -F"
			case anything:
				what += " -x"
			default:
				what += " -x -a '" + values + "'"
			}
			line(seen, what, f.Usage)
		}
	}
	return script.String()
}

// fishQuote returns text as one word of fish.
func fishQuote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "'"
}
