// Package python holds the Python side.
package python

import _ "embed"

// Source is the text of launcher_context.py.
//
//go:embed launcher_context.py
var Source string
