//go:build !amd64 && !arm64

package inherit

// endAddress is none: on these the entry point is the Go runtime's.
func endAddress() uintptr { return 0 }
