package task

// The names of the deliveries: the ways by which the context reaches the handler.
const (
	DeliverStdin  = "stdin"
	DeliverFD     = "fd"
	DeliverEnv    = "env"
	DeliverFiles  = "files"
	DeliverSocket = "socket"
)

// Deliveries lists the deliveries in the order of messages.
var Deliveries = []string{DeliverStdin, DeliverFD, DeliverEnv, DeliverFiles, DeliverSocket}
