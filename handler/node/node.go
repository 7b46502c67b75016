// Package node owns the JavaScript side of a handler, for Node.js 18 and later
// with nothing but its own modules: launcher-context.cjs, which a program
// imports to read the context, and runner.cjs, which calls the function of
// --handler. It refuses to know how a program is started: data flows from the
// context's JSON to the handler, inside Node.js.
package node

import _ "embed"

// Each text fits one argument of a program, which Linux limits to 128 KiB
// (execve(2), MAX_ARG_STRLEN).
var (
	//go:embed launcher-context.cjs
	module string
	//go:embed runner.cjs
	runner string
)

// Runner is the arguments after the interpreter's name that call the function
// of the file.
func Runner(file, function string, _ bool) []string {
	return []string{"-e", runner, "--", module, file, function}
}
