package exposure

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve/document"
	"github.com/seed45446ece/launcher/resolve/kubernetes"
)

// launch is how a container starts the launcher.
type launch struct {
	found   bool
	hasTask bool   // a task names secrets in the pod
	unseen  bool   // the task is a file, which is not in the manifest
	deliver string // "stdin" if nothing says otherwise
	mask    bool
	sources []source // of -s and LAUNCHER_SECRETS
	listed  []string // variables that --project-secrets lists
}

// source is a -s KIND=SOURCE.
type source struct {
	text  string
	node  *document.Node // the flag, or the variable
	value *document.Node // the word after the flag
	way   Way
	where string
}

// readLaunch reads a container's command line and variables as the launcher does.
func readLaunch(c *document.Node) launch {
	line := slices.Concat(items(c, "command"), items(c, "args"))
	l := launch{deliver: task.DeliverStdin}
	i := slices.IndexFunc(line, func(n *document.Node) bool { return path.Base(n.Text) == "launcher" })
	l.found = i >= 0 && i+1 < len(line) && line[i+1].Text == "run"
	for _, v := range items(c, "env") {
		name, value := text(v, "name"), text(v, "value")
		l.hasTask = l.hasTask || name == task.ExecConfig
		switch {
		case !l.found:
		case name == "LAUNCHER_DELIVER" && value != "":
			l.deliver = value
		case name == "LAUNCHER_TASK" && value != "":
			l.unseen = true
		case name == "LAUNCHER_PROJECT_SECRETS", name == task.ProjectSecretsList:
			l.list(value)
		case name == "LAUNCHER_MASK":
			l.mask, _ = strconv.ParseBool(value) // the launcher refuses anything else
		case name == "LAUNCHER_SECRETS":
			for each := range strings.Lines(value) {
				l.sources = append(l.sources, source{strings.TrimSpace(each), v, nil, embedded, "variable LAUNCHER_SECRETS"})
			}
		}
	}
	if l.found {
		l.flags(line[i+2:])
	}
	return l
}

// flags reads the launcher's flags, up to the handler's command line. A word after an
// unknown flag is taken for its value.
func (l *launch) flags(line []*document.Node) {
	mayBeValue := false
	for i := 0; i < len(line) && line[i].Text != "--"; i++ {
		word := line[i]
		name, value, joined := strings.Cut(word.Text, "=")
		if word.Text == "-" || !strings.HasPrefix(name, "-") {
			if !mayBeValue {
				return
			}
			mayBeValue = false
			continue
		}
		mayBeValue = !joined
		next := func() string {
			mayBeValue = false
			if !joined && i+1 < len(line) {
				i++
				value = line[i].Text
			}
			return value
		}
		switch strings.TrimLeft(name, "-") { // -task is --task
		case "deliver":
			l.deliver = next()
		case "mask":
			on, err := strconv.ParseBool(value)
			l.mask, mayBeValue = !joined || err == nil && on, false
		case "secrets", "s":
			l.hasTask = true
			text := next() // before line[i]
			l.sources = append(l.sources, source{text, word, line[i], argument, "argument " + name})
		case "project-secrets":
			l.list(next())
		case "task":
			l.hasTask, l.unseen = true, true
		}
	}
}

// list adds the names of a list, as the launcher reads it.
func (l *launch) list(text string) {
	names, _ := kubernetes.ParseListed("", text) // a wrong list is refused in the pod
	l.listed = append(l.listed, names...)
}

// withoutSources returns the nodes and words of a command line without those of -s,
// which are read as sources.
func (l *launch) withoutSources(line []*document.Node) (nodes []*document.Node, words []string) {
	for _, n := range line {
		if !slices.ContainsFunc(l.sources, func(s source) bool { return s.node == n || s.value == n }) {
			nodes, words = append(nodes, n), append(words, n.Text)
		}
	}
	return nodes, words
}
