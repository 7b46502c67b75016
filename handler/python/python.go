// Package python owns the Python side of a handler: launcher_context.py, one
// file for Python 3.8 and later with nothing but its standard library. A script
// imports it to read the context; given to "python3 -c" with FILE and FUNCTION
// it is the runner behind --handler. This package refuses to know how a program
// is started: data flows from the context's JSON to the handler, inside Python.
package python

import _ "embed"

// Source is the text of launcher_context.py. It is ASCII and fits one argument
// of a program, which Linux limits to 128 KiB (execve(2), MAX_ARG_STRLEN).
//
//go:embed launcher_context.py
var Source string
