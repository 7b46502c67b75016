// Package python owns the Python side of a handler, for Python 3.8 and later
// with only its standard library: launcher_context.py, which a script
// imports to read the context; mlrun_stand_in.py, which has MLRun's names for
// handlers that import mlrun; runner.py, which calls the function of --handler;
// and check.py, which lists MLRun's names in a handler's source. It refuses to know how a program is started: data flows from the
// context's JSON to the handler, inside Python.
package python

import _ "embed"

// The texts are ASCII, whatever the locale, and each fits one argument
// of a program, which Linux limits to 128 KiB (execve(2), MAX_ARG_STRLEN).
var (
	//go:embed launcher_context.py
	module string
	//go:embed mlrun_stand_in.py
	standIn string
	//go:embed runner.py
	runner string
	//go:embed check.py
	checker string
)

// ModulePath is a file's name for Runner if the function starts with the path
// of its module.
const ModulePath = "-m"

// Runner is the arguments after the interpreter's name that call the function
// of the file, or that of the source in MLRUN_EXEC_CODE where file is "". If quiet,
// no line names the outputs.
func Runner(file, function string, quiet bool) []string {
	line := []string{"-c", runner, module, standIn, file, function}
	if quiet {
		line = append(line, "--quiet")
	}
	return line
}

// Checker returns the arguments after the interpreter's name that print which of
// MLRun's names the function of the file uses.
func Checker(file, function string) []string {
	return []string{"-c", checker, module, standIn, file, function}
}
