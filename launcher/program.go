package launcher

import (
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/sigstate"
)

// ExecProgram replaces this process by a program that is not the handler, with the
// signal state and no descriptor but the standard ones. It returns only with an
// error.
func ExecProgram(path string, args []string, signals sigstate.State) error {
	if err := closeOnExec(3); err != nil {
		return err
	}
	if err := signals.Restore(); err != nil {
		return err
	}
	return unix.Exec(path, args, os.Environ())
}

// closeOnExec marks every descriptor from first on, whoever opened it: one by one
// if the kernel cannot mark them all, as before Linux 5.11.
func closeOnExec(first int) error {
	if closeRangeOnExec(first) == nil {
		return nil
	}
	open, err := os.ReadDir(descriptorFolder)
	if err != nil {
		return fmt.Errorf("list the open descriptors: %w", err)
	}
	for _, entry := range open {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd >= first {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}
