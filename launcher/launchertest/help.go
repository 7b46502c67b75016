package launchertest

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

var (
	commandsOfHelp = regexp.MustCompile(`(?s)\nCOMMANDS:\n(.*?)\n\n`)
	commandOfHelp  = regexp.MustCompile(`(?m)^   ([a-z][a-z_-]+)  `)
)

// Helps returns the help of a program and of each of its commands, by the words
// that it is called with.
func Helps(t *testing.T, program string, words ...string) map[string]string {
	t.Helper()
	out, err := exec.Command(program, append(words, "--help")...).CombinedOutput()
	require.NoError(t, err, string(out))
	helps := map[string]string{strings.Join(words, " "): string(out)}
	list := commandsOfHelp.FindStringSubmatch(string(out))
	if list == nil {
		return helps
	}
	for _, name := range commandOfHelp.FindAllStringSubmatch(list[1], -1) {
		for command, help := range Helps(t, program, append(words[:len(words):len(words)], name[1])...) {
			helps[command] = help
		}
	}
	return helps
}

// RequireHelpFits requires that every help fits in 80 columns and says what it
// is about, how to write it, and which argument each flag has.
func RequireHelpFits(t *testing.T, helps map[string]string) {
	t.Helper()
	for command, help := range helps {
		require.Regexp(t, `^[A-Z][^\n]*\n\nUSAGE:\n   \S`, help, command)
		require.NotRegexp(t, `--[a-z-]+ value`, help, command)
		for line := range strings.Lines(help) {
			require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimRight(line, "\n")), 80, "%s: %s", command, line)
		}
	}
}
