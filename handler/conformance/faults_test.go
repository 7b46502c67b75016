package conformance_test

// fault is a context that cannot be read, or a secret that cannot be had.
type fault struct {
	name string
}

var faults = []fault{}
