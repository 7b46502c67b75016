package messages

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A template is the text of a message in which each variable part is a
// placeholder: a name between the two marks.
const (
	open, shut = "\x01", "\x02"
	elsewhere  = open + "..." + shut // text that another function wrote
)

// maxTemplates limits the variants of one message.
const maxTemplates = 24

// scope is where an expression stands: a package, and the assignments to the
// variables of a function.
type scope struct {
	*sources
	pkg      *pkg
	assigned map[string][]assignment
	visiting []string // variables and functions whose text is being sought
}

// assignment is a value of a variable. It is appended if the operator was +=.
type assignment struct {
	value    ast.Expr
	appended bool
}

// texts returns the templates of a string expression.
func (s scope) texts(e ast.Expr) []string {
	switch x := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(x.Value); err == nil && x.Kind == token.STRING {
			return []string{text}
		}
		return []string{strings.ReplaceAll(x.Value, "_", "")}
	case *ast.ParenExpr:
		return s.texts(x.X)
	case *ast.BinaryExpr:
		if x.Op == token.ADD && !isNumber(x.X) && !isNumber(x.Y) {
			return join(s.texts(x.X), s.texts(x.Y))
		}
	case *ast.Ident:
		if found := s.variable(x.Name); found != nil && !slices.Contains(errorNames[:3], x.Name) {
			return found
		}
	case *ast.SelectorExpr:
		if p, ok := x.X.(*ast.Ident); ok && s.byName[p.Name] != nil {
			if found := (scope{sources: s.sources, pkg: s.byName[p.Name]}).constant(x.Sel.Name); found != nil {
				return found
			}
		}
	case *ast.CallExpr:
		return s.call(x)
	}
	return []string{placeholder(e)}
}

// variable returns the templates of a function's variable, or of a constant or
// variable of the package; nil if it has none.
func (s scope) variable(name string) []string {
	if slices.Contains(s.visiting, name) {
		return nil
	}
	inside := s
	inside.visiting = append(slices.Clone(s.visiting), name)
	var found, more []string
	for _, a := range s.assigned[name] {
		if a.appended {
			more = append(more, inside.texts(a.value)...)
		} else {
			found = append(found, inside.texts(a.value)...)
		}
	}
	if len(found) == 0 && s.pkg.values[name] != nil {
		return scope{sources: s.sources, pkg: s.pkg, visiting: inside.visiting}.constant(name)
	}
	found = slices.DeleteFunc(found, func(text string) bool { return text == "" && len(more)+len(found) > 1 })
	return informative(slices.Concat(found, join(found, more)))
}

// constant returns the templates of a constant or variable of the package, nil if it
// has none of that name.
func (s scope) constant(name string) []string {
	var found []string
	for _, value := range s.pkg.values[name] {
		found = append(found, s.texts(value)...)
	}
	return unique(found)
}

// call returns the templates of what a function returns.
func (s scope) call(c *ast.CallExpr) []string {
	name := calledName(c)
	switch name {
	case "Sprintf", "Errorf":
		return s.format(c.Args[0], c.Args[1:])
	case "New", "Plain", "string", "TrimSpace", "OneLine", "Absent", "Unavailable":
		if len(c.Args) > 0 {
			return s.texts(c.Args[0])
		}
	case "Show", "Quote":
		return []string{quoted(placeholder(c.Args[0]))}
	case "Hint":
		if len(c.Args) > 2 { // suggest.Hint
			return slices.Concat(s.texts(c.Args[0]), []string{"did you mean " + open + "WORD" + shut + "?"})
		}
	case "Or":
		var all []string
		for _, a := range c.Args {
			all = append(all, s.texts(a)...)
		}
		return all
	case "ReplaceAll":
		return s.texts(c.Args[0])
	}
	if found := s.returned(name); found != nil {
		return found
	}
	return []string{placeholder(c)}
}

// returned returns the templates that a function of the package returns, nil if
// it has another result or is not the only one of its name.
func (s scope) returned(name string) []string {
	functions := s.pkg.functions[name]
	if len(functions) != 1 || slices.Contains(s.visiting, name+"()") {
		return nil
	}
	return informative(s.results(functions[0]))
}

// results returns the templates that a function returns, nil if it has another result.
func (s scope) results(f *ast.FuncDecl) []string {
	if f.Body == nil || f.Type.Results == nil || !isIdent(f.Type.Results.List[0].Type, "string") {
		return nil
	}
	inside := scope{sources: s.sources, pkg: s.pkg, assigned: assignments(f), visiting: append(slices.Clone(s.visiting), f.Name.Name+"()")}
	var found []string
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if _, closure := n.(*ast.FuncLit); closure {
			return false
		}
		if r, ok := n.(*ast.ReturnStmt); ok && len(r.Results) > 0 {
			found = append(found, inside.texts(r.Results[0])...)
		}
		return true
	})
	return unique(found)
}

// informative returns templates, or nil if one of them says less than the name of
// its variable or function would.
func informative(texts []string) []string {
	if slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, open) && !speaks(text) }) && !slices.ContainsFunc(texts, speaks) {
		return nil
	}
	return texts
}

// verb matches a verb of a format.
var verb = regexp.MustCompile(`%(?:\[(\d)\])?[-+#0-9.]*([a-zA-Z%])`)

// format returns the templates of a format with its arguments.
func (s scope) format(format ast.Expr, args []ast.Expr) []string {
	var all []string
	for _, text := range s.texts(format) {
		found, last, next := []string{""}, 0, 0
		for _, m := range verb.FindAllStringSubmatchIndex(text, -1) {
			found = join(found, []string{text[last:m[0]]})
			last = m[1]
			kind := text[m[4]:m[5]]
			if kind == "%" {
				found = join(found, []string{"%"})
				continue
			}
			if m[2] >= 0 {
				next = int(text[m[2]]-'0') - 1
			}
			value := []string{open + "NAME" + shut}
			if next < len(args) {
				value = s.texts(args[next])
			}
			if kind == "d" && strings.Contains(value[0], open) {
				value = []string{open + "N" + shut}
			}
			if kind == "q" {
				for i := range value {
					value[i] = quoted(value[i])
				}
			}
			found, next = join(found, value), next+1
		}
		all = append(all, join(found, []string{text[last:]})...)
	}
	return all
}

func quoted(text string) string { return `"` + strings.Trim(text, `"`) + `"` }

// join returns each of the first templates followed by each of the second.
func join(a, b []string) []string {
	var all []string
	for _, x := range a {
		for _, y := range b {
			all = append(all, x+y)
		}
	}
	return unique(all[:min(len(all), maxTemplates)])
}

func unique(texts []string) []string {
	var all []string
	for _, text := range texts {
		if !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}
