// Package pid1 stays as the parent of a handler and does what PID 1 owes a
// container: it forwards signals, reaps, ends what is left, and has the
// handler's status.
//
// It owns the parent's process, from the moment that it starts its child. It
// refuses to know a task or a secret: the child is this program again, which
// resolves and becomes the handler, and the parent then replaces its own memory,
// arguments and environment by execve. Data flows Orders -> arguments ->
// resident. It knows inherit alone.
package pid1

import (
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/seed45446ece/launcher/launcher/inherit"
)

// Command is the first argument of the resident parent.
const Command = "init"

// Orders is what the resident parent knows.
type Orders struct {
	Handler  int           // the child's process
	Grace    time.Duration // after TERM, how long before KILL
	Terminal bool          // there is one, at terminalFD
	Report   string        // how to speak: its owner's to read
}

// args is the command line of the resident, for readers of ps(1) too.
func (o Orders) args() []string {
	return []string{"launcher", Command, "--grace=" + o.Grace.String(), "--terminal=" + strconv.FormatBool(o.Terminal),
		"--report=" + o.Report, strconv.Itoa(o.Handler)}
}

// ParseOrders reads what follows Command. It fails where that is not what Stay
// gave, which is for no one to type, and where the handler is no child.
func ParseOrders(args []string) (o Orders, err error) {
	set := flag.NewFlagSet(Command, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.DurationVar(&o.Grace, "grace", 0, "")
	set.BoolVar(&o.Terminal, "terminal", false, "")
	set.StringVar(&o.Report, "report", "", "")
	if err = set.Parse(args); err == nil {
		o.Handler, err = strconv.Atoi(strings.Join(set.Args(), " "))
	}
	if err == nil && o.Handler > 1 {
		_, err = look(unix.P_PID, o.Handler)
	}
	if err != nil || o.Handler <= 1 {
		return o, fmt.Errorf("%q is how the launcher names its own process while a handler runs, and no command", Command)
	}
	return o, nil
}

// Stay starts this program again as a child that becomes the handler, and makes
// this process its resident parent, so it returns only with an error: then there
// is no child. A signal ends this process until its child begins to; those that
// come from then on are pending, and stay so across execve(2), as do children
// that have ended.
func (o Orders) Stay() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	program, err := self()
	if err != nil {
		return err
	}
	start := inherit.Now()
	if err := start.Block(); err != nil {
		return err
	}
	requeue()
	if os.Getpid() != 1 {
		if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
			return err
		}
	}
	tty := openTerminal()
	o.Terminal = tty.fd >= 0
	o.Handler, err = syscall.ForkExec(program, os.Args, &syscall.ProcAttr{
		Env: start.Tell(os.Environ()), Files: []uintptr{0, 1, 2},
		Sys: &syscall.SysProcAttr{Setpgid: true, Foreground: o.Terminal && tty.foreground() == tty.group, Ctty: tty.fd},
	})
	if err != nil {
		return fmt.Errorf("start the handler's process: %w", err)
	}
	if err = o.descriptors(tty); err == nil {
		keepBlocked()
		blockOthers()
		err = unix.Exec(program, o.args(), environment())
	}
	_ = unix.Kill(o.Handler, unix.SIGKILL)
	_, _ = unix.Wait4(o.Handler, nil, 0, nil)
	return fmt.Errorf("become the handler's parent: %w", err)
}

// environment is the resident's, for the Go runtime alone.
func environment() []string {
	return []string{"GOMAXPROCS=1", "GODEBUG=containermaxprocs=0,updatemaxprocs=0"}
}

// descriptors leaves the resident standard error and the terminal: a pipe that
// it held open would not end when the handler closes it.
func (o Orders) descriptors(tty terminal) error {
	first := terminalFD
	if o.Terminal {
		if err := tty.keep(); err != nil {
			return err
		}
		first++
	}
	for _, fd := range []int{0, 1} {
		nothing, err := unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0)
		if err != nil { // an image without /dev; the Go runtime must find something
			nothing, err = unix.Open("/", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		}
		if err == nil {
			err = unix.Dup3(nothing, fd, 0)
		}
		if err != nil {
			return err
		}
	}
	return inherit.CloseOnExec(first)
}

// execFilename is AT_EXECFN of getauxval(3).
const execFilename = 31

// self is a path to this program.
func self() (string, error) {
	const link = "/proc/self/exe" // right even where the file is gone or has been replaced
	if unix.Access(link, unix.X_OK) == nil {
		return link, nil
	}
	vector, err := unix.Auxv()
	if err != nil {
		return "", err
	}
	for _, entry := range vector {
		if entry[0] == execFilename {
			return unix.BytePtrToString(*(**byte)(unsafe.Pointer(&entry[1]))), nil // on the initial stack
		}
	}
	return "", fmt.Errorf("find this program: %w", unix.ENOENT)
}
