package cli

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
)

// Version returns the line that a program prints about its build. An empty
// version is the module's, as go install MODULE@VERSION records it.
func Version(program, version, commit string) string {
	if info, ok := debug.ReadBuildInfo(); ok && version == "" {
		version = info.Main.Version
	}
	return fmt.Sprintf("%s %s (commit %s, %s %s/%s)",
		program, version, cmp.Or(commit, "unknown"), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
