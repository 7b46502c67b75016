//go:build !amd64 && !arm64

package pid1

// addresses is none: on these a signal that the Go runtime unblocks, such as 34,
// is not forwarded when it comes while another one is.
func addresses() (handler, restorer uintptr) { return 0, 0 }
