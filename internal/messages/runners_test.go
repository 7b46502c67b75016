package messages

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// runners are the messages of --handler's runners, which are in other languages. A
// test finds their words in the files.
var runners = []message{
	{"{FILE} has no {function} \"{NAME}\"", "use one of {NAMES}", "127"},
	{"{FILE} exports no {function} \"{NAME}\"", "use one of {NAMES}", "127"},
	{"{FILE}: class {CLASS} has no {method} \"{NAME}\"", "use one of {NAMES}", "127"},
	{"handler \"{FILE}\": {...}", "", "127"},
	{"handler: no module \"{NAME}\"", "check the working directory and PYTHONPATH", "127"},
	{"handler: no module \"{NAME}\" in a .py file", "", "127"},
	{"{FUNCTION} needs {KEYS}: not in the task's parameters or inputs", "", "handler's"},
	{"{FUNCTION} is a generator, which is not supported", "", "handler's"},
	{"the handler's promise was never settled", "", "13"},
}

// runnerFiles are the sources of the runners, and of launcher check.
var runnerFiles = []string{"python/runner.py", "python/mlrun_stand_in.py", "python/check.py", "node/runner.cjs"}

// runnerMessages returns the messages of the runners.
func runnerMessages() []message {
	mark := strings.NewReplacer("{", open, "}", shut)
	found := slices.Clone(runners)
	for i := range found {
		found[i].text, found[i].hint = mark.Replace(found[i].text), mark.Replace(found[i].hint)
	}
	return found
}

func TestTheRunnersSayWhatThePageLists(t *testing.T) {
	var source strings.Builder
	for _, file := range runnerFiles {
		source.WriteString(strings.Join(lines(t, root+"/handler/"+file), "\n"))
	}
	for _, m := range runnerMessages() {
		for _, words := range strings.Split(placeholders.ReplaceAllString(m.text, "\n"), "\n") {
			require.Contains(t, source.String(), strings.Trim(words, ` ":`), m.text)
		}
		for _, word := range strings.Fields(placeholders.ReplaceAllString(m.hint, "")) {
			require.Contains(t, source.String(), word, m.hint)
		}
	}
}
