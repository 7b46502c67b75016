package messages

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
)

// errorNames are the names of what holds another message.
var errorNames = []string{"err", "Err", "wrong", "Error", "reason", "Message"}

// renamed are names that say little to a reader of the page.
var renamed = map[string]string{
	"UsageText": "USAGE", "HelpName": "COMMAND", "dashed": "--FLAG", "shown": "KEY", "refers": "KEY", "First": "NAME", "spoken": "ACCESS",
	"SIGNAL_NAME": "SIGNAL", "SignalName": "SIGNAL", "signalName": "SIGNAL", "ENOENT": "...",
}

// words splits an identifier in camel case.
var words = regexp.MustCompile(`[A-Z]?[a-z0-9]+|[A-Z]+`)

// placeholder returns the template of an expression whose text is not in the
// source: its last name in capitals.
func placeholder(e ast.Expr) string {
	name := lastName(e)
	switch {
	case slices.Contains(errorNames, name):
		name = "..."
	case renamed[name] != "":
		name = renamed[name]
	case name == "N":
	case len(name) < 3 && name != "at" && name != "At":
		name = "NAME"
	case strings.EqualFold(name, "at"):
		name = "PLACE"
	default:
		name = strings.ToUpper(strings.Join(words.FindAllString(name, -1), "_"))
	}
	return open + name + shut
}

func lastName(e ast.Expr) string {
	switch x := e.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return x.Sel.Name
	case *ast.CallExpr:
		if name := calledName(x); len(x.Args) > 0 && slices.Contains([]string{"len", "string", "Join", "cmp", "Clone", "TrimSpace", "Base", "Unquote"}, name) {
			if name == "len" {
				return "N"
			}
			return lastName(x.Args[0])
		}
		if f, ok := x.Fun.(*ast.SelectorExpr); ok && slices.Contains([]string{"String", "Error", "Format", "UTC"}, f.Sel.Name) {
			return lastName(f.X)
		}
		return calledName(x)
	case *ast.IndexExpr:
		return lastName(x.X)
	case *ast.StarExpr:
		return lastName(x.X)
	case *ast.BinaryExpr:
		return "N"
	}
	return ""
}

func isNumber(e ast.Expr) bool {
	literal, ok := e.(*ast.BasicLit)
	return ok && literal.Kind == token.INT
}

func calledName(c *ast.CallExpr) string {
	switch f := c.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

func isIdent(e ast.Expr, name string) bool {
	ident, ok := e.(*ast.Ident)
	return ok && ident.Name == name
}
