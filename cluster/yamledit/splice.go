package yamledit

import (
	"bytes"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/seed45446ece/launcher/resolve/document"
)

// Bytes returns the text with the edits. Lines that no edit touches stay as they
// are. A list or map in brackets is written in blocks once it is edited. The
// error says that an edit cannot be made in lines.
func (f *File) Bytes() ([]byte, error) {
	before, err := Load(f.origin, f.text)
	if err != nil {
		return nil, err
	}
	s := splicer{lines: strings.SplitAfter(string(f.text), "\n")}
	possible := true
	for i, d := range f.Documents {
		if old := before.Documents[i].Root; !equal(old, d.Root) {
			s.layout, s.removed = findLayout(old), d.removed
			possible = s.editRoot(old, d.Root) && possible
		}
	}
	if text, whole := s.apply(); possible && whole && f.readsBack(text) {
		return text, nil
	}
	return nil, &document.Problem{At: document.Position{Origin: f.origin}, Message: "is in a form that cannot be edited", Advice: "write it in blocks, one field per line, without anchors"}
}

// readsBack reports whether a text reads as the edited documents.
func (f *File) readsBack(text []byte) bool {
	written, err := Load(f.origin, text)
	if err != nil || len(written.Documents) != len(f.Documents) {
		return false
	}
	for i, d := range f.Documents {
		if !equal(d.Root, written.Documents[i].Root) {
			return false
		}
	}
	return true
}

// findLayout finds how a document writes the lists below its fields.
func findLayout(n *yaml.Node) layout {
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 1 && child.Kind == yaml.SequenceNode && child.Style&yaml.FlowStyle == 0 && len(child.Content) > 0 {
			return layout{indented: child.Column > n.Content[i-1].Column}
		}
		if l := findLayout(child); l.indented {
			return l
		}
	}
	return layout{}
}

// edit replaces the lines from up to to, counted from 0, by a text.
type edit struct {
	from, to int
	text     string
}

type splicer struct {
	lines  []string
	edits  []edit
	layout layout

	removed map[document.Position]bool // the places of items that were taken out of a list
}

// editRoot notes the edits by which a document's text becomes that of n. It writes
// one in brackets, such as JSON, as a whole. It reports false if the edits cannot
// be made in lines.
func (s *splicer) editRoot(before, n *yaml.Node) bool {
	if s.editNode(before, n) {
		return true
	}
	mark := strings.TrimSpace(s.textBefore(before))
	if before.Style&yaml.FlowStyle == 0 || mark != "" && mark != "---" {
		return false
	}
	text := string(Render(n))
	if mark != "" {
		text = mark + "\n" + text
	}
	end := before.Line
	for end < len(s.lines) && !strings.HasPrefix(s.lines[end], "---") && !strings.HasPrefix(s.lines[end], "...") {
		end++
	}
	s.edits = append(s.edits, edit{before.Line - 1, end, text})
	return true
}

// editNode notes the edits by which a node's text becomes that of n. It reports
// false, and notes none, if n has to be written as a whole.
func (s *splicer) editNode(before, n *yaml.Node) (noted bool) {
	edits := len(s.edits)
	switch {
	case equal(before, n):
		return true
	case before.Kind != n.Kind || before.Style&yaml.FlowStyle != 0 || len(before.Content) == 0:
		return false
	case n.Kind == yaml.MappingNode:
		noted = s.editMap(before, n)
	case n.Kind == yaml.SequenceNode:
		noted = s.editList(before, n)
	}
	if !noted {
		s.edits = s.edits[:edits]
	}
	return noted
}

func (s *splicer) editMap(before, n *yaml.Node) bool {
	values, known := fields(n), fields(before)
	indent := before.Content[0].Column - 1
	last := 0
	for i := 0; i+1 < len(before.Content); i += 2 {
		name, old := before.Content[i], before.Content[i+1]
		value := values[name.Value]
		start, head := name.Line-1, s.textBefore(name)
		last = s.endOfEntry(start, name.Column-1, old)
		switch {
		case value == nil && strings.TrimSpace(head) != "":
			return false
		case value == nil:
			s.edits = append(s.edits, edit{start, last, ""})
		case !s.editNode(old, value):
			s.edits = append(s.edits, edit{start, last, head + s.field(name, value, indent)})
		}
	}
	var added strings.Builder
	for i := 0; i+1 < len(n.Content); i += 2 {
		if name := n.Content[i]; known[name.Value] == nil {
			added.WriteString(strings.Repeat(" ", indent) + s.field(name, n.Content[i+1], indent))
		}
	}
	if added.Len() > 0 {
		s.edits = append(s.edits, edit{last, last, added.String()})
	}
	return true
}

// fields returns the values of a map by their names.
func fields(n *yaml.Node) map[string]*yaml.Node {
	values := make(map[string]*yaml.Node, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		values[n.Content[i].Value] = n.Content[i+1]
	}
	return values
}

func (s *splicer) editList(before, n *yaml.Node) bool {
	if len(n.Content) == 0 {
		return false
	}
	indent := before.Column - 1
	last, next := 0, 0 // next item of n
	for _, old := range before.Content {
		start, text := old.Line-1, ""
		last = s.endOfEntry(start, indent, old)
		if !s.removed[placeOf(old)] {
			item := n.Content[next]
			next++
			if s.editNode(old, item) {
				continue
			}
			text = strings.Repeat(" ", indent) + s.item(item, indent)
		}
		if old.Kind == yaml.ScalarNode || strings.TrimSpace(s.textBefore(old)) != "-" {
			return false
		}
		s.edits = append(s.edits, edit{start, last, text})
	}
	var added strings.Builder
	for _, item := range n.Content[next:] {
		added.WriteString(strings.Repeat(" ", indent) + s.item(item, indent))
	}
	if added.Len() > 0 {
		s.edits = append(s.edits, edit{last, last, added.String()})
	}
	return true
}

func (s *splicer) field(name, value *yaml.Node, indent int) string {
	var out bytes.Buffer
	s.layout.field(&out, name, value, indent)
	return out.String()
}

func (s *splicer) item(item *yaml.Node, indent int) string {
	var out bytes.Buffer
	s.layout.item(&out, item, indent)
	return out.String()
}

// endOfEntry is the line after an entry that starts at a line and an indent: all that
// is further to the right is its own, and so are the items of a list at the
// same indent. Comments and blank lines after the last of them are not.
func (s *splicer) endOfEntry(start, indent int, value *yaml.Node) int {
	compact := value.Kind == yaml.SequenceNode && value.Column-1 == indent
	end := start + 1
	for i := start + 1; i < len(s.lines); i++ {
		line := strings.TrimRight(s.lines[i], "\r\n")
		trimmed := strings.TrimLeft(line, " ")
		at := len(line) - len(trimmed)
		switch {
		case strings.TrimSpace(line) == "":
		case at > indent:
			end = i + 1
		case trimmed[0] == '#':
		case trimmed[0] == '}', trimmed[0] == ']': // of a flow, as a person indents it
			end = i + 1
		case compact && at == indent && (trimmed == "-" || strings.HasPrefix(trimmed, "- ")):
			end = i + 1
		default:
			return end
		}
	}
	return end
}

// textBefore returns the part of a node's line before it.
func (s *splicer) textBefore(n *yaml.Node) string {
	line := []rune(s.lines[min(n.Line, len(s.lines))-1])
	return string(line[:min(n.Column-1, len(line))])
}

// apply returns the text with all edits, and false if two edits meet.
func (s *splicer) apply() (text []byte, whole bool) {
	slices.SortStableFunc(s.edits, func(a, b edit) int { return a.from - b.from })
	var out bytes.Buffer
	next := 0
	for _, e := range s.edits {
		if e.from < next {
			return nil, false
		}
		out.WriteString(strings.Join(s.lines[next:e.from], ""))
		if out.Len() > 0 && !bytes.HasSuffix(out.Bytes(), []byte("\n")) {
			out.WriteByte('\n')
		}
		out.WriteString(e.text)
		next = e.to
	}
	out.WriteString(strings.Join(s.lines[next:], ""))
	return out.Bytes(), true
}
