// Command probe is a handler that says what it was started with, as JSON.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"github.com/seed45446ece/launcher/handler"
)

func main() {
	switch command := os.Args[1]; command {
	case "secret": // the raw bytes of one secret
		context, err := handler.Read()
		check(err)
		value, err := context.Secret(os.Args[2])
		if errors.Is(err, handler.ErrNoSecret) {
			os.Exit(1)
		}
		check(err)
		fmt.Print(value)
	case "secrets": // several secrets in base64, a line each
		context, err := handler.Read()
		check(err)
		for _, key := range os.Args[2:] {
			value, err := context.Secret(key)
			check(err)
			fmt.Println(base64.StdEncoding.EncodeToString([]byte(value)))
		}
	case "context": // parameters and keys
		context, err := handler.Read()
		check(err)
		check(json.NewEncoder(os.Stdout).Encode(map[string]any{
			"parameters": context.Parameters, "metadata": context.Metadata, "keys": len(context.Keys()),
		}))
	case "process":
		check(json.NewEncoder(os.Stdout).Encode(map[string]any{
			"descriptors": descriptors(), "environ": os.Environ(), "args": os.Args,
			"core": core(),
		}))
	case "parent": // the signal that comes when the parent ends
		fmt.Print(parent())
	case "wait": // says that it runs, then waits to be told to end
		fmt.Println("started", os.Getpid())
		_, _ = bufio.NewReader(os.NewFile(uintptr(number(os.Args[2])), "control")).ReadString('\n')
	case "count": // each interrupt and each line of standard input
		count()
	case "swap":
		swap(os.Args[2], os.Args[3:]...)
	case "swap-installed":
		swapInstalled(os.Args[2]+"/tools", os.Args[3:]...)
	case "privileges":
		privileges()
	case "type": // into the terminal that a descriptor is open on
		fmt.Println("typed:", typeInto(number(os.Args[2])))
	case "watch": // what a launcher of the same user shows
		watch(os.Args[2])
	case "exit":
		os.Exit(number(os.Args[2]))
	case "kill":
		check(syscall.Kill(os.Getpid(), syscall.Signal(number(os.Args[2]))))
		for { // until it comes
			runtime.Gosched()
		}
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(99)
	}
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	check(err)
	return n
}

// descriptors maps each open descriptor that the process was started with to
// what it is; those of the Go runtime are left out.
func descriptors() map[string]string {
	open := map[string]string{}
	links, err := filepath.Glob("/proc/self/fd/*")
	check(err)
	for _, link := range links {
		target, err := os.Readlink(link)
		if err == nil && !strings.Contains(target, "anon_inode") && !strings.Contains(target, "/proc/") && !strings.Contains(target, "cgroup") {
			open[filepath.Base(link)] = target
		}
	}
	return open
}

// core is the soft and the hard limit of a core dump.
func core() [2]uint64 {
	var limit syscall.Rlimit
	check(syscall.Getrlimit(syscall.RLIMIT_CORE, &limit))
	return [2]uint64{limit.Cur, limit.Max}
}

// parent is the signal that comes when the parent ends.
func parent() string {
	var signal int32
	_, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_GET_PDEATHSIG, uintptr(unsafe.Pointer(&signal)), 0)
	return fmt.Sprint(signal, errno)
}
