package exec

import (
	"context"
	"errors"
	"syscall"
)

// maxOutput is the largest value, in bytes.
const maxOutput = 1 << 20

// result is what a program wrote, and how it ended.
type result struct {
	status   syscall.WaitStatus
	output   []byte
	messages messages
	tooLong  bool
}

// messages is what a program wrote to standard error.
type messages struct {
	text  []byte
	lines int
}

// process is never made: launcherctl on Windows reads exec sources, but does not
// run their programs.
type process struct{}

func start(string, []string, []string) (*process, error) {
	return nil, errors.New("exec sources are not supported on Windows")
}

func (*process) run(context.Context) result { return result{} }

func (*process) end() {}

func signalName(syscall.Signal) string { return "" }
