//go:build linux && (amd64 || arm64) && !portable

package supervise

import (
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// takeStrings returns this process's arguments and environment, each string with
// its NUL, and erases them: where proc_pid_cmdline(5) and proc_pid_environ(5) show
// them, and in the copy of the environment that the Go runtime made. No string of
// either can be used afterwards.
func takeStrings() []byte {
	shown := initialStrings()
	strings := slices.Clone(shown)
	if shown == nil {
		for _, s := range append(slices.Clone(os.Args), os.Environ()...) {
			strings = append(append(strings, s...), 0)
		}
	}
	for _, entry := range os.Environ() {
		clear(unsafe.Slice(unsafe.StringData(entry), len(entry)))
	}
	clear(shown)
	copy(shown, "launcher") // for ps(1)
	os.Clearenv()
	return strings
}

// initialStrings returns the memory of the initial stack where the kernel puts
// the arguments and the environment, up to the program's path (AT_EXECFN). It
// returns nil if it cannot tell.
func initialStrings() []byte {
	vector, err := unix.Auxv()
	named := slices.IndexFunc(os.Args, func(arg string) bool { return arg != "" })
	if err != nil || named < 0 {
		return nil
	}
	// An empty argument before it is one NUL.
	first := (*byte)(unsafe.Add(unsafe.Pointer(unsafe.StringData(os.Args[named])), -named))
	start := uintptr(unsafe.Pointer(first))
	for _, entry := range vector {
		const most = 8 << 20 // execve(2) takes 6 MiB
		if entry[0] == execFilename && entry[1] > start && entry[1]-start < most {
			return unsafe.Slice(first, entry[1]-start)
		}
	}
	return nil
}

// freeMemory gives back the memory that was needed to start, and ends the
// collection of garbage, of which the loop makes next to none.
func freeMemory() {
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(8 << 20)
	debug.FreeOSMemory()
	dropPages()
}

// dropPages releases the program's read-only pages; those that are needed again
// come from the system's cache.
func dropPages() {
	maps := readAll("/proc/self/maps", unix.Read)
	for line := range strings.Lines(string(maps)) {
		var from, to uintptr
		var mode, offset, device string
		var file int
		n, _ := fmt.Sscanf(line, "%x-%x %s %s %s %d", &from, &to, &mode, &offset, &device, &file)
		if n == 6 && file != 0 && mode[1] == '-' {
			_, _, _ = unix.RawSyscall(unix.SYS_MADVISE, from, to-from, unix.MADV_DONTNEED)
		}
	}
}
