//go:build !amd64 && !arm64

package sigstate

// RequeueAll does nothing on these architectures: a signal that the Go runtime
// unblocks, such as 34, is not forwarded if it comes while another one is.
func RequeueAll() {}

func requeue(uint64) {}
