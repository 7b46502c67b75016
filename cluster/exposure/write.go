package exposure

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// Text returns the report as tables: a row a secret, a column a channel, and below
// what to change.
func (r *Report) Text() []byte {
	var w bytes.Buffer
	for i, o := range r.Objects {
		if i > 0 {
			_, _ = fmt.Fprintln(&w)
		}
		o.write(&w)
	}
	if r.Access != nil {
		r.Access.write(&w)
	}
	return w.Bytes()
}

func (o Object) write(w *bytes.Buffer) {
	_, _ = fmt.Fprintf(w, "%s\n", o.heading())
	if len(o.Secrets) == 0 {
		_, _ = fmt.Fprintln(w, "no secrets")
	} else {
		table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
		columns := []string{"SECRET", "WAY"}
		for _, c := range channelIDs {
			columns = append(columns, c.Title)
		}
		_, _ = fmt.Fprintln(table, strings.Join(columns, "\t"))
		for _, s := range o.Secrets {
			row := []string{s.Name, strings.Join(s.Ways, ",")}
			for _, level := range s.sees {
				row = append(row, level.String())
			}
			_, _ = fmt.Fprintln(table, strings.Join(row, "\t"))
		}
		_ = table.Flush() // a buffer takes all
	}
	o.writeFindings(w)
}

// heading returns the object's name and place.
func (o Object) heading() string {
	name := o.Name
	if o.Namespace != "" {
		name += " in namespace " + o.Namespace
	}
	if o.Line > 0 {
		return fmt.Sprintf("%s (%s:%d)", name, o.File, o.Line)
	}
	return name
}

// writeFindings writes the worst findings first. A hint follows the last finding that
// has it.
func (o Object) writeFindings(w *bytes.Buffer) {
	sorted := slices.Clone(o.Findings)
	slices.SortStableFunc(sorted, func(a, b Finding) int { return b.Severity.rank() - a.Severity.rank() })
	for i, f := range sorted {
		at := ""
		if f.Line > 0 && o.Line > 0 {
			at = fmt.Sprintf("%s:%d:%d: ", o.File, f.Line, f.Column)
		}
		_, _ = fmt.Fprintf(w, "%s%s: %s\n", at, f.Severity, f.Message)
		if !slices.ContainsFunc(sorted[i+1:], func(later Finding) bool { return later.Advice == f.Advice }) {
			_, _ = fmt.Fprintf(w, "hint: %s\n", f.Advice)
		}
	}
}

// maxSubjects is how many of those who have a right are named.
const maxSubjects = 20

func (a *Access) write(w *bytes.Buffer) {
	if len(a.Rights) > 0 {
		_, _ = fmt.Fprintln(w)
		table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
		_, _ = fmt.Fprintln(table, "RIGHT\tWHO HAS IT BY RBAC")
		for _, r := range a.Rights {
			who := strings.Join(r.Who[:min(len(r.Who), maxSubjects)], ", ")
			if more := len(r.Who) - maxSubjects; more > 0 {
				who += fmt.Sprintf(" and %d more", more)
			}
			if who == "" {
				who = "nobody that a binding names"
			}
			_, _ = fmt.Fprintf(table, "%s\t%s\n", r.What, who)
		}
		_ = table.Flush()
	}
	if len(a.Denied) > 0 {
		_, _ = fmt.Fprintf(w, "\nRBAC was not asked in full: you may not list %s\n", strings.Join(a.Denied, ", "))
	}
}

// SkippedKinds returns the kinds of the objects without a pod, for a message.
func (r *Report) SkippedKinds() string {
	var shown []string
	for _, kind := range slices.Sorted(maps.Keys(r.Skipped)) {
		shown = append(shown, fmt.Sprintf("%d %s", r.Skipped[kind], kind))
	}
	return strings.Join(shown, ", ")
}
