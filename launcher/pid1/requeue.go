//go:build amd64 || arm64

package pid1

// addresses is where the handler is that gives a signal back to the process, and
// what it returns to.
func addresses() (handler, restorer uintptr)
