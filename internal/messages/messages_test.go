package messages

import (
	"cmp"
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// message is one message of a program.
type message struct{ text, hint, status string }

// The statuses of messages that end no program.
const (
	warning = "warning"
	info    = "info"
)

// messages returns the messages of a package.
func (s *sources) messages(p *pkg) []message {
	var found []message
	for _, file := range p.files {
		for _, d := range file.Decls {
			in := finder{scope: scope{sources: s, pkg: p}}
			if f, ok := d.(*ast.FuncDecl); ok {
				in.assigned = assignments(f)
				in.addResults(f)
			}
			ast.Inspect(d, in.visit)
			found = append(found, in.found...)
		}
	}
	found = slices.DeleteFunc(found, func(m message) bool {
		wrapper := strings.Contains(m.text, open+"FORMAT"+shut)
		return wrapper || !speaks(m.text) && (m.text != elsewhere || !speaks(m.hint))
	})
	slices.SortFunc(found, func(a, b message) int {
		return cmp.Or(strings.Compare(plain(a.text), plain(b.text)), strings.Compare(a.hint, b.hint), strings.Compare(a.status, b.status))
	})
	return slices.Compact(found)
}

// speaks reports whether a template has words of its own.
func speaks(text string) bool {
	fixed := placeholders.ReplaceAllString(text, "")
	fixed = strings.Trim(fixed, ` :,."()`)
	return strings.Contains(fixed, " ") || len(fixed) >= 7 && fixed != text
}

// finder collects the messages of one declaration.
type finder struct {
	scope
	found []message
	done  map[ast.Node]bool
}

// addResults adds what an Error method returns, with the hint of its type, and what
// other functions return for a message.
func (f *finder) addResults(d *ast.FuncDecl) {
	status, known := results[f.pkg.name+"."+d.Name.Name]
	if d.Name.Name != "Error" && !known {
		return
	}
	hints := []string{""}
	for _, other := range f.pkg.functions["Hint"] {
		if d.Recv != nil && other.Recv != nil && lastName(other.Recv.List[0].Type) == lastName(d.Recv.List[0].Type) {
			hints = f.results(other)
		}
	}
	f.add(f.results(d), hints, status)
}

func (f *finder) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CallExpr:
		f.visitCall(n)
	case *ast.CompositeLit:
		f.visitLiteral(n)
	case *ast.AssignStmt:
		f.visitAssignment(n)
	case *ast.ValueSpec:
		f.visitTable(n)
	}
	return true
}

func (f *finder) visitCall(c *ast.CallExpr) {
	name := calledName(c)
	if f.done[c] {
		return
	}
	switch {
	case strings.EqualFold(name, "warn") && len(c.Args) == 1:
		f.mark(c.Args[0], "", warning)
		return
	case name == "WithHint" && len(c.Args) == 2:
		for _, hint := range f.texts(c.Args[1]) {
			f.mark(c.Args[0], hint, "")
		}
		return
	}
	made, ok := f.constructorOf(c, name)
	if !ok || made.text < 0 || made.text >= len(c.Args) || made.hint >= len(c.Args) {
		return
	}
	texts, hints := f.texts(c.Args[made.text]), []string{made.advice}
	if made.formatted {
		texts = f.format(c.Args[made.text], c.Args[made.text+1:])
	}
	if made.hint >= 0 {
		hints = f.texts(c.Args[made.hint])
	}
	f.add(made.around(texts), hints, cmp.Or(made.status, levelOf(name, c.Args[0])))
}

// mark adds the message of an error that a call makes, with a hint or a status.
func (f *finder) mark(e ast.Expr, hint, status string) {
	c, ok := e.(*ast.CallExpr)
	if !ok {
		f.add([]string{elsewhere}, []string{hint}, status)
		return
	}
	made, ok := f.constructorOf(c, calledName(c))
	if !ok || made.text < 0 {
		f.add([]string{elsewhere}, []string{hint}, status)
		return
	}
	if f.done == nil {
		f.done = map[ast.Node]bool{}
	}
	f.done[c] = true
	texts := f.texts(c.Args[made.text])
	if made.formatted {
		texts = f.format(c.Args[made.text], c.Args[made.text+1:])
	}
	f.add(texts, []string{hint}, cmp.Or(status, made.status))
}

// around returns texts between the constructor's prefix and suffix.
func (c constructor) around(texts []string) []string {
	return join(join([]string{c.prefix}, texts), []string{c.suffix})
}

func (f *finder) constructorOf(c *ast.CallExpr, name string) (constructor, bool) {
	if _, method := c.Fun.(*ast.SelectorExpr); method {
		if made, ok := calls[f.pkg.name+"."+name+"()"]; ok {
			return made, true
		}
		if made, ok := calls["."+name+"()"]; ok {
			return made, true
		}
	} else if made, ok := calls[f.pkg.name+"."+name]; ok {
		return made, true
	}
	if s, ok := c.Fun.(*ast.SelectorExpr); ok && name == "New" && !isIdent(s.X, "errors") {
		return constructor{}, false
	}
	made, ok := calls["."+name]
	return made, ok
}

// levelOf returns the status of a message with a level as its first argument.
func levelOf(called string, level ast.Expr) string {
	if called != "Message" && called != "Report" {
		return ""
	}
	switch name := lastName(level); {
	case name == "LevelWarning":
		return warning
	case name == "LevelInfo":
		return info
	case name == "LevelError":
		return "1" // a key or parameter that a command did not find
	}
	if text, ok := level.(*ast.BasicLit); ok && text.Value == `"warning"` {
		return warning
	}
	return "the handler's"
}

func (f *finder) visitLiteral(c *ast.CompositeLit) {
	name := ""
	if c.Type != nil {
		name = lastName(c.Type)
	}
	made, ok := literals[f.pkg.name+"."+name]
	if !ok {
		made, ok = literals[name]
	}
	if !ok {
		return
	}
	var text, hint ast.Expr
	status := made.status
	for i, element := range c.Elts {
		key, value := "", element
		if kv, ok := element.(*ast.KeyValueExpr); ok {
			key, value = lastName(kv.Key), kv.Value
		}
		switch {
		case key == "" && i == made.text, key != "" && key == made.textField:
			text = value
		case key == "" && i == made.hint, key != "" && key == made.hintField:
			hint = value
		case lastName(value) == "ErrUnavailable", key == "later" && isIdent(value, "true"), key == "Status" && isIdent(value, "unavailable"):
			status = "124"
		}
	}
	f.add(f.optional(text), f.optional(hint), status)
}

// visitTable adds the messages in the elements of a variable.
func (f *finder) visitTable(v *ast.ValueSpec) {
	made, ok := tables[f.pkg.name+"."+v.Names[0].Name]
	if !ok {
		return
	}
	for _, e := range v.Values[0].(*ast.CompositeLit).Elts {
		var text, hint ast.Expr
		for i, element := range e.(*ast.CompositeLit).Elts {
			switch i {
			case made.text:
				text = element
			case made.hint:
				hint = element
			}
		}
		texts := f.optional(text)
		if made.formatted {
			texts = f.format(text, nil)
		}
		f.add(made.around(texts), f.optional(hint), made.status)
	}
}

// optional returns the templates of an expression, "" if it is missing.
func (f *finder) optional(e ast.Expr) []string {
	if e == nil {
		return []string{""}
	}
	return f.texts(e)
}

// visitAssignment adds the messages and hints that are assigned to fields.
func (f *finder) visitAssignment(a *ast.AssignStmt) {
	texts, hints := []string{""}, []string{""}
	for i, left := range a.Lhs {
		field, ok := left.(*ast.SelectorExpr)
		if !ok || len(a.Lhs) != len(a.Rhs) {
			continue
		}
		switch isText, known := fields[field.Sel.Name]; {
		case known && isText:
			texts = f.texts(a.Rhs[i])
			if a.Tok == token.ADD_ASSIGN {
				texts = join([]string{elsewhere}, texts)
			}
		case known:
			hints = f.texts(a.Rhs[i])
		}
	}
	f.add(texts, hints, "")
}

func (f *finder) add(texts, hints []string, status string) {
	for _, text := range texts {
		for _, hint := range hints {
			if text == "" && hint == "" {
				continue
			}
			m := message{cmp.Or(text, elsewhere), hint, cmp.Or(status, "125")}
			for _, e := range exceptions {
				if strings.HasPrefix(plain(m.text), e.start) {
					m.status = e.status
				}
			}
			f.found = append(f.found, m)
		}
	}
}
