//go:build linux && (amd64 || arm64) && !portable

package companion

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/supervise"
)

// Filter redacts a stream of output.
type Filter interface {
	Append(dst, chunk []byte) []byte // appends what is certain
	Flush(dst []byte) []byte         // appends the rest, at the end
}

// Pass copies what the handler writes to this process's standard output and
// error, each stream through a filter of its own, until every process that can
// write has closed it. Messages is -1 if there is one stream. Pass reports lost
// output at once; for that it keeps standard error until both have ended.
func Pass(output, messages int, filter func() Filter, report func(error)) {
	var streams sync.WaitGroup
	stream := func(from, to int, name string) {
		if err := pass(from, to, filter()); err != nil && !errors.Is(err, unix.EPIPE) {
			report(fmt.Errorf("the handler's standard %s was lost: %w", name, err))
		}
	}
	ended := make(chan struct{})
	streams.Go(func() {
		defer close(ended)
		defer func() { _ = supervise.Release(1) }()
		stream(output, 1, "output")
	})
	if messages >= 0 {
		streams.Go(func() {
			stream(messages, 2, "error")
			<-ended
			_ = supervise.Release(2)
		})
	}
	streams.Wait()
}

// chunk is how much is read at once: as much as a pipe holds, pipe(7).
const chunk = 64 << 10

// pass copies a stream until its writers or its reader close it. It then closes
// it, so that the handler gets SIGPIPE as if no process were between.
func pass(from, to int, filter Filter) error {
	defer func() { _ = unix.Close(from) }()
	defer follow(from, to)()
	in, out := make([]byte, chunk), make([]byte, 0, chunk)
	for {
		n, err := supervise.Descriptor(from).Read(in)
		if err != nil { // EIO is the end of a terminal
			return supervise.WriteAll(to, filter.Flush(out[:0]))
		}
		out = filter.Append(out[:0], in[:n])
		if err := supervise.WriteAll(to, out); err != nil {
			return err
		}
	}
}

// follow keeps a pseudo-terminal at the size of the real one until end is called.
// The kernel reports a new size to the foreground processes, and this one is not
// among them: it looks every 0.2 s, and signals them.
func follow(from, to int) (end func()) {
	if _, err := unix.IoctlGetWinsize(to, unix.TIOCGWINSZ); err != nil {
		return func() {}
	}
	done := make(chan struct{})
	go func() {
		for tick := time.NewTicker(200 * time.Millisecond); ; {
			select {
			case <-done:
				tick.Stop()
				return
			case <-tick.C:
				resize(from, to)
			}
		}
	}()
	return func() { close(done) }
}

func resize(from, to int) {
	real, err := unix.IoctlGetWinsize(to, unix.TIOCGWINSZ)
	if err != nil {
		return
	}
	now, err := unix.IoctlGetWinsize(from, unix.TIOCGWINSZ)
	if err != nil || *now == *real || unix.IoctlSetWinsize(from, unix.TIOCSWINSZ, real) != nil {
		return
	}
	if group := foreground(os.Getppid()); group > 1 {
		_ = unix.Kill(-group, unix.SIGWINCH) // a process that looked when the real one changed saw the old size
	}
}

// foreground returns the process group that has a process's controlling terminal,
// tpgid of proc_pid_stat(5), and 0 if /proc does not say.
func foreground(pid int) int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 6 {
		return 0
	}
	group, _ := strconv.Atoi(fields[5])
	return group
}
