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

// constructor says where a call or a composite literal has a message and its hint:
// at which position, or in which field. -1 and "" are for none.
type constructor struct {
	text, hint           int
	textField, hintField string
	formatted            bool   // the text is a format, and the arguments follow
	status               string // "" is 125
	advice               string // the hint of all
}

// calls are the functions that make a message, by "package.name"; ".name" is in any
// package. A method is followed by "()".
var calls = map[string]constructor{
	".Usage":                 {text: 0, hint: 1},
	".Errorf":                {text: 0, hint: -1, formatted: true},
	".New":                   {text: 0, hint: -1},
	".Absent":                {text: 0, hint: -1},
	".Unavailable":           {text: 0, hint: -1, status: "124"},
	".Detail()":              {text: 0, hint: -1, formatted: true, status: "--verbose"},
	".Add()":                 {text: 2, hint: 1, formatted: true},
	".Report()":              {text: 1, hint: -1},
	".Message()":             {text: 1, hint: 2},
	"main.flagError":         {text: 0, hint: -1, formatted: true, advice: "launcher run --help lists the flags"},
	"main.missingHere":       {text: -1, hint: -1},
	"main.refuse()":          {text: 1, hint: 0, formatted: true},
	"manifest.refuse()":      {text: 1, hint: 0, formatted: true},
	"manifest.warn()":        {text: 1, hint: 0, formatted: true, status: warning},
	"yamledit.refuse()":      {text: 1, hint: -1, formatted: true, advice: "write it out in full in the part that is edited"},
	"yamledit.child()":       {text: -1, hint: -1},
	"document.problem":       {text: 1, hint: -1},
	"document.problem()":     {text: 1, hint: 2},
	"document.limit()":       {text: 0, hint: -1},
	"file.refuse":            {text: 1, hint: 2},
	"file.refuse()":          {text: 1, hint: 0, formatted: true},
	"keyvault.refusal":       {text: 0, hint: 1},
	"keyvault.unavailable":   {text: 0, hint: 1, status: "124"},
	"job.stuck()":            {text: 0, hint: -1},
	"cluster.Explain()":      {text: -1, hint: -1},
	"document.Unavailable()": {text: 0, hint: -1, status: "124"},
}

// literals are the types whose literals are messages.
var literals = map[string]constructor{
	"Problem":           {text: 1, hint: 2, textField: "Message", hintField: "Advice"},
	"problem":           {text: -1, hint: -1, textField: "text", hintField: "hint"},
	"keyname.Error":     {text: 0, hint: 1},
	"manifest.Error":    {text: 0, hint: 1},
	"Error":             {text: -1, hint: -1, textField: "What", hintField: "Advice"},
	"RefusedError":      {text: 1, hint: 2},
	"CannotRunError":    {text: 0, hint: 1, status: "126"},
	"NotFoundError":     {text: 0, hint: 1, status: "127"},
	"Outcome":           {text: -1, hint: -1, textField: "Why", hintField: "Advice"},
	"file.refusal":      {text: -1, hint: -1, textField: "reason", hintField: "advice"},
	"keyvault.refusals": {text: 1, hint: 2},
	"job.causes":        {text: -1, hint: 2},
}

// fields are the fields to which a message or its hint is assigned.
var fields = map[string]bool{"Message": true, "What": true, "Why": true, "Advice": false, "advice": false, "hint": false}

// messages returns the messages of a package.
func (s *sources) messages(p *pkg) []message {
	var found []message
	for _, file := range p.files {
		for _, d := range file.Decls {
			in := finder{scope: scope{sources: s, pkg: p}}
			if f, ok := d.(*ast.FuncDecl); ok {
				in.assigned = assignments(f)
			}
			ast.Inspect(d, in.visit)
			found = append(found, in.found...)
		}
	}
	found = slices.DeleteFunc(found, func(m message) bool { return !speaks(m.text) && !speaks(m.hint) })
	slices.SortFunc(found, func(a, b message) int {
		return cmp.Or(strings.Compare(plain(a.text), plain(b.text)), strings.Compare(a.hint, b.hint), strings.Compare(a.status, b.status))
	})
	return slices.Compact(found)
}

// speaks reports whether a template has words of its own.
func speaks(text string) bool {
	fixed := placeholders.ReplaceAllString(text, "")
	return strings.Contains(strings.Trim(fixed, ` :,."()`), " ")
}

// finder collects the messages of one declaration.
type finder struct {
	scope
	found []message
	level string // of the call around: a warning
	done  map[ast.Node]bool
}

func (f *finder) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CallExpr:
		f.visitCall(n)
	case *ast.CompositeLit:
		f.visitLiteral(n)
	case *ast.AssignStmt:
		f.visitAssignment(n)
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
	f.add(texts, hints, cmp.Or(made.status, levelOf(name, c.Args[0])))
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
			f.found = append(f.found, message{cmp.Or(text, elsewhere), hint, cmp.Or(status, "125")})
		}
	}
}
