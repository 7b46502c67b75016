package attendant

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

	"github.com/seed45446ece/launcher/launcher/pid1"
)

// Filter is what a stream of output goes through.
type Filter interface {
	Append(dst, chunk []byte) []byte // what is certain
	Flush(dst []byte) []byte         // the rest, at the end
}

// Pass passes on what the handler writes, each stream through a filter of its
// own, until all who can write have closed it. What is lost is said at once:
// standard error is kept for that until the other stream has ended too.
func Pass(filter func() Filter, say func(error)) {
	var streams sync.WaitGroup
	stream := func(from, to int, name string) {
		if err := pass(from, to, filter()); err != nil && !errors.Is(err, unix.EPIPE) {
			say(fmt.Errorf("what the handler writes on standard %s is lost: %w", name, err))
		}
	}
	output := make(chan struct{})
	streams.Go(func() {
		defer close(output)
		defer func() { _ = pid1.Release(1) }()
		stream(pid1.OutputFD, 1, "output")
	})
	if !nothing(pid1.MessagesFD) {
		streams.Go(func() {
			stream(pid1.MessagesFD, 2, "error")
			<-output
			_ = pid1.Release(2)
		})
	}
	streams.Wait()
}

// nothing reports whether a descriptor is what pid1.Release leaves; /dev/null is device 1:3.
func nothing(fd int) bool {
	var file unix.Stat_t
	if unix.Fstat(fd, &file) != nil {
		return false
	}
	kind := file.Mode & unix.S_IFMT
	return kind == unix.S_IFDIR || kind == unix.S_IFCHR && file.Rdev == unix.Mkdev(1, 3)
}

// chunk is what is read at once: as much as a pipe holds, pipe(7).
const chunk = 64 << 10

// pass ends the stream at its reader's end too, with an error: the handler is
// then told by SIGPIPE, as if nobody were between. And it ends it at its writer's.
func pass(from, to int, filter Filter) error {
	defer func() { _ = unix.Close(from) }()
	defer follow(from, to)()
	in, out := make([]byte, chunk), make([]byte, 0, chunk)
	for {
		n, err := unix.Read(from, in)
		switch {
		case err == unix.EINTR:
		case err != nil || n == 0: // EIO is the end of a terminal
			return write(to, filter.Flush(out[:0]))
		default:
			out = filter.Append(out[:0], in[:n])
			if err := write(to, out); err != nil {
				return err
			}
		}
	}
}

// follow keeps a pseudo-terminal at the size of the real one until it is ended.
// Who resizes a terminal tells the processes in its foreground, and this one is
// not among them: it looks, and then tells them.
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
		_ = unix.Kill(-group, unix.SIGWINCH) // those who looked when the real one changed saw the old size
	}
}

// foreground is the process group that has a process's controlling terminal,
// tpgid of proc_pid_stat(5); 0 where /proc does not say.
func foreground(pid int) int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 6 {
		return 0
	}
	group, _ := strconv.Atoi(fields[5])
	return group
}
