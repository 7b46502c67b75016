package messages

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seed45446ece/launcher/launcher/launchertest"
)

const (
	root = "../.."
	page = root + "/docs/messages.md"
)

// topics are the page's tables, each with the folders of its messages.
var topics = []struct {
	title   string
	folders []string
}{
	{"Commands and flags of both programs", []string{"internal/cli"}},
	{"Commands and flags of launcher", []string{"cmd/launcher"}},
	{"The task", []string{"launcher/task"}},
	{"Keys and sources", []string{"resolve", "resolve/keylist", "resolve/keyname", "resolve/inline", "resolve/env", "resolve/kubernetes", "resolve/local"}},
	{"YAML, JSON and literals", []string{"resolve/document"}},
	{"Files", []string{"resolve/file"}},
	{"Programs of exec sources", []string{"resolve/exec"}},
	{"Azure Key Vault", []string{"resolve/azure", "resolve/azure/keyvault"}},
	{"Delivering secrets and starting the handler", []string{"launcher", "launcher/tmpfs", "internal/memfd", "internal/replacefile"}},
	{"While the handler runs", []string{"launcher/supervise", "launcher/companion", "launcher/redact", "launcher/socket", "launcher/sigstate"}},
	{"Commands and flags of launcherctl", []string{"cmd/launcherctl"}},
	{"Tasks of launcherctl", []string{"cluster/taskfile", "cluster/summon", "cluster/sources"}},
	{"Manifests", []string{"cluster/manifest", "cluster/yamledit"}},
	{"The findings of launcherctl check", []string{"cluster/exposure"}},
	{"The cluster and its Jobs", []string{"cluster", "cluster/project", "cluster/job"}},
	{"Inside a handler: get-secret, get-param, get-metadata, render and the Go module", []string{"handler"}},
}

const intro = `# Messages

Every message of ~launcher~ and ~launcherctl~, by topic. Search this page for the fixed words of the message that you see.
[Troubleshooting](troubleshooting.md) explains the common ones.

- Words in capitals stand for names, numbers and paths, and ~...~ for another message or the system's own words.
  ~USAGE~ is the usage line of the command.
- A message may start with what it is about: ~secret "KEY": SOURCE:~, ~FILE:LINE:COLUMN:~, ~--FLAG:~. The tables leave that out.
- The status column has the exit status. 124: retrying may help. 125: it will not. 126 and 127: your program cannot be run or
  does not exist. 1: a command inside a handler did not find a name, or ~launcherctl check~ found something to change.
- *warning*: the program goes on. *info*: a note of ~launcherctl~. *--verbose*: a line of that flag. *handler's* and *pod's*: the
  status of your program.
- With ~optional: true~ or ~--missing warn~, a missing key is a warning, or no message at all.
- In a handler's module, a message is an exception or error of the language. The modules of all languages use the words
  that [handler/README.md](../handler/README.md) demands; the table is the Go module's.
- One message may have several hints. Which one you see depends on the place and the flags.

This page is generated from the source. Run ~UPDATE_DOCS=1 go test ./internal/messages~ to write it again.
`

// TestPage compares the messages of the source with docs/messages.md. UPDATE_DOCS=1
// writes the page.
func TestPage(t *testing.T) {
	launchertest.RequireGenerated(t, page, pageText(readSources(t, root)))
}

func pageText(s *sources) string {
	var listed []string
	var text strings.Builder
	text.WriteString(strings.ReplaceAll(intro, "~", "`"))
	table := func(title string, wanted func(folder string) bool, found []message) {
		for _, p := range s.packages {
			if wanted(p.dir) {
				found = append(found, s.messages(p)...)
				listed = append(listed, p.dir)
			}
		}
		if lines := rows(found); len(lines) > 0 {
			fmt.Fprintf(&text, "\n## %s\n\n| message | status | hint |\n| --- | --- | --- |\n%s", title, strings.Join(lines, ""))
		}
	}
	for _, topic := range topics {
		table(topic.title, func(folder string) bool { return slices.Contains(topic.folders, folder) }, nil)
	}
	table("The runners of --handler, for Python and Node.js", func(string) bool { return false }, runnerMessages())
	table("Other parts", func(folder string) bool { return !slices.Contains(listed, folder) }, nil)
	return text.String()
}

// rows returns the lines of a table: a line for each message and status, with all
// of its hints. Hints of messages that another function makes come last.
func rows(found []message) []string {
	type key struct{ text, status string }
	hints := map[key][]string{}
	var keys []key
	for _, m := range found {
		if m.status == "the handler's" {
			m.status = "handler's"
		}
		k := key{plain(m.text), m.status}
		if !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
		if hint := plain(m.hint); (speaks(m.hint) || hint == "USAGE") && !slices.Contains(hints[k], code(hint)) {
			hints[k] = append(hints[k], code(hint))
		}
	}
	slices.SortStableFunc(keys, func(a, b key) int { return strings.Compare(sortable(a.text), sortable(b.text)) })
	var lines []string
	for _, k := range keys {
		status := k.status
		if !regexp.MustCompile(`^[0-9]`).MatchString(status) {
			status = "*" + status + "*"
		}
		lines = append(lines, fmt.Sprintf("| %s | %s | %s |\n", code(k.text), status, strings.Join(hints[k], "<br>")))
	}
	return lines
}

// sortable returns a message without the name at its start, so that a reader finds
// it by its words; one without words comes last.
func sortable(text string) string {
	fixed := strings.TrimLeft(regexp.MustCompile(`^("?[A-Z_]+"?|\.\.\.)+`).ReplaceAllString(text, ""), `":, `)
	if fixed == "" {
		return "~"
	}
	return strings.ToLower(fixed)
}

// code returns text as code in a table.
func code(text string) string {
	text = strings.ReplaceAll(text, "|", `\|`)
	if strings.Contains(text, "`") {
		return "`` " + text + " ``"
	}
	return "`" + text + "`"
}

var placeholders = regexp.MustCompile(open + "([^" + shut + "]*)" + shut)

// plain returns a template as the page shows it.
func plain(text string) string {
	return strings.ReplaceAll(placeholders.ReplaceAllString(text, "$1"), "\n", " ")
}
