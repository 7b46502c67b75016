//go:build launcher_cover

// Package cover writes the coverage of a program that "make cover" built, to a
// directory that is linked in: tests start programs with an exact environment.
package cover

import (
	"os"
	"runtime/coverage"
)

// directory is set by the linker.
var directory string

// init runs before the runtime looks for the variable, in main's init.
func init() { _ = os.Setenv("GOCOVERDIR", directory) }

// Hide removes the variable that init set, which no handler should see.
func Hide() { _ = os.Unsetenv("GOCOVERDIR") }

// Write writes the counters of a program that is about to become another one.
func Write() { _ = coverage.WriteCountersDir(directory) }
