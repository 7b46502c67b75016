//go:build amd64 || arm64

package inherit

// endAddress is that of a signal handler which ends the program with 128+n.
func endAddress() uintptr
