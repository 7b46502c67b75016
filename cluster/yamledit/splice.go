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
	s := splicer{lines: strings.SplitAfter(string(f.text), "\n")}
	edited, possible := false, true
	for _, d := range f.Documents {
		s.document, s.changed = d, map[*yaml.Node]bool{}
		if s.markChanged(d.Root) {
			edited = true
			s.layout = d.findLayout(d.Root)
			possible = s.editRoot(d.Root) && possible
		}
	}
	if !edited {
		return f.text, nil
	}
	if text, whole := s.apply(); possible && whole && f.readsBack(text) {
		return text, nil
	}
	return nil, &document.Problem{At: document.Position{Origin: f.origin}, Message: "is in a form that cannot be edited here", Advice: "write it in blocks, a field a line, without anchors"}
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
func (d *Document) findLayout(n *yaml.Node) layout {
	content := d.originalContent(n)
	for i, child := range content {
		if n.Kind == yaml.MappingNode && i%2 == 1 && child.Kind == yaml.SequenceNode && child.Style&yaml.FlowStyle == 0 && len(d.originalContent(child)) > 0 {
			return layout{indented: child.Column > content[i-1].Column}
		}
		if l := d.findLayout(child); l.indented {
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
	lines    []string
	edits    []edit
	document *Document
	changed  map[*yaml.Node]bool // nodes of the document with an edit in or below them
	layout   layout
}

// markChanged records the nodes with an edit in or below them, and reports whether
// n is one.
func (s *splicer) markChanged(n *yaml.Node) bool {
	_, changed := s.document.original[n]
	for _, child := range n.Content {
		if s.markChanged(child) {
			changed = true
		}
	}
	if changed {
		s.changed[n] = true
	}
	return changed
}

// editRoot notes the edits of a document. One in brackets, such as JSON, is written
// as a whole. It reports false if the edits cannot be made in lines.
func (s *splicer) editRoot(n *yaml.Node) bool {
	if s.editNode(n, n) {
		return true
	}
	mark := strings.TrimSpace(s.textBefore(n))
	if n.Style&yaml.FlowStyle == 0 || mark != "" && mark != "---" {
		return false
	}
	text := string(Render(n))
	if mark != "" {
		text = mark + "\n" + text
	}
	end := n.Line
	for end < len(s.lines) && !strings.HasPrefix(s.lines[end], "---") && !strings.HasPrefix(s.lines[end], "...") {
		end++
	}
	s.edits = append(s.edits, edit{n.Line - 1, end, text})
	return true
}

// editNode notes the edits by which a node's text becomes that of n, which is the
// node itself or stands in its place. It reports false, and notes none, if n has
// to be written as a whole.
func (s *splicer) editNode(before, n *yaml.Node) (noted bool) {
	edits := len(s.edits)
	switch {
	case before == n && !s.changed[n]:
		return true
	case before != n || n.Style&yaml.FlowStyle != 0 || len(s.document.originalContent(n)) == 0:
		return false
	case n.Kind == yaml.MappingNode:
		noted = s.editMap(s.document.originalContent(n), n)
	case n.Kind == yaml.SequenceNode:
		noted = s.editList(s.document.originalContent(n), n)
	}
	if !noted {
		s.edits = s.edits[:edits]
	}
	return noted
}

func (s *splicer) editMap(before []*yaml.Node, n *yaml.Node) bool {
	values := make(map[*yaml.Node]*yaml.Node, len(n.Content)/2) // by the node of the name
	for i := 0; i+1 < len(n.Content); i += 2 {
		values[n.Content[i]] = n.Content[i+1]
	}
	indent := before[0].Column - 1
	last := 0
	for i := 0; i+1 < len(before); i += 2 {
		name := before[i]
		start := name.Line - 1
		last = s.endOfEntry(start, name.Column-1, before[i+1])
		value := values[name]
		if value == before[i+1] && !s.changed[value] {
			continue
		}
		head := s.textBefore(name)
		switch {
		case value == nil && strings.TrimSpace(head) != "":
			return false
		case value == nil:
			s.edits = append(s.edits, edit{start, last, ""})
		case !s.editNode(before[i+1], value):
			s.edits = append(s.edits, edit{start, last, head + s.field(name, value, indent)})
		}
	}
	var added strings.Builder
	for i := 0; i+1 < len(n.Content); i += 2 {
		if name := n.Content[i]; name.Line == 0 {
			added.WriteString(strings.Repeat(" ", indent) + s.field(name, n.Content[i+1], indent))
		}
	}
	if added.Len() > 0 {
		s.edits = append(s.edits, edit{last, last, added.String()})
	}
	return true
}

func (s *splicer) editList(before []*yaml.Node, n *yaml.Node) bool {
	if len(n.Content) == 0 {
		return false
	}
	indent := n.Column - 1
	last, next := 0, 0 // next item of n
	for _, old := range before {
		start := old.Line - 1
		last = s.endOfEntry(start, indent, old)
		text := ""
		if !s.document.removed[old] {
			item := n.Content[next]
			next++
			if s.editNode(old, item) {
				continue
			}
			text = strings.Repeat(" ", indent) + s.item(item, indent)
		}
		if strings.TrimSpace(s.textBefore(old)) != "-" {
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
