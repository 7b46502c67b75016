//go:build linux && (amd64 || arm64) && !portable

package supervise

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// This file reads without os.File, with which the Go runtime opens descriptors and
// a thread to wait on.

// Descriptor is the number of a descriptor to read.
type Descriptor int

// Read implements io.Reader.
func (d Descriptor) Read(b []byte) (int, error) {
	for {
		n, err := unix.Read(int(d), b)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

// ownProc reports whether /proc is that of this process's namespace: another one
// has other process IDs.
func ownProc() bool {
	name, err := os.Readlink("/proc/self")
	return err == nil && name == strconv.Itoa(os.Getpid())
}

// children returns the process IDs of this process's children, proc_pid_task(5),
// and none if /proc does not list them.
func children() (pids []int) {
	if !ownProc() {
		return nil
	}
	for _, thread := range numbers("/proc/self/task") {
		text := readAll(fmt.Sprintf("/proc/self/task/%d/children", thread), unix.Read)
		for field := range strings.FieldsSeq(string(text)) {
			if pid, err := strconv.Atoi(field); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// numbers returns the names in a directory that are numbers: of processes,
// threads or descriptors. It returns nil if the directory cannot be read.
func numbers(directory string) (found []int) {
	_, _, names := unix.ParseDirent(readAll(directory, unix.ReadDirent), -1, nil)
	for _, name := range names {
		if number, err := strconv.Atoi(name); err == nil {
			found = append(found, number)
		}
	}
	return found
}

// readAll returns what read reads from the path, up to an error.
func readAll(path string, read func(int, []byte) (int, error)) (text []byte) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer func() { _ = unix.Close(fd) }()
	chunk := make([]byte, 16<<10)
	for {
		n, err := read(fd, chunk)
		if err != nil || n <= 0 {
			return text
		}
		text = append(text, chunk[:n]...)
	}
}
